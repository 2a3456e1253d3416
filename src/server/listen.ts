import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../core/problem.ts';
import type { ServerConfig } from './config.ts';

/** Where to listen: TCP (port 0: any free one) or a Unix socket. */
export type ListenAddress = { kind: 'tcp'; host: string; port: number } | { kind: 'unix'; path: string };

/** Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` and `PORT` (both on 127.0.0.1), or `unix:PATH`. */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith('unix:') && text.length > 5) return { kind: 'unix', path: resolve(text.slice(5)) };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]:|([^:[\]/\s]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new Problem('invalid', `Weir cannot listen on ${JSON.stringify(text)}.`, {
      detail: 'expected HOST:PORT (IPv6 in brackets, port 0 for any free one) or unix:PATH',
      hint: '--listen 127.0.0.1:8080',
      pointer: 'server.listen',
    });
  }
  return { kind: 'tcp', host: match[1] || match[2] || '127.0.0.1', port };
}

/** True when only this machine can reach the address by TCP. A name other than localhost may resolve to anything. */
export function isLoopback(address: ListenAddress): boolean {
  if (address.kind === 'unix') return false;
  return address.host === 'localhost' || address.host === '::1' || /^127(\.\d{1,3}){3}$/.test(address.host);
}

/**
 * Refuses an address that other machines reach while nobody needs to log in; `server.insecureListen` allows it. Returns
 * the warning to log in that case.
 */
export function checkExposure(address: ListenAddress, { insecureListen, listen }: ServerConfig): string | undefined {
  if (address.kind === 'unix' || isLoopback(address)) return undefined;
  if (insecureListen) return `${listen} is open to everyone who can reach it: no user is defined, and server.insecureListen allows that`;
  throw new Problem('denied', `Weir does not listen on ${listen} while it has no users.`, {
    detail:
      'other machines could read and change everything without a login; without users only this machine may come in (127.0.0.1, [::1] or unix:PATH)',
    hint: '--listen 127.0.0.1:8080 and an SSH tunnel, or --set server.insecureListen=true on a network where everyone is trusted',
    pointer: 'server.listen',
  });
}

/** Opens the app to requests; resolves to its address as a client writes it (`http://127.0.0.1:8080`, `unix:/run/weir.sock`). */
export async function openListener(app: FastifyInstance, address: ListenAddress): Promise<string> {
  // Fastify logs a line of its own for each address; whoever started the server prints the one line that counts.
  const { level } = app.log;
  app.log.level = 'warn';
  try {
    if (address.kind === 'tcp') {
      await app.listen({ host: numeric(address.host), port: address.port, backlog: 1024 });
      const bound = app.server.address();
      return urlOf(address, typeof bound === 'object' && bound !== null ? bound.port : address.port);
    }
    await removeStaleSocket(address.path);
    await listenUnix(app, address.path);
    return `unix:${address.path}`;
  } catch (error) {
    throw listenProblem(address, error);
  } finally {
    app.log.level = level;
  }
}

// For `localhost` Fastify would open a second server on ::1, which knows nothing of our limits.
const numeric = (host: string): string => (host === 'localhost' ? '127.0.0.1' : host);

const urlOf = ({ host }: { host: string }, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

// Whoever may open the socket may do everything, so it belongs to its owner alone from its first moment on.
async function listenUnix(app: FastifyInstance, path: string): Promise<void> {
  const before = process.umask(0o177);
  try {
    await app.listen({ path });
  } finally {
    process.umask(before);
  }
}

/** A killed server leaves its socket file; it is removed when nobody answers on it. Anything but a socket stays. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Problem('conflict', `${path} exists and is not a socket.`, { pointer: 'server.listen' });
  if (await isAnswered(path)) throw new Problem('conflict', `Another process listens on unix:${path}.`, { pointer: 'server.listen' });
  rmSync(path, { force: true });
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect(path, () => {
      socket.destroy();
      done(true);
    }).on('error', () => done(false));
  });

function listenProblem(address: ListenAddress, error: unknown): unknown {
  if (error instanceof Problem) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const where = address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;
  const pointer = 'server.listen';
  if (code === 'EADDRINUSE')
    return new Problem('conflict', `${where} is taken by another process.`, { hint: '--listen 127.0.0.1:0 takes any free port', pointer });
  if (code === 'EACCES')
    return new Problem('denied', `This user may not listen on ${where}.`, { hint: 'ports below 1024 need CAP_NET_BIND_SERVICE', pointer });
  return new Problem('unavailable', `Weir cannot listen on ${where}.`, { detail: message, pointer, cause: error });
}
