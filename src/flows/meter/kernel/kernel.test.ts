import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildKernel } from '../../../../scripts/kernel/build.ts';

test('the kernel is what its sources make', () => {
  const stored = readFileSync(new URL('kernel.wasm', import.meta.url));
  expect(stored.equals(buildKernel()), 'run: node scripts/kernel/build.ts').toBe(true);
});
