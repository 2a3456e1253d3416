/** The whole server in this process, on a free port and a data directory of its own, with cheap password hashes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as openRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/core/config.ts';
import { createLog } from '../../src/core/log.ts';
import { roomsOf, settings } from '../../src/server/rooms.ts';
import { Server } from '../../src/server/server.ts';

export const right = 'a long enough passphrase';

/** How long an answer is waited for, in milliseconds: a machine may have much else to do. */
const patience = 110_000;

/** An answer, its body read as JSON where it is JSON. */
export type Answer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  body: Record<string, unknown>;
};

export type Asked = {
  token?: string | undefined;
  headers?: Record<string, string | string[]>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as a form. */
  form?: string;
  /** Milliseconds after which a body without a length is not waited for any longer: some never end. */
  patienceMs?: number;
};

export type House = Awaited<ReturnType<typeof openHouse>>;

export async function openHouse(assignments: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-access-'));
  const cheap = ['access.passwords.memory=19MiB', 'access.passwords.passes=1'];
  const config = loadConfig(settings, { assignments: ['server.listen=127.0.0.1:0', ...cheap, ...assignments] });
  const log = createLog({ level: 'silent' });
  const server = new Server(config.server, { log, data: join(folder, 'data'), rooms: roomsOf(config) });
  const url = await server.start();

  /** Sends one request as it is written: nothing is added to its headers. */
  const ask = (method: string, path: string, { token, headers = {}, json, form, patienceMs = patience }: Asked = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const body = json === undefined ? form : JSON.stringify(json);
      const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
      const all = {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        ...headers,
      };
      const outgoing = openRequest(new URL(path, url), { method, headers: all, agent: false });
      outgoing.once('error', reject);
      // Status 0: no answer at all.
      const silence = setTimeout(() => {
        outgoing.off('error', reject).on('error', () => {});
        outgoing.destroy();
        resolve({ status: 0, headers: {}, text: 'no answer', body: {} });
      }, patience);
      outgoing.once('response', (incoming) => {
        clearTimeout(silence);
        let text = '';
        const end = () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, body: parse(text) });
        const timer = setTimeout(
          () => {
            outgoing.off('error', reject).on('error', () => {});
            incoming.destroy();
            end();
          },
          incoming.headers['content-length'] === undefined ? patienceMs : patience,
        );
        incoming.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        incoming.on('error', () => {});
        incoming.once('end', () => {
          clearTimeout(timer);
          end();
        });
      });
      outgoing.end(body);
    });

  const logIn = async (username: string, password = right): Promise<string> => {
    const { status, body, text } = await ask('POST', '/api/v3/token', { json: { username, password } });
    if (status !== 200) throw new Error(`${username} cannot log in: ${text}`);
    return String(body.access_token);
  };

  /** An administrator, then one user of each other role, and their tokens. */
  const addStaff = async () => {
    const add = async (name: string, role: string, token?: string) => {
      const { status, text } = await ask('POST', '/api/v1/users', { token, json: { name, role, password: right } });
      if (status !== 201) throw new Error(`${name} cannot be added: ${text}`);
    };
    await add('root', 'admin');
    const admin = await logIn('root');
    await add('opal', 'operator', admin);
    await add('vera', 'viewer', admin);
    return { admin, operator: await logIn('opal'), viewer: await logIn('vera') };
  };

  const close = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server, app: server.app, url, folder, ask, logIn, addStaff, close };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
