/** The same chaos as in kill.test.ts, small, in front of Slurm. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Chaos } from './chaos.ts';
import { House } from './house.ts';
import { noSlurm, SlurmCluster } from './slurm-cluster.ts';

const seed = Number(process.env.WEIR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seconds = Number(process.env.WEIR_CHAOS_SECONDS ?? 5);

describe.skipIf(noSlurm !== undefined)('chaos in front of Slurm [needs slurm-wlm and munge]', () => {
  const cluster = new SlurmCluster();
  const house = new House(['jobs.backend=slurm', `jobs.slurm.config=${cluster.config}`, 'jobs.slurm.interval=200ms']);
  beforeAll(async () => {
    await cluster.start();
    await house.start();
  }, 120_000);
  afterAll(async () => {
    await house.close();
    await cluster.close();
  }, 120_000);

  test(`nothing is lost and nothing runs twice (WEIR_SEED=${seed})`, { timeout: 300_000 + 5000 * seconds }, async () => {
    const chaos = new Chaos(house, seed);
    const rounds = await chaos.rage(seconds, ['server', 'wrapper', 'both', 'start'], 3);
    const jobs = await chaos.check();
    console.log(`${jobs} jobs through ${rounds} blows in Slurm`);
    expect(jobs).toBeGreaterThan(0);
  });
});
