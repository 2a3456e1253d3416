/** Which engine keeps the keys, by the configuration. */
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { KeysConfig } from './config.ts';
import type { KeyEngine } from './engine.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from './lmdb/engine.ts';

export type EngineDependencies = { dataFolder: string; log: Log; clock: Clock };

/** The engine of the configuration, not started. */
export function engineOf(config: KeysConfig, deps: EngineDependencies): KeyEngine {
  if (config.engine === 'embedded') return embeddedEngineOf(config, deps);
  throw new Problem('unavailable', 'keys.engine etcd is not there yet.', { hint: 'set keys.engine to embedded' });
}

/** The engine that keeps its files below the data directory. */
export function embeddedEngineOf({ history, limits }: KeysConfig, { dataFolder, log }: Omit<EngineDependencies, 'clock'>): EmbeddedEngine {
  return createEmbeddedEngine({
    folder: join(dataFolder, 'keys'),
    limits: { history, pathBytes: limits.key, valueBytes: limits.value },
    log: (level, message, facts) => log[level](facts, message),
  });
}
