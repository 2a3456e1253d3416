import { engineConformance } from './conformance/suite.ts';
import type { KeyEngine } from './engine.ts';
import { MemoryEngine } from './memory-engine.ts';

engineConformance('MemoryEngine', async () => ({
  open: async (): Promise<KeyEngine> => {
    const engine = new MemoryEngine();
    await engine.start();
    return engine;
  },
  remove: async () => {},
  forgets: 'it is in memory alone',
  historyKept: 1000,
}));
