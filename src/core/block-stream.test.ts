import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { blockStream } from './block-stream.ts';

const block = (number: number) => Uint8Array.of(number);

test('gives blocks in order, each until the next is asked for', async () => {
  const told: string[] = [];
  const stream = blockStream(async (take) => {
    for (const number of [1, 2, 3]) {
      take(block(number), () => told.push(`back ${number}`));
      if (number === 2) await nextTurn();
    }
  });
  for await (const [number] of stream) told.push(`read ${number}`);
  expect(told).toEqual(['read 1', 'back 1', 'read 2', 'back 2', 'read 3', 'back 3']);
});

test('throws what goes wrong behind what came before it', async () => {
  const read: unknown[] = [];
  const stream = blockStream(async (take) => {
    take(block(1), () => {});
    throw new Error('no more');
  });
  const reading = (async () => {
    for await (const one of stream) read.push(one);
  })();
  await expect(reading).rejects.toThrow('no more');
  expect(read).toEqual([block(1)]);
});

test('tells whoever gives blocks that the reader has left', async () => {
  let given: AbortSignal | undefined;
  const stream = blockStream(async (take, signal) => {
    given = signal;
    take(block(1), () => {});
    await new Promise(() => {});
  });
  for await (const _one of stream) break;
  expect(given?.aborted).toBe(true);
});
