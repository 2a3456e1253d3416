import { expect, test } from 'vitest';
import { MemoryEngine } from '../memory-engine.ts';
import { type KeyNode, noValue } from '../tree/node.ts';
import { Copy, type CopyOptions } from './copy.ts';
import { EngineKeys } from './folder-keys.ts';

const file = (path: string, value: string, deadline = 0): KeyNode => ({
  path,
  isDir: false,
  value: Buffer.from(value),
  created: 1,
  modified: 1,
  deadline,
});
const directory = (path: string, deadline = 0): KeyNode => ({ ...file(path, '', deadline), isDir: true, value: noValue });
const soon = (): number => Date.now() + 60_000;
const plain: CopyOptions = { prefix: '/', replace: false, dryRun: false };

function target(): EngineKeys {
  return new EngineKeys(new MemoryEngine(), 'memory', async () => {});
}

async function copy(keys: EngineKeys, nodes: readonly KeyNode[], options: Partial<CopyOptions> = {}) {
  const work = await Copy.begin(keys, { ...plain, ...options });
  for (const node of nodes) await work.take(node);
  await work.end();
  const { made, replaced, same, expired, refused } = work.counts;
  const refusals = work.refusals.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { counts: `${made} ${replaced} ${same} ${expired} ${refused}`, refusals };
}

const paths = async (keys: EngineKeys): Promise<string[]> =>
  (await keys.read('/', { reach: 'subtree', withHidden: true })).below.map(({ path }) => path);

test('a second run finds all the same', async () => {
  const keys = target();
  const nodes = [file('/a/x', '1'), file('/a/_h', '2', soon()), directory('/a', soon()), directory('/empty')];
  expect(await copy(keys, nodes)).toMatchObject({ counts: '4 0 0 0 0' });
  expect(await copy(keys, nodes)).toMatchObject({ counts: '0 0 4 0 0' });
  expect(await paths(keys)).toEqual(['/a', '/empty', '/a/_h', '/a/x']);
});

test('a directory gets its time to live whether it comes before or behind its children', async () => {
  for (const nodes of [
    [directory('/d', soon()), file('/d/x', '1')],
    [file('/d/x', '1'), directory('/d', soon())],
  ]) {
    const keys = target();
    await copy(keys, nodes);
    expect((await keys.read('/d')).node.deadline).toBeGreaterThan(0);
  }
});

test('a directory that was there before keeps its time to live, so that nothing in it is lost', async () => {
  const keys = target();
  await keys.write({ action: 'create', path: '/d', isDir: true });
  expect(await copy(keys, [file('/d/x', '1'), directory('/d', soon())])).toEqual({
    counts: '1 0 0 0 1',
    refusals: [{ path: '/d', reason: 'exists' }],
  });
  expect((await keys.read('/d')).node.deadline).toBe(0);
});

test('what is there and differs is refused, or replaced when asked', async () => {
  const keys = target();
  await copy(keys, [file('/a', '1'), directory('/d'), file('/e', '1')]);
  const others = [file('/a', '2'), file('/d', 'file'), file('/e/x', '1')];
  expect(await copy(keys, others)).toMatchObject({
    counts: '0 0 0 0 3',
    refusals: [
      { path: '/a', reason: 'exists' },
      { path: '/d', reason: 'not-file' },
      { path: '/e/x', reason: 'not-directory' },
    ],
  });
  expect(await copy(keys, others, { replace: true })).toMatchObject({ counts: '0 1 0 0 2' });
  expect(Buffer.from((await keys.read('/a')).node.value).toString()).toBe('2');
});

test('what has ended is passed over', async () => {
  const keys = target();
  expect(await copy(keys, [file('/a', '1', Date.now() - 1)])).toMatchObject({ counts: '0 0 0 1 0' });
  expect(await paths(keys)).toEqual([]);
});

test('a dry run tells the same and writes nothing', async () => {
  const keys = target();
  await copy(keys, [file('/a', '1'), file('/b', '1')]);
  const nodes = [file('/a', '1'), file('/b', '2'), file('/c', '3'), file('/a/below', '1')];
  expect(await copy(keys, nodes, { dryRun: true })).toMatchObject({ counts: '1 0 1 0 2' });
  expect(await copy(keys, nodes, { dryRun: true, replace: true })).toMatchObject({ counts: '1 1 1 0 1' });
  expect(await paths(keys)).toEqual(['/a', '/b']);
});

test('a prefix stands before every path', async () => {
  const keys = target();
  await copy(keys, [file('/a/x', '1')], { prefix: '/old' });
  expect(await paths(keys)).toEqual(['/old', '/old/a', '/old/a/x']);
});
