import { randomBytes } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { storedFrame } from './stored-frame.ts';

test.each([1, 255, 65_536, 131_072, 131_073, 300_000])('%i octets come out of their frame', (length) => {
  const octets = randomBytes(length);
  const frame = storedFrame(octets);
  expect(frame.length).toBeLessThan(length + 20);
  expect(zstdDecompressSync(frame).equals(octets)).toBe(true);
});
