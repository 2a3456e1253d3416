/** Scans of a real server, over HTTP and by the commands. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House, pause } from '../jobs/house.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));
const root = '/api/v1/scans';
type Shown = { id: number; state: string; reason?: string; states: Record<string, number>; progress: { done: number; total: number } };
type Page<Item> = { items: Item[]; total: number };

let house: House;
const servers: Server[] = [];
beforeAll(async () => {
  house = new House(['scans.waiting=1', 'scans.atOnce=1']);
  await house.start();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await house?.close();
});

async function listen(port = 0): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).end());
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

async function closeOne(): Promise<void> {
  const server = servers.pop() as Server;
  server.close();
  await once(server, 'close');
}

async function submit(request: object): Promise<Shown> {
  const { status, body, headers } = await house.ask<Shown>('POST', root, request);
  expect(status, JSON.stringify(body)).toBe(202);
  expect(headers.get('location')).toBe(`${root}/${body.id}`);
  return body;
}

async function ended(id: number): Promise<Shown> {
  for (;;) {
    const { body } = await house.ask<Shown>('GET', `${root}/${id}`);
    if (body.state !== 'waiting' && body.state !== 'running') return body;
    await pause(50);
  }
}

/** Waits until all are over: what a schedule has started may still wait for its turn. */
async function allEnded(): Promise<void> {
  for (;;) {
    const { body } = await house.ask<Page<Shown>>('GET', root);
    if (body.items.every(({ state }) => state !== 'waiting' && state !== 'running')) return;
    await pause(50);
  }
}

/** Slow on purpose: a thousand ports at ten a second. */
const slow = { targets: ['127.0.0.1'], ports: '1-1000', rate: 10 };

describe('a scan', () => {
  test('runs, and its results are kept in pages', async () => {
    const port = await listen();
    const { id } = await submit({ targets: ['127.0.0.1'], ports: `1-1200,${port}`, name: 'first' });
    expect(await ended(id)).toMatchObject({ state: 'done', name: 'first', hosts: { up: 1 }, engine: { name: 'weir' }, addresses: 1 });
    const open = await house.ask<Page<{ port: number }>>('GET', `${root}/${id}/results`);
    expect(open.body.items.map((row) => row.port)).toContain(port);
    const all = await house.ask<Page<{ port: number }>>('GET', `${root}/${id}/results?state=all&per_page=500&page=3`);
    expect(all.body).toMatchObject({ total: 1201 });
    expect(all.body.items).toHaveLength(201);
    const hosts = await house.ask<Page<{ status: string }>>('GET', `${root}/${id}/hosts`);
    expect(hosts.body.items).toMatchObject([{ address: '127.0.0.1', status: 'up', reason: expect.any(String) }]);
    const { headers } = await house.ask('GET', `${root}/${id}`);
    expect((await fetch(`${house.url}${root}/${id}`, { headers: { 'if-none-match': headers.get('etag') ?? '' } })).status).toBe(304);
  });

  test('tells how far it is, waits for its turn, and ends when it is cancelled', async () => {
    const first = await submit(slow);
    const second = await submit(slow);
    expect((await house.ask<{ code: string }>('POST', root, slow)).status).toBe(429);
    const events = await fetch(`${house.url}${root}/${first.id}/events`, { headers: { accept: 'text/event-stream' } });
    const reader = (events.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!/event: progress\ndata: .*"done":[1-9]/.test(text)) {
      const { done, value } = await reader.read();
      expect(done, text).toBe(false);
      text += value ?? '';
    }
    expect((await house.ask('DELETE', `${root}/${first.id}`)).status).toBe(409);
    expect((await house.ask<Shown>('POST', `${root}/${second.id}/cancel`)).body.state).toBe('partial');
    const { body } = await house.ask<Shown>('POST', `${root}/${first.id}/cancel`);
    expect(body).toMatchObject({ state: 'partial', reason: 'cancelled by local' });
    expect(body.progress.done).toBeGreaterThan(0);
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text).toContain('event: end');
    expect((await house.ask('POST', `${root}/${first.id}/cancel`)).status).toBe(409);
    expect((await house.ask('DELETE', `${root}/${first.id}`)).status).toBe(204);
    expect((await house.ask('GET', `${root}/${first.id}`)).status).toBe(404);
  });

  test('of what may not be scanned is refused, as is nonsense', async () => {
    const refused = async (request: object) => (await house.ask('POST', root, request)).status;
    expect(await refused({ targets: ['8.8.8.8'], ports: '53', authorised: true })).toBe(403);
    expect(await refused({ targets: ['::ffff:8.8.8.8'] })).toBe(403);
    expect(await refused({ targets: ['-iL/etc/passwd'] })).toBe(422);
    expect(await refused({ targets: ['127.0.0.1'], ports: '0' })).toBe(422);
    expect(await refused({ targets: ['127.0.0.0/16'] })).toBe(422);
    expect(await refused({ targets: ['10.0.0.0/22'], ports: '-' })).toBe(422);
    expect(await refused({ targets: [] })).toBeGreaterThanOrEqual(400);
    expect((await house.ask('GET', `${root}/999`)).status).toBe(404);
  });

  test('stands in the audit log, with what was scanned', async () => {
    const { id } = await submit({ targets: ['127.0.0.1'], ports: '1' });
    await ended(id);
    const { stdout } = await promisify(execFile)(weir, ['get', '/api/v1/audit?per_page=500', '--server', house.url]);
    expect(stdout).toMatch(/scans\.run/);
    expect(stdout).toContain('127.0.0.1 ports 1 connect');
  });

  test('is compared with another by a command, whose exit code tells', async () => {
    const port = await listen();
    const { id: before } = await submit({ targets: ['127.0.0.1'], ports: String(port) });
    await ended(before);
    await closeOne();
    const { id: after } = await submit({ targets: ['127.0.0.1'], ports: String(port) });
    await ended(after);
    const diff = promisify(execFile)(weir, ['scans', 'diff', String(before), String(after), '--json', '--server', house.url]);
    const { code, stdout } = (await diff.catch((error: { code: number; stdout: string }) => error)) as { code: number; stdout: string };
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ change: 'closed', address: '127.0.0.1', port, before: 'open', after: 'closed' }]);
  });

  test('that comes again opens a ticket about a new port', async () => {
    const port = await listen();
    await closeOne();
    const request = { targets: ['127.0.0.1'], ports: String(port), every: '1s' };
    const { status, body } = await house.ask<{ id: string }>('POST', `${root}/schedules`, request);
    expect(status).toBe(201);
    const schedule = async () => (await house.ask<{ last?: number }>('GET', `${root}/schedules/${body.id}`)).body;
    let last = (await schedule()).last;
    while (last === undefined) {
      await pause(100);
      last = (await schedule()).last;
    }
    expect((await ended(last)).states).toEqual({ closed: 1 });
    await listen(port);
    let found: { about: { hosts: string[]; scans: string[] }; subject: string }[] = [];
    for (let attempt = 0; attempt < 300 && found.length === 0; attempt++) {
      await pause(100);
      const { body } = await house.ask<Page<(typeof found)[number]>>('GET', '/api/v1/tickets');
      found = body.items.filter(({ subject }) => subject.startsWith('Newly open:'));
    }
    expect(found).toMatchObject([{ about: { hosts: ['127.0.0.1'] } }]);
    expect(found[0]?.subject).toContain(`127.0.0.1 port ${port}`);
    expect((await house.ask('DELETE', `${root}/schedules/${body.id}`)).status).toBe(204);
    await allEnded();
  });

  test('is told as interrupted when its server was killed', async () => {
    const { id } = await submit(slow);
    while ((await house.ask<Shown>('GET', `${root}/${id}`)).body.state !== 'running') await pause(20);
    await house.end('SIGKILL');
    await house.start();
    expect((await house.ask<Shown>('GET', `${root}/${id}`)).body).toMatchObject({ state: 'interrupted' });
    expect((await house.ask<Page<Shown>>('GET', root)).body.total).toBeGreaterThan(3);
  });
});

const isRoot = process.geteuid?.() === 0;
describe('a scan by nmap', () => {
  test.skipIf(!isRoot || !hasNmap())('ends when its server is killed [needs root and nmap]', async () => {
    // Ports of a rate that would take minutes; the rate is the mark by which the process is found.
    const rate = 100 + (process.pid % 100);
    await submit({ targets: ['127.0.0.1'], ports: '-', method: 'syn', rate });
    const count = () => processesOf('--max-rate', String(rate));
    while (count() === 0) await pause(50);
    await house.end('SIGKILL');
    while (count() > 0) await pause(50);
    await house.start();
  });

  test('is refused by name where there is no nmap', async () => {
    const other = new House(['scans.nmap=/no/such/nmap']);
    await other.start();
    const { status, body } = await other.ask<{ title: string; hint: string }>('POST', root, { targets: ['127.0.0.1'], method: 'syn' });
    expect({ status, hint: body.hint }).toMatchObject({ status: 503, hint: expect.stringContaining('apt-get install nmap') });
    await other.close();
  });
});

/** How many processes have these two words side by side in their command line. */
function processesOf(one: string, other: string): number {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'latin1').includes(`${one}\0${other}\0`);
    } catch {
      return false; // it has just gone
    }
  }).length;
}

function hasNmap(): boolean {
  return spawnSync('nmap', ['--version']).status === 0;
}

describe('a scan with 256 descriptors', () => {
  test('finds every open port, and no other', async () => {
    const ports = await Promise.all(Array.from({ length: 30 }, () => listen()));
    const closed = Array.from({ length: 3000 }, (_, i) => i + 1);
    const list = [...ports, ...closed].join(',').replace(closed.join(','), '1-3000');
    const command = `ulimit -n 256; exec "$0" scans run --direct 127.0.0.1 --concurrency 1000 --json -p ${list}`;
    const child = spawn('bash', ['-c', command, weir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => {
      text += String(part);
    });
    await once(child, 'close');
    const found = (JSON.parse(text) as { port: number }[]).map(({ port }) => port);
    for (const port of ports) expect(found).toContain(port);
    expect(found.filter((port) => port > 3000).sort()).toEqual([...ports].sort());
  });
});
