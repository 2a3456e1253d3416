import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../src/core/config.ts';
import { createLog } from '../src/core/log.ts';
import { roomsOf, settings } from '../src/server/rooms.ts';
import { Server } from '../src/server/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weir-examples-'));
const run = promisify(execFile);
const hasPython = spawnSync('python3', ['--version']).status === 0;
let server: Server;
let address: string;

beforeAll(async () => {
  const config = loadConfig(settings, { flags: { 'server.listen': '127.0.0.1:0' } });
  server = new Server(config.server, { log: createLog({ level: 'warn' }), data: join(folder, 'data'), rooms: roomsOf(config) });
  address = await server.start();
  const body = readFileSync(join(root, 'examples/loopback.pcap.gz'));
  const taken = await fetch(`${address}/api/v1/imports?name=loopback`, { method: 'POST', body });
  expect(taken.status).toBe(202);
  while ((await summary()).flows === 0) await sleep(50);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const summary = async () => (await (await fetch(`${address}/api/v1/flows/summary`)).json()) as { flows: number };

test.skipIf(!hasPython)('poll.py pulls each flow once, in windows, and goes on where it stopped [needs python3]', async () => {
  const out = join(folder, 'pulled');
  const poll = () => run('python3', ['examples/poll.py', '--server', address, '--window', '2', '--out', out], { cwd: root });
  expect((await poll()).stdout.trim().split('\n').length).toBeGreaterThan(1);
  const ids = readdirSync(out).flatMap((name) =>
    readFileSync(join(out, name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id as number),
  );
  const { flows } = await summary();
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: flows }, (_, i) => i + 1));
  expect((await poll()).stdout).toBe('');
});

test.skipIf(!hasPython)('xml_to_csv.py makes of the XML stream what the CSV stream is [needs python3]', async () => {
  const { stdout } = await run('python3', ['examples/xml_to_csv.py', `${address}/api/v1/stream/flows?format=xml`], { cwd: root });
  expect(stdout).toBe((await (await fetch(`${address}/api/v1/stream/flows?format=csv`)).text()).replaceAll('\r\n', '\n'));
});
