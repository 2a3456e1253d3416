import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../core/config.ts';
import { readHolder } from '../core/data-folder.ts';
import type { RoomRoutes } from '../core/http.ts';
import { parseListen } from '../core/listen-address.ts';
import { createLog } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { type ServerConfig, serverSettings } from './config.ts';
import type { Room } from './room.ts';
import { Server } from './server.ts';

let folder = '';
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-server-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const events: string[] = [];
/** A room with a slow answer (one row each 50 ms, `rows` of them), an endless one, and an upload that counts. */
const room = (): Room => ({
  name: 'slow',
  start: async () => void events.push('start'),
  stop: async () => void events.push('stop'),
  routes: (async (app) => {
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
    app.get('/endless', { config }, async (_request, reply) => {
      const rows = async function* () {
        for (;;) {
          yield 'row\n';
          await sleep(20);
        }
      };
      return reply.type('text/plain').send(Readable.from(rows()));
    });
    app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    app.post('/upload', { config: { role: 'operator', isUpload: true }, bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
      let octets = 0;
      for await (const chunk of request.body as Readable) octets += (chunk as Buffer).length;
      return { octets };
    });
    app.post('/small', { config: { role: 'operator' } }, async (request) => ({ got: request.body }));
  }) satisfies RoomRoutes,
});

async function start(config: Partial<ServerConfig> = {}): Promise<{ server: Server; url: string }> {
  const defaults = loadConfig(serverSettings, {});
  const server = new Server(
    { ...defaults, listen: '127.0.0.1:0', ...config },
    { log: createLog({ level: 'silent' }), data: join(folder, 'data'), rooms: [room] },
  );
  servers.push(server);
  return { server, url: await server.start() };
}

/** Sends raw octets and gives everything that comes back until the connection closes. */
function raw(url: string, text: string): { socket: Socket; answer: Promise<string> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
  let got = '';
  const answer = new Promise<string>((resolve) => {
    socket.on('data', (data) => {
      got += String(data);
    });
    socket.on('error', () => {}).on('close', () => resolve(got));
  });
  return { socket, answer };
}

describe('a life', () => {
  test('starts, says where it is, answers, stops in reverse', async () => {
    events.length = 0;
    const { server, url } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(readHolder(join(folder, 'data'))).toMatchObject({ address: url, command: 'serve' });
    expect(await (await fetch(`${url}/`)).json()).toMatchObject({ name: 'weir', status: 'online' });
    expect(await server.stop()).toBe(true);
    expect(events).toEqual(['start', 'stop']);
    expect(readHolder(join(folder, 'data'))).toBe(undefined);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('a second server on the same data is told who has it', async () => {
    const { url } = await start();
    await expect(start()).rejects.toThrow(/is in use by process \d+ \(weir serve/);
    expect((await fetch(url)).status).toBe(200);
  });

  test('a taken port is a problem, and lets go of the data', async () => {
    const { server, url } = await start();
    const second = new Server(
      { ...loadConfig(serverSettings, {}), listen: url.slice('http://'.length) },
      { log: createLog({ level: 'silent' }), data: join(folder, 'other'), rooms: [] },
    );
    await expect(second.start()).rejects.toThrow(/taken by another process/);
    expect(readHolder(join(folder, 'other'))).toBe(undefined);
    await server.stop();
  });
});

describe('the end', () => {
  test('an answer under way is finished', async () => {
    const { server, url } = await start();
    const answer = await fetch(`${url}/slow`);
    const stopped = server.stop();
    expect(await answer.text()).toBe('row 0\nrow 1\nrow 2\nrow 3\nrow 4\nrow 5\n');
    expect(await stopped).toBe(true);
  });

  test('an answer that does not end is broken at the deadline, visibly', async () => {
    const { server, url } = await start({ drainTimeout: 200 });
    const answer = await fetch(`${url}/endless`);
    const stopped = server.stop();
    await expect(answer.text()).rejects.toThrow();
    await stopped;
  });

  test('an idle connection does not hold it up', async () => {
    const { server, url } = await start();
    const { socket } = raw(url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    await server.stop();
  });
});

describe('limits', () => {
  test('headers that never end', async () => {
    const { url } = await start({ headerTimeout: 200 });
    const { answer } = raw(url, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json.*"code":"timeout"/s);
  });

  test('headers that are too large', async () => {
    const { url } = await start();
    const { answer } = raw(url, `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 431 .*"code":"too-large"/s);
  });

  test('no HTTP at all', async () => {
    const { url } = await start();
    expect(await raw(url, 'hello, anybody there?\r\n\r\n').answer).toMatch(/^HTTP\/1\.1 400 .*"code":"invalid"/s);
  });

  test('a body that never ends', async () => {
    const { url } = await start({ requestTimeout: 300 });
    const { answer } = raw(
      url,
      'POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 408 .*"code":"timeout"/s);
  });

  test('a body that is too large is refused before it is sent', async () => {
    const { url } = await start();
    const { answer } = raw(
      url,
      'POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 413 .*connection: close.*"code":"too-large"/is);
  });

  test('a slow upload may go on while octets arrive', async () => {
    const requestTimeout = 3000;
    const { url } = await start({ requestTimeout });
    const { socket, answer } = raw(
      url,
      'POST /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n',
    );
    const octets = 10;
    for (let octet = 0; octet < octets; octet += 1) {
      await sleep((1.2 * requestTimeout) / octets);
      socket.write('x');
    }
    expect(await answer).toMatch(/200 OK.*"octets":10/s);
  });

  test('an upload that stands still is ended', async () => {
    const { url } = await start({ requestTimeout: 200 });
    const { answer } = raw(
      url,
      'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\nx',
    );
    expect(await answer).not.toContain('200 OK');
  });
});

describe('where it listens', () => {
  test('on a Unix socket that only its owner may open, with any Host', async () => {
    const path = join(folder, 'weir.sock');
    const { url } = await start({ listen: `unix:${path}` });
    expect([url, statSync(path).mode & 0o777]).toEqual([`unix:${path}`, 0o600]);
    const status = await new Promise((resolve) =>
      request({ socketPath: path, path: '/healthz', headers: { host: 'weir' } }, ({ statusCode }) => resolve(statusCode)).end(),
    );
    expect(status).toBe(200);
  });

  test('a file that is no socket stays', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'mine');
    await expect(start({ listen: `unix:${path}` })).rejects.toThrow(/not a socket/);
  });

  test.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:80', 'example.org:80', '127.0.0.1.example:80'])(
    'not on %s without users',
    async (listen) => {
      await expect(start({ listen })).rejects.toMatchObject({ code: 'denied' });
    },
  );

  test('on all addresses when the configuration insists', async () => {
    const { url } = await start({ listen: '0.0.0.0:0', insecureListen: true });
    expect((await fetch(url.replace('0.0.0.0', '127.0.0.1'))).status).toBe(200);
  });

  test.each([
    ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
    ['[::1]:0', { kind: 'tcp', host: '::1', port: 0 }],
    [':9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
    ['9000', { kind: 'tcp', host: '127.0.0.1', port: 9000 }],
    ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1 }],
    ['unix:/run/weir.sock', { kind: 'unix', path: '/run/weir.sock' }],
  ])('%s', (text, address) => expect(parseListen(text)).toEqual(address));

  test.each(['', 'localhost', '::1:80', '127.0.0.1:70000', '127.0.0.1:-1', 'http://localhost:80', 'unix:', 'a b:80'])(
    '%j is refused',
    (text) => {
      expect(() => parseListen(text)).toThrow(Problem);
    },
  );
});
