import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildValueKernel } from '../../../../scripts/kernel/build.ts';
import { giveSlab, takeSlab } from './kernel.ts';

test('the kernel is what its sources make', () => {
  const stored = readFileSync(new URL('kernel.wasm', import.meta.url));
  expect(stored.equals(buildValueKernel()), 'run: node scripts/kernel/build.ts').toBe(true);
});

test('memory that comes back is given out again, and there is an end to it', () => {
  const first = takeSlab(3_000_000)!;
  expect(first.length).toBeGreaterThanOrEqual(3_000_000);
  const second = takeSlab(1)!;
  expect(second.byteOffset).toBeGreaterThanOrEqual(first.byteOffset + first.length);
  giveSlab(first);
  expect(takeSlab(2_000_000)!.byteOffset).toBe(first.byteOffset);
  expect(takeSlab(3_000_000)!.byteOffset).toBeGreaterThanOrEqual(second.byteOffset + second.length);
  expect(takeSlab(1024 ** 3)).toBeUndefined();
});
