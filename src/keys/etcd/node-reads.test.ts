import { expect, test } from 'vitest';
import { NodeReads } from './node-reads.ts';

test('asks for all that was wanted meanwhile together, each path once', async () => {
  const asked: string[][] = [];
  const reads = new NodeReads(async (paths) => {
    asked.push([...paths]);
    await new Promise((wake) => setTimeout(wake, 10));
    return asked.length;
  }, 1000);
  const first = Promise.all([reads.get('/a'), reads.get('/b'), reads.get('/a')]);
  await new Promise((wake) => setTimeout(wake, 3));
  // Under way already: these have to begin after they were asked for.
  const second = Promise.all([reads.get('/a'), reads.get('/c')]);
  expect([await first, await second]).toEqual([
    [1, 1, 1],
    [2, 2],
  ]);
  expect(asked).toEqual([
    ['/a', '/b'],
    ['/a', '/c'],
  ]);
});

test('a failure is that of its own readers', async () => {
  let isBroken = true;
  const reads = new NodeReads(async () => {
    if (isBroken) throw new Error('broken');
    return 'fine';
  }, 1000);
  await expect(Promise.all([reads.get('/a'), reads.get('/b')])).rejects.toThrow('broken');
  isBroken = false;
  expect(await reads.get('/a')).toBe('fine');
});
