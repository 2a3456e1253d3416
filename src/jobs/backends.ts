/**
 * The back ends that the setting `jobs.backend` can name: by a word, or by the absolute path of a file of somebody else that exports a function
 * `createBackend(config, dependencies)`. What it answers passes the suite of `backend-conformance.ts`.
 */
import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { Backend, BackendDependencies } from './backend.ts';
import type { JobsConfig } from './config.ts';
import { createLocalBackend } from './local/local-backend.ts';
import { createSlurmBackend } from './slurm/slurm-backend.ts';

type MakeBackend = (config: JobsConfig, deps: BackendDependencies) => Backend;

const own: Readonly<Record<string, MakeBackend>> = { local: createLocalBackend, slurm: createSlurmBackend };

/** The back end that the configuration names. Throws `invalid` when there is none. */
export function makeBackend(config: JobsConfig, deps: BackendDependencies): Backend {
  const { backend } = config;
  if (Object.hasOwn(own, backend)) return (own[backend] as MakeBackend)(config, deps);
  if (!isAbsolute(backend)) throw fault(`expected ${Object.keys(own).join(', ')} or an absolute path, got ${JSON.stringify(backend)}`);
  let file: { createBackend?: unknown };
  try {
    file = createRequire(import.meta.url)(backend) as typeof file;
  } catch (cause) {
    throw fault((cause as Error).message, cause);
  }
  if (typeof file.createBackend !== 'function') throw fault(`${backend} exports no function createBackend`);
  return (file.createBackend as MakeBackend)(config, deps);
}

const fault = (detail: string, cause?: unknown): Problem =>
  new Problem('invalid', 'The setting jobs.backend names no back end.', { detail, pointer: 'jobs.backend', cause });
