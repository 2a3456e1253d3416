/** The same chaos as in kill.test.ts, small, in front of Slurm. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Chaos, chaosOf } from './chaos.ts';
import { House } from './house.ts';
import { noSlurm, SlurmCluster, slurmPatienceMs } from './slurm-cluster.ts';

const { seed, rounds } = chaosOf(3);

describe.skipIf(noSlurm !== undefined)('chaos in front of Slurm [needs slurm-wlm and munge]', () => {
  const cluster = new SlurmCluster();
  const house = new House(['jobs.backend=slurm', `jobs.slurm.config=${cluster.config}`, 'jobs.slurm.interval=200ms']);
  beforeAll(async () => {
    await cluster.start();
    await house.start();
  }, slurmPatienceMs);
  afterAll(async () => {
    await house.close();
    await cluster.close();
  }, slurmPatienceMs);

  test(`nothing is lost and nothing runs twice (WEIR_SEED=${seed})`, { timeout: slurmPatienceMs + 30_000 * rounds }, async () => {
    const chaos = new Chaos(house, seed);
    await chaos.rage(rounds, ['both', 'wrapper', 'start', 'server'], 3);
    const jobs = await chaos.check();
    console.log(`${jobs} jobs through ${rounds} blows of WEIR_SEED=${seed} in Slurm`);
    expect(jobs).toBeGreaterThan(0);
  });
});
