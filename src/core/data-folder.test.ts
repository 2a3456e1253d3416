import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataFolder, readHolder } from './data-folder.ts';
import { Problem } from './problem.ts';

let folder = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'weir-folder-')), 'data');
});
afterEach(async () => {
  // Only when the holder is gone: the next folder may get the inode of this one, and with it the name of the lock.
  for (const child of children.splice(0)) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    const end = hasEnded ? undefined : ended(child);
    child.kill('SIGKILL');
    await end;
  }
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** A process that takes the folder, says `held` or the code of its problem, and stays. */
async function startHolder(): Promise<{ child: ChildProcess; says: string }> {
  const code = `
    import { openDataFolder } from ${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)};
    try { const data = await openDataFolder(${JSON.stringify(folder)}, 'serve'); data.announce('http://127.0.0.1:1'); console.log('held'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.code + ' ' + error.title); }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const says = await new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data).trim())));
  return { child, says };
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));

const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  if (error instanceof Problem) return error;
  throw new Error(`expected a problem, got ${String(error)}`);
};

test('makes the folder for its owner alone, and frees it again', async () => {
  const first = await openDataFolder(folder, 'serve');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readHolder(folder)).toMatchObject({ pid: process.pid, command: 'serve' });
  await first.release();
  expect(readHolder(folder)).toBe(undefined);
  await (await openDataFolder(folder, 'serve')).release();
});

test('the second one is told who holds it, where and since when', async () => {
  const { child, says } = await startHolder();
  expect(says).toBe('held');
  const problem = await problemOf(openDataFolder(folder, 'import'));
  expect(problem.code).toBe('conflict');
  expect(problem.title).toMatch(new RegExp(`in use by process ${child.pid} \\(weir serve, version .*, at http://127.0.0.1:1, since 20..-`));
  expect(problem.hint).toContain('--server http://127.0.0.1:1');
});

test('the same folder by another name is the same folder', async () => {
  const first = await openDataFolder(folder, 'serve');
  expect((await problemOf(openDataFolder(`${folder}/../data/.`, 'import'))).code).toBe('conflict');
  await first.release();
});

test('kill -9 of the holder leaves nothing in the way', async () => {
  for (let round = 0; round < 3; round += 1) {
    const { child, says } = await startHolder();
    expect(says).toBe('held');
    const end = ended(child);
    child.kill('SIGKILL');
    await end;
  }
  expect(readHolder(folder)).toBeDefined();
  await (await openDataFolder(folder, 'serve')).release();
});

test('a folder that was removed and made anew is another one, whatever still runs on the first', async () => {
  const first = await openDataFolder(folder, 'serve');
  for (let round = 0; round < 5; round += 1) {
    rmSync(folder, { recursive: true });
    const second = await openDataFolder(folder, 'import'); // its inode would be that of the first, were that free
    if (round < 4) await second.release();
    else {
      await first.release();
      expect(readHolder(folder)).toMatchObject({ command: 'import' });
      await second.release();
    }
  }
});

test('of several that start at once exactly one gets it', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, startHolder));
  expect(answers.filter(({ says }) => says === 'held')).toHaveLength(1);
  expect(answers.filter(({ says }) => says.startsWith('conflict'))).toHaveLength(3);
});

test('a file in the place of the folder is refused', async () => {
  mkdirSync(join(folder, '..'), { recursive: true });
  writeFileSync(folder, '');
  expect((await problemOf(openDataFolder(folder, 'serve'))).code).toBe('denied');
});
