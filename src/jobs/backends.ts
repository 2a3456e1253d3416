/** The back ends that the setting `jobs.backend` can name. A new one is its file, and a line here. */
import type { Backend, BackendDependencies } from './backend.ts';
import type { JobsConfig } from './config.ts';
import { createLocalBackend } from './local/local-backend.ts';

export const backends: Record<'local', (config: JobsConfig, deps: BackendDependencies) => Backend> = {
  local: createLocalBackend,
};
