import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Tests start hundreds of commands and servers; with Node's cache of stripped and compiled sources each begins in half the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'weir-tests');

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // No test waits by the clock: this is for one that hangs, on a machine with ten times its work.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 110_000 } },
    // Real engines and real sockets: two workers on the usual two cores.
    maxWorkers: 2,
  },
});
