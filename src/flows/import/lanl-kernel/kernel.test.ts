import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildLanlKernel } from '../../../../scripts/kernel/build.ts';

test('the kernel is what its sources make', () => {
  const stored = readFileSync(new URL('kernel.wasm', import.meta.url));
  expect(stored.equals(buildLanlKernel()), 'run: node scripts/kernel/build.ts').toBe(true);
});
