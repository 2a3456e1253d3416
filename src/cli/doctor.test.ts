import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataFolder } from '../core/data-folder.ts';
import { defaultDataFolder } from '../core/data-home.ts';
import { checkNode, checkOpenFiles, checkPrograms } from './doctor-machine.ts';
import { checkDataFolder, checkDisk, checkServer } from './doctor-place.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-doctor-'));
  await writeFile(join(folder, 'file'), '');
});
afterAll(() => rm(folder, { recursive: true }));

async function answering(status: number, type: string, body: unknown): Promise<{ url: string; close: () => void }> {
  const server = http.createServer((_request, response) => {
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test.each([
  ['24.21.0', 'ok'],
  ['20.20.2', 'error'],
])('Node %s is %s', async (version, level) => {
  expect(await checkNode(version)).toMatchObject({ level });
});

test('tells the version of a program, and the package of one that is missing', async () => {
  const [present, missing] = await checkPrograms([
    { name: 'bash', purpose: 'x', package: 'bash' },
    { name: 'no-such-program', purpose: 'rain', package: 'umbrella' },
  ]);
  expect(present).toMatchObject({ level: 'ok', text: expect.stringMatching(/^bash \d/) });
  expect(missing).toMatchObject({ level: 'warning', text: 'no-such-program is missing: no rain', fix: 'sudo apt-get install umbrella' });
});

test('a data directory that is not there yet is fine, a file in its place is not', async () => {
  expect(await checkDataFolder(join(folder, 'a/b'))).toMatchObject({ level: 'ok', text: expect.stringContaining('not there yet') });
  expect(await checkDataFolder(folder)).toMatchObject({ level: 'ok', text: expect.stringContaining('free to use') });
  expect(await checkDataFolder(join(folder, 'file'))).toMatchObject({ level: 'error', text: expect.stringContaining('is no directory') });
});

test('says which process holds the data directory, and where it answers', async () => {
  const held = await openDataFolder(join(folder, 'held'), 'serve');
  held.announce('http://127.0.0.1:8080');
  const { text } = await checkDataFolder(held.path);
  expect(text).toContain(`held by process ${process.pid} (weir serve): work on it by --server http://127.0.0.1:8080`);
  await held.release();
  expect((await checkDataFolder(held.path)).text).toContain('free to use');
});

test('measures the disk of a directory that is not there yet', async () => {
  expect(await checkDisk(join(folder, 'x/y'))).toMatchObject({ code: 'disk', text: expect.stringContaining('free on the disk') });
});

test.skipIf(process.platform !== 'linux')('reads the limit of open files [needs /proc]', async () => {
  expect(await checkOpenFiles()).toMatchObject([{ code: 'open-files' }]);
});

test.each([
  ['a Weir', 200, 'application/json', { name: 'weir', version: '0.1.0' }, 'ok', 'Weir 0.1.0 answers'],
  ['a Weir that refuses', 403, 'application/problem+json', { title: 'who are you', code: 'denied' }, 'warning', 'refuses: who are you'],
  ['another program', 200, 'text/html', '<html>', 'error', 'another program answers'],
])('knows %s by its answer', async (_name, status, type, body, level, text) => {
  const { url, close } = await answering(status, type, body);
  expect(await checkServer(url)).toMatchObject({ level, text: expect.stringContaining(text) });
  close();
});

test('an address where nobody answers is free', async () => {
  expect(await checkServer(`unix:${folder}/none.sock`)).toMatchObject({
    level: 'ok',
    text: expect.stringContaining('free for weir serve'),
  });
});

test.each([
  [{}, 0, '/var/lib/weir'],
  [{ XDG_DATA_HOME: '/x' }, 1000, '/x/weir'],
  [{ XDG_DATA_HOME: '/x' }, 0, '/x/weir'],
  [{ HOME: '/home/ann' }, 1000, '/home/ann/.local/share/weir'],
  [{ HOME: '/home/ann', XDG_DATA_HOME: 'relative' }, 1000, '/home/ann/.local/share/weir'],
])('with %j the data directory of user %i is %s', (env, userId, expected) => {
  expect(defaultDataFolder(env, userId)).toBe(expected);
});
