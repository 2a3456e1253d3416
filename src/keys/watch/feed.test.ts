import { expect, test } from 'vitest';
import { MemoryEngine } from '../memory-engine.ts';
import { Tree } from '../tree.ts';

async function take(changes: AsyncIterable<{ index: number; action: string; node: { path: string } }>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { action, node } of changes) if (seen.push(`${action} ${node.path}`) === count) break;
  return seen;
}

test('tells all that is kept from an index on, then what happens, once each', async () => {
  const tree = new Tree(new MemoryEngine(), 'system');
  const first = await tree.set('/jobs/1', 'waiting');
  await tree.set('/other', 'x');
  await tree.set('/jobs/2', 'waiting');
  const seen = take(tree.watch('/jobs', { from: first.index, isRecursive: true }), 4);
  await new Promise((resolve) => setImmediate(resolve));
  await tree.delete('/jobs/1');
  await tree.delete('/jobs', true);
  expect(await seen).toEqual(['set /jobs/1', 'set /jobs/2', 'delete /jobs/1', 'delete /jobs']);
});

test('tells those below that their directory went', async () => {
  const tree = new Tree(new MemoryEngine(), 'system');
  await tree.set('/a/b', '1');
  const seen = take(tree.watch('/a/b'), 1);
  await new Promise((resolve) => setImmediate(resolve));
  await tree.delete('/a', true);
  expect(await seen).toEqual(['delete /a']);
});

test('ends with its signal', async () => {
  const tree = new Tree(new MemoryEngine(), 'system');
  const stopping = new AbortController();
  const seen = take(tree.watch('/a', { signal: stopping.signal }), 1);
  setTimeout(() => stopping.abort(), 10);
  expect(await seen).toEqual([]);
});

test('says when the asked history is gone', async () => {
  const tree = new Tree(new MemoryEngine(Date.now, 10), 'system');
  for (let at = 0; at < 20; at++) await tree.set('/a', String(at));
  await expect(take(tree.watch('/a', { from: 5 }), 1)).rejects.toMatchObject({
    kind: 'history-cleared',
    cause: expect.stringContaining('[14/5]'),
  });
});
