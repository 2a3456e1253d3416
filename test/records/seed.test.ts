/**
 * The examples that records were made after, as they are published, addresses and all (their text is not part of this project:
 * WEIR_SEEDS names the folder with it). Python is led here by a proxy, curl by its own configuration.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type House, openHouse } from '../access/house.ts';

const run = promisify(execFile);
const seeds = process.env.WEIR_SEEDS;
const host = 'jsonplaceholder.typicode.com';
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import requests']).status === 0);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const needs = '[needs WEIR_SEEDS: the folder with the published examples, and Python with requests]';

const folder = mkdtempSync(join(tmpdir(), 'weir-records-seed-'));
let secure: House;
let plain: House;
let proxy: Server;

beforeAll(async () => {
  const tls = ['server.tls.mode=self-signed', `server.tls.names=${host}`, `server.hostNames=${host}`];
  secure = await openHouse(['keys.listen=', 'records.mount=todos', ...tls]);
  plain = await openHouse(['keys.listen=']);
  await fill(Array.from({ length: 200 }, (_, at) => ({ userId: 1, id: at + 1, title: `title ${at + 1}`, completed: true })));
  proxy = createServer().on('connect', (_request, socket) => {
    const onward = connect(Number(new URL(secure.url).port), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [from, to] of [[socket, onward] as const, [onward, socket] as const]) from.on('error', () => to.destroy()).pipe(to);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  proxy.close();
  await secure.close();
  await plain.close();
  rmSync(folder, { recursive: true, force: true });
});

const certificate = () => join(secure.folder, 'data/tls/certificate.pem');

/** JSONPlaceholder has 200 todos. */
const fill = (todos: object[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const url = new URL('/api/v1/records/todos/import', secure.url);
    const outgoing = request(url, { method: 'POST', headers, rejectUnauthorized: false }, (answer) => {
      answer
        .resume()
        .once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`import answered ${answer.statusCode}`))));
    });
    outgoing.once('error', reject).end(JSON.stringify(todos));
  });

/** Pieces of code of the example with one word in them, in their order. */
function published(language: string, word: string): string[] {
  const name = readdirSync(seeds as string).find((one) => one.startsWith('002_')) as string;
  const text = readFileSync(join(seeds as string, name), 'utf8');
  const pieces = [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].filter(([, one, code]) => one === language && code?.includes(word));
  return pieces.map(([, , code]) => code as string);
}

async function runPython(code: string): Promise<string> {
  const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const env = { ...process.env, HTTPS_PROXY: at, NO_PROXY: '', REQUESTS_CA_BUNDLE: certificate(), HOME: '/nonexistent' };
  return (await run(python ?? 'python3', ['-c', code], { env })).stdout;
}

test.skipIf(seeds === undefined || python === undefined)(`the programs with requests do what they say ${needs}`, async () => {
  const said: string[] = [];
  for (const code of published('python', `https://${host}`)) said.push(await runPython(code));
  const all = said.join('');
  expect(said.length).toBeGreaterThan(4);
  expect(all).toContain("{'userId': 1, 'title': 'Buy milk', 'completed': False, 'id': 201}\n201\n");
  expect(all).toMatch(/'title': 'Wash car', 'completed': True, 'id': 10\} 200\n/);
  expect(all).toMatch(/'title': 'Mow lawn'[^\n]*\}\n200\n/);
  expect(all.endsWith('{}\n200\n')).toBe(true);
});

test.skipIf(seeds === undefined || !hasCurl)(`the curl lines get the answers that stand below them ${needs}`, async () => {
  const { port } = new URL(plain.url);
  writeFileSync(
    join(folder, '.curlrc'),
    ['127.0.0.1', 'localhost'].map((name) => `connect-to = "${name}:5000:127.0.0.1:${port}"\n`).join(''),
  );
  const [text = ''] = published('shell', 'localhost:5000');
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n');
  const commands = lines.filter((line) => line.startsWith('curl '));
  const [status = '', success = ''] = await Promise.all(
    commands.map(async (line) => (await run('bash', ['-c', line], { env: { ...process.env, HOME: folder } })).stdout),
  );
  expect(JSON.parse(status)).toMatchObject({ status: 'online' });
  expect(JSON.parse(success)).toEqual({ status: 'success' });
  const kept = await plain.ask('GET', '/api/v1/records/data/1');
  expect(kept.body).toMatchObject({ data: { name: 'Mario', age: 30, occupation: 'plumber' } });
});
