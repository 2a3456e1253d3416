/** Which engine keeps the keys, by the configuration. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { KeysConfig } from './config.ts';
import type { KeyEngine } from './engine.ts';
import { MemoryEngine } from './memory-engine.ts';

export type EngineDependencies = { dataFolder: string; log: Log; clock: Clock };

/** The engine of the configuration, not started. */
export function engineOf(config: KeysConfig, { clock }: EngineDependencies): KeyEngine {
  return new MemoryEngine(() => clock.now(), config.history);
}
