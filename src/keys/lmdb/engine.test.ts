import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineConformance } from '../conformance/suite.ts';
import { createEmbeddedEngine } from './engine.ts';

engineConformance('The embedded engine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-keys-'));
  return {
    open: async () => {
      const engine = createEmbeddedEngine({ folder, segmentBytes: 2 ** 20, snapshotBytes: 3 * 2 ** 20 });
      await engine.start();
      return engine;
    },
    remove: () => rm(folder, { recursive: true }),
    historyKept: 1000,
    longestPath: 4000,
    greatestValue: 10 * 2 ** 20,
  };
});
