/**
 * Servers, launchers, wrappers and programs are killed at random moments; nothing that was acknowledged is lost, and nothing runs twice.
 * WEIR_TEST_ALL=1 makes it long and random, WEIR_CHAOS_ROUNDS as long as you want, WEIR_SEED repeats a run.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chaos, chaosOf } from './chaos.ts';
import { House } from './house.ts';

const { seed, rounds } = chaosOf(6);

const house = new House(['jobs.cores=6']);
beforeAll(() => house.start());
afterAll(() => house.close());

test(`nothing is lost and nothing runs twice (WEIR_SEED=${seed})`, { timeout: 300_000 + 20_000 * rounds }, async () => {
  const chaos = new Chaos(house, seed);
  await chaos.rage(rounds, ['server', 'wrapper', 'both', 'launcher', 'program', 'start'], 10);
  const jobs = await chaos.check();
  console.log(`${jobs} jobs through ${rounds} blows of WEIR_SEED=${seed}`);
  expect(jobs).toBeGreaterThan(0);
});
