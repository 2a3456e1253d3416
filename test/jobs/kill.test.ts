/**
 * Servers, launchers, wrappers and programs are killed at random moments; nothing that was acknowledged is lost, and nothing runs twice.
 * WEIR_SEED repeats a run, WEIR_CHAOS_SECONDS makes it longer.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chaos } from './chaos.ts';
import { House } from './house.ts';

const seed = Number(process.env.WEIR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const seconds = Number(process.env.WEIR_CHAOS_SECONDS ?? 15);

const house = new House(['jobs.cores=6']);
beforeAll(() => house.start());
afterAll(() => house.close());

test(`nothing is lost and nothing runs twice (WEIR_SEED=${seed})`, { timeout: 180_000 + 3000 * seconds }, async () => {
  console.log(`jobs and blows of WEIR_SEED=${seed}`);
  const chaos = new Chaos(house, seed);
  const rounds = await chaos.rage(seconds, ['server', 'server', 'wrapper', 'both', 'launcher', 'program', 'start'], 12);
  const jobs = await chaos.check();
  console.log(`${jobs} jobs through ${rounds} blows`);
  expect(jobs).toBeGreaterThan(0);
});
