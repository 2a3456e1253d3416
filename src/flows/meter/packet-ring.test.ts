import { expect, test } from 'vitest';
import { RingBroken, RingWriter, ringMemory } from './packet-ring.ts';

const manyBlocks = 100;
const fill = (writer: RingWriter): void => {
  for (let block = 0; block < manyBlocks; block++) writer.handOver();
};

test('a writer whose reader is dead fails, and again at once', () => {
  const writer = new RingWriter(ringMemory(), 1);
  expect(() => fill(writer)).toThrow(RingBroken);
  expect(writer.isSilent).toBe(true);
  const began = performance.now();
  expect(() => writer.end()).toThrow(RingBroken);
  expect(performance.now() - began).toBeLessThan(60_000);
});

test('a writer that is told of the end of its reader does not wait for a sign of it', () => {
  const writer = new RingWriter(ringMemory());
  writer.break();
  expect(() => fill(writer)).toThrow(RingBroken);
  expect(writer.isSilent).toBe(false);
});
