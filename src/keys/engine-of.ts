/** Which engine keeps the keys, by the configuration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { KeysConfig } from './config.ts';
import type { KeyEngine } from './engine.ts';
import { createClusterEngine } from './etcd/cluster-engine.ts';
import { createEmbeddedEngine, type EmbeddedEngine } from './lmdb/engine.ts';

export type EngineDependencies = { dataFolder: string; log: Log; clock: Clock };

/** The engine of the configuration, not started. Throws Problem when the configuration makes no sense. */
export function engineOf(config: KeysConfig, deps: EngineDependencies): KeyEngine {
  return config.engine === 'embedded' ? embeddedEngineOf(config, deps) : clusterEngineOf(config, deps);
}

/** The engine that keeps its files below the data directory. */
function embeddedEngineOf({ history, limits }: KeysConfig, { dataFolder, log }: Omit<EngineDependencies, 'clock'>): EmbeddedEngine {
  return createEmbeddedEngine({
    folder: join(dataFolder, 'keys'),
    limits: { history, pathBytes: limits.key, valueBytes: limits.value },
    log: (level, message, facts) => log[level](facts, message),
  });
}

function clusterEngineOf({ etcd, history, limits }: KeysConfig, { log, clock }: EngineDependencies): KeyEngine {
  if (etcd.endpoints.length === 0)
    throw new Problem('invalid', 'The engine etcd needs to know where its cluster is.', {
      hint: '--set keys.etcd.endpoints=http://10.0.0.1:2379',
      pointer: 'keys.etcd.endpoints',
    });
  const file = (setting: 'ca' | 'cert' | 'key' | 'passwordFile'): Buffer | undefined =>
    etcd[setting] === '' ? undefined : readSetting(`keys.etcd.${setting}`, etcd[setting]);
  return createClusterEngine({
    endpoints: etcd.endpoints,
    prefix: etcd.prefix,
    user: etcd.user === '' ? undefined : etcd.user,
    // Editors end a file with a line break, and no password does.
    password: file('passwordFile')?.toString('utf8').trimEnd(),
    tls: { ca: file('ca'), cert: file('cert'), key: file('key') },
    history,
    limits: { valueBytes: limits.value, pathBytes: limits.key },
    log,
    now: () => clock.now(),
  });
}

function readSetting(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Problem('invalid', `The file of ${setting} cannot be read.`, {
      detail: error instanceof Error ? error.message : String(error),
      pointer: setting,
      cause: error,
    });
  }
}
