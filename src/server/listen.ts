import { lstatSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type ListenAddress, listenProblem, numericHost, urlOf } from '../core/listen-address.ts';
import { Problem } from '../core/problem.ts';

/** Opens the app to requests; resolves to its address as a client writes it (`https://127.0.0.1:8080`, `unix:/run/weir.sock`). */
export async function openListener(app: FastifyInstance, address: ListenAddress, scheme: 'http' | 'https' = 'http'): Promise<string> {
  // Fastify logs a line of its own for each address; whoever started the server prints the one line that counts.
  const { level } = app.log;
  app.log.level = 'warn';
  try {
    if (address.kind === 'tcp') {
      await app.listen({ host: numericHost(address.host), port: address.port, backlog: 1024 });
      const bound = app.server.address();
      return urlOf(address.host, typeof bound === 'object' && bound !== null ? bound.port : address.port, scheme);
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
