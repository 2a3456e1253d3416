/** The listeners of a real server: over REST, by the commands, and where their frames end. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { House } from '../jobs/house.ts';
import { Program, run, weir } from './program.ts';

type Shown = {
  name: string;
  state: string;
  address: string;
  frames: number;
  delivered: number;
  refused: number;
  last_reason?: string;
  links: Record<string, { method?: string }>;
};
const root = '/api/v1/sockets';

let house: House;
beforeAll(async () => {
  const listeners = [
    'notes tcp://127.0.0.1:0 to=records:notes',
    'syslog udp://127.0.0.1:0 to=records:syslog',
    'flows tcp://127.0.0.1:0 to=flows',
    'taken tcp://127.0.0.1:1 to=discard',
  ];
  house = new House([
    `sockets.listeners=${listeners.join(',')},desk unix:${join('/tmp', `weir-desk-${process.pid}.sock`)} to=tickets`,
    'sockets.grace=100ms',
  ]);
  await house.start();
}, 120_000);
afterAll(async () => {
  await Program.endAll();
  await house?.close();
});

const get = async (name: string): Promise<Shown> => (await house.ask<Shown>('GET', `${root}/${name}`)).body;
const portOf = async (name: string): Promise<number> => Number(/:(\d+)$/.exec((await get(name)).address)?.[1]);

/** Sends it all, and waits until the listener has ended: then it is delivered. */
async function send(to: { port: number } | { path: string }, text: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', ...to });
  socket.end(text);
  await once(socket.resume(), 'close');
}

/** Asks until it holds; the test's own time-out is the only limit. */
const until = <T>(ask: () => Promise<T>) => vi.waitFor(ask, { timeout: 110_000, interval: 50 });

test('frames become records: JSON as it is, text with what is known of it; what is refused is counted', async () => {
  await send({ port: await portOf('notes') }, '{"colour":"red","n":1}\nplain words\n{"id":"no number"}\n');
  const { body } = await house.ask<{ text: string }>('GET', '/api/v1/records/notes?per_page=10');
  const records = JSON.parse(JSON.stringify(body)) as { items?: unknown };
  const list = (records.items ?? JSON.parse((body as { text: string }).text)) as Record<string, unknown>[];
  expect(list).toMatchObject([
    { colour: 'red', n: 1 },
    { text: 'plain words', peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
  ]);
  expect(await get('notes')).toMatchObject({ frames: 3, delivered: 2, refused: 1, last_reason: expect.any(String) });
});

test('datagrams become records, lines of flows are imported, and a text on a Unix socket is a ticket', async () => {
  const socket = createSocket('udp4');
  socket.send('<13>printer is on fire', await portOf('syslog'), '127.0.0.1');
  await send({ port: await portOf('flows') }, '1,0,C1065,389,C3799,N10451,6,10,5323\n2,0,C1066,389,C3799,N10451,6,10,5323\n');
  await send({ path: join('/tmp', `weir-desk-${process.pid}.sock`) }, 'printer is on fire\n');
  expect(await get('flows')).toMatchObject({ delivered: 2, refused: 0 });
  expect(JSON.stringify((await house.ask('GET', '/api/v1/flows?filter=host+C1066')).body)).toContain('C1066');
  expect(JSON.stringify((await house.ask('GET', '/api/v1/tickets')).body)).toContain('printer is on fire');
  await until(async () => expect(await get('syslog')).toMatchObject({ delivered: 1 }));
  socket.close();
  const peers = await house.ask<{ items: object[] }>('GET', `${root}/syslog/peers`);
  expect(peers.body.items).toMatchObject([{ frames: 1, bytes: 22, held_back: false }]);
});

test('operators stop and start listeners, which the audit log keeps; metrics count', async () => {
  const { body: stopped } = await house.ask<Shown>('POST', `${root}/syslog/stop`);
  expect(stopped).toMatchObject({ state: 'stopped', frames: 1 });
  expect(stopped.links.start).toMatchObject({ method: 'POST' });
  expect(stopped.links.stop).toBeUndefined();
  const { body: started } = await house.ask<Shown>('POST', `${root}/syslog/start`);
  expect(started).toMatchObject({ state: 'listening', frames: 1 });
  expect(JSON.stringify((await house.ask('GET', '/api/v1/audit')).body)).toMatch(
    /sockets\.stop.*sockets\.start|sockets\.start.*sockets\.stop/,
  );
  const metrics = await (await fetch(`${house.url}/metrics`)).text();
  expect(metrics).toContain('weir_sockets_frames_total{listener="syslog"} 1');
  expect(metrics).toContain('weir_sockets_listening{listener="syslog"} 1');
  expect((await house.ask('POST', `${root}/nobody/start`)).status).toBe(404);
});

test('frames are shown as they come', async () => {
  const answer = await fetch(`${house.url}${root}/notes/frames`, { headers: { accept: 'text/event-stream' } });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let seen = Buffer.from((await reader.read()).value ?? []).toString();
  await send({ port: await portOf('notes') }, '{"live":true}\n');
  while (!seen.includes('event: frame')) seen += Buffer.from((await reader.read()).value ?? []).toString();
  await reader.cancel();
  expect(seen).toContain('\\"live\\":true');
});

test('the commands show and turn them, and listen for the server', async () => {
  const list = JSON.parse(await run(weir, ['sockets', 'list', '--json', '--server', house.url])) as Shown[];
  expect(list.map(({ name }) => name)).toEqual(['notes', 'syslog', 'flows', 'taken', 'desk']);
  const listen = new Program(
    weir,
    'sockets',
    'listen',
    'tcp://127.0.0.1:0',
    '--to',
    'records:remote',
    '--count',
    '2',
    '--server',
    house.url,
  );
  await send({ port: await listen.port() }, '{"a":1}\n{"a":2}\n');
  expect(await listen.ended, listen.said).toBe(0);
  const { body } = await house.ask('GET', '/api/v1/records/remote');
  expect(JSON.stringify(body)).toMatch(/\\?"a\\?":2/);
});

test.each([
  ['syslog udp://0.0.0.0:5514 to=discard', 'sockets.allow'],
  ['a tcp://127.0.0.1:0 to=discard,a tcp://127.0.0.1:0 to=discard', 'two listeners'],
  ['a tcp://127.0.0.1:0 to=stdout', 'whole path'],
  ['a tcp://127.0.0.1:0 to=file:relative', 'whole path'],
  ['a udp://127.0.0.1:0 frame=line to=discard', 'means nothing'],
  ['a tcp://127.0.0.1:0 frame=words to=discard', 'no framing'],
  ['tcp://127.0.0.1:0 to=discard', 'declares no listener'],
])('the server does not start with %s', async (listeners, words) => {
  const { Sockets } = await import('../../src/sockets/index.ts');
  const { loadConfig } = await import('../../src/core/config.ts');
  const { Type } = await import('typebox');
  const { socketsSettings } = await import('../../src/sockets/index.ts');
  const { sockets } = loadConfig(Type.Object({ sockets: socketsSettings }), { assignments: [`sockets.listeners=${listeners}`] });
  const deps = { clock: { now: () => 0, monotonic: () => 0 }, log: { info: () => {}, warn: () => {} }, house: {} as never };
  expect(() => new Sockets(sockets, deps)).toThrow(expect.objectContaining({ message: expect.any(String) }));
  try {
    new Sockets(sockets, deps);
  } catch (error) {
    expect(JSON.stringify({ ...(error as object), message: (error as Error).message })).toContain(words);
  }
});
