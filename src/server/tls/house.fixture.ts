/** A small server over TLS for tests: answers, streams, uploads, and tells what became of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import type { Clock } from '../../core/clock.ts';
import { loadConfig } from '../../core/config.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { createLog } from '../../core/log.ts';
import { type ServerConfig, serverSettings } from '../config.ts';
import { Server } from '../server.ts';
import type { TlsConfig } from './config.ts';

export type House = {
  server: Server;
  url: string;
  port: number;
  folder: string;
  /** What uploads came to: `NUMBER octets` or the error. */
  uploads: string[];
  logged: string[];
  stop(): Promise<void>;
};

export type HouseOptions = Partial<Omit<ServerConfig, 'tls'>> & { tls?: Partial<TlsConfig>; clock?: Clock };

export async function openHouse({ tls = {}, clock, ...config }: HouseOptions = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-tls-'));
  const defaults = loadConfig(Type.Object({ server: serverSettings }), {}).server as ServerConfig;
  const [uploads, logged]: [string[], string[]] = [[], []];
  const log = createLog({ level: 'info', isPretty: false, stream: { write: (line) => void logged.push(line) } });
  const settings = { ...defaults, listen: '127.0.0.1:0', ...config, tls: { ...defaults.tls, mode: 'self-signed', ...tls } } as ServerConfig;
  const room = () => ({ name: 'small', routes: routes(uploads) });
  try {
    const server = new Server(settings, { log, data: join(folder, 'data'), rooms: [room], ...(clock && { clock }) });
    const url = await server.start();
    const stop = async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { server, url, port: Number(new URL(url).port), folder, uploads, logged, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const routes =
  (uploads: string[]): RoomRoutes =>
  async (app) => {
    const config = { role: 'viewer' } as const;
    app.get('/slow', { config }, async (_request, reply) => {
      const rows = async function* () {
        for (let row = 0; row < 6; row += 1) {
          yield `row ${row}\n`;
          await sleep(50);
        }
      };
      return reply.type('text/plain').send(Readable.from(rows()));
    });
    app.get('/raw', { config }, async (_request, reply) => {
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, ['Content-Type', 'text/plain', 'Connection', 'close', 'Transfer-Encoding', 'chunked']);
      await new Promise<void>((resolve) => raw.write('a'.repeat(1 << 20), () => resolve()));
      raw.end('b');
    });
    app.get('/torn', { config }, async (_request, reply) => {
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { 'content-type': 'text/plain' });
      await new Promise<void>((resolve) => raw.write('half of it', () => resolve()));
      raw.destroy();
    });
    app.get('/endless', { config }, async (_request, reply) => {
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, { 'content-type': 'text/plain' });
      while (!raw.destroyed) await new Promise<void>((resolve) => raw.write('row\n'.repeat(1000), () => setTimeout(resolve, 1)));
      uploads.push('endless ended');
    });
    app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    app.post('/upload', { config: { role: 'operator', isUpload: true }, bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
      let octets = 0;
      try {
        for await (const chunk of request.body as Readable) octets += (chunk as Buffer).length;
        uploads.push(`${octets} octets`);
      } catch (error) {
        uploads.push((error as Error).message);
        throw error;
      }
      return { octets };
    });
    app.post('/small', { config: { role: 'operator' } }, async (request) => ({ got: request.body }));
  };
