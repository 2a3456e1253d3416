/** The suite of all back ends, on a real cluster of Slurm with one node. */

import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { createLog } from '../../src/core/log.ts';
import { testBackend } from '../../src/jobs/backend-conformance.ts';
import { type JobsConfig, jobsSettings } from '../../src/jobs/config.ts';
import { createSlurmBackend } from '../../src/jobs/slurm/slurm-backend.ts';
import { noSlurm, SlurmCluster, slurmPatienceMs } from './slurm-cluster.ts';

describe.skipIf(noSlurm !== undefined)('jobs in Slurm [needs slurm-wlm and munge]', () => {
  const cluster = new SlurmCluster();
  beforeAll(() => cluster.start(), slurmPatienceMs);
  afterAll(() => cluster.close(), slurmPatienceMs);
  testBackend('slurm', (folder) => {
    const config = Value.Create(jobsSettings) as JobsConfig;
    config.grace = 300;
    config.slurm = { ...config.slurm, config: cluster.config, interval: 200 };
    return createSlurmBackend(config, { folder, log: createLog({ level: 'warn' }), clock: systemClock });
  });
});
