import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Problem } from '../core/problem.ts';
import { Client, withQuery } from './client.ts';
import { reviveProblem } from './revive-problem.ts';
import { parseServer } from './server-address.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(handler: http.RequestListener, path?: string): Promise<Client> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve)));
  const client = new Client(path ? `unix:${path}` : `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closers.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const caught = (promise: Promise<unknown>): Promise<Problem> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error as Problem,
  );

test.each([
  ['http://127.0.0.1:8080', { host: '127.0.0.1', port: 8080, base: '' }],
  ['localhost:9', { host: 'localhost', port: 9 }],
  ['https://weir.example/flow/', { protocol: 'https:', host: 'weir.example', port: 443, base: '/flow' }],
  ['http://[::1]:81', { host: '::1', port: 81 }],
  ['unix:/run/weir.sock', { socketPath: '/run/weir.sock' }],
  ['unix:weir.sock', { socketPath: 'weir.sock' }],
])('reads the address %s', (server, expected) => {
  expect(parseServer(server)).toMatchObject(expected);
});

test.each(['', 'unix:', 'ftp://x', 'http://', 'a b'])('refuses the address %j', (server) => {
  expect(() => parseServer(server)).toThrow(Problem);
});

test('adds parameters to a path, leaving out what is not set', () => {
  expect(withQuery('/a', { filter: 'port 53 & x', again: true, off: false, name: undefined, n: 0 })).toBe(
    '/a?filter=port+53+%26+x&again=true&n=0',
  );
  expect(withQuery('/a?b=1', { c: 2 })).toBe('/a?b=1&c=2');
});

test('reads JSON over a kept-alive connection', async () => {
  const ports = new Set<number | undefined>();
  const client = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end(JSON.stringify({ url: request.url, host: request.headers.host }));
  });
  const answer = await client.json<{ url: string; host: string }>({ path: '/x', query: { a: 1 } });
  await client.json({ path: '/y' });
  expect(answer).toEqual({ url: '/x?a=1', host: client.server.slice('http://'.length) });
  expect(ports.size).toBe(1);
});

test('speaks over a unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-client-'));
  closers.push(() => rm(folder, { recursive: true }));
  const client = await serve((request, response) => response.end(JSON.stringify(request.headers.host)), join(folder, 's'));
  expect(await client.json({ path: '/' })).toBe('localhost');
});

test('streams a body up, with backpressure, and one down', async () => {
  let received = 0;
  const client = await serve(async (request, response) => {
    for await (const block of request) received += block.length;
    response.write('a'.repeat(100_000));
    response.end('b');
  });
  async function* blocks() {
    for (let i = 0; i < 64; i++) yield Buffer.alloc(1 << 20, i);
  }
  const answer = await client.send({ method: 'POST', path: '/', body: blocks() });
  let bytes = 0;
  for await (const block of client.blocks(answer)) bytes += block.byteLength;
  await answer.sent;
  expect(received).toBe(64 << 20);
  expect(bytes).toBe(100_001);
});

test('revives the problem of the server', async () => {
  const client = await serve((_request, response) => {
    response.writeHead(409, { 'content-type': 'application/problem+json' });
    response.end(
      JSON.stringify({ type: '/problems/conflict', title: 'stored already', status: 409, code: 'conflict', hint: '--again', import: 3 }),
    );
  });
  const problem = await caught(client.json({ path: '/' }));
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ code: 'conflict', title: 'stored already', hint: '--again', facts: { import: 3 } });
});

test('ends an upload that the server refuses before its end', async () => {
  const client = await serve((request, response) => {
    request.once('data', () => {
      response.writeHead(415, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ title: 'no such format', code: 'unsupported-media' }));
    });
  });
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(1 << 16);
    } finally {
      ended = true;
    }
  }
  const problem = await caught(client.send({ method: 'POST', path: '/', body: endless() }));
  expect(problem).toMatchObject({ code: 'unsupported-media', title: 'no such format' });
  await expect.poll(() => ended).toBe(true);
});

test('says what is wrong with the source of an upload, not with the server', async () => {
  const client = await serve((request, response) => request.on('end', () => response.end()));
  // biome-ignore lint/correctness/useYield: a source that fails at once
  async function* broken(): AsyncGenerator<Uint8Array> {
    throw new Problem('invalid', 'a.pcap cannot be read');
  }
  expect(await caught(client.send({ method: 'POST', path: '/', body: broken() }))).toMatchObject({ title: 'a.pcap cannot be read' });
});

test('a stream that breaks off is a problem', async () => {
  const client = await serve((_request, response) => {
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  const answer = await client.send({ path: '/' });
  const read = async () => {
    for await (const _ of client.blocks(answer));
  };
  expect(await caught(read())).toMatchObject({
    code: 'unavailable',
    title: 'the stream broke off',
    detail: expect.stringContaining('4 bytes'),
  });
});

test('says that nobody answers, and how to start a server', async () => {
  const problem = await caught(new Client('unix:/nowhere/weir.sock').json({ path: '/' }));
  expect(problem).toMatchObject({ code: 'unavailable', title: 'no Weir answers at unix:/nowhere/weir.sock', hint: 'weir serve' });
});

test.each([
  [401, 'unauthenticated'],
  [404, 'not-found'],
  [418, 'invalid'],
  [502, 'unavailable'],
  [500, 'internal'],
])('a %i without a problem document is %s', (status, code) => {
  expect(reviveProblem(status, '<html>')).toMatchObject({ code, detail: '<html>' });
});
