/**
 * What every key engine must do: one suite, run by each engine's own test (`engineConformance`). It needs vitest, so nothing but tests
 * may import it.
 */
import { assert, asyncProperty } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { following } from './following.ts';
import { arbitraryWrites, compareWithModel } from './model.ts';
import { reads } from './reads.ts';
import { times } from './times.ts';
import { transactions } from './transactions.ts';
import { type EngineUnderTest, Trial } from './trial.ts';
import { writes } from './writes.ts';

/** Runs the suite on a store that `make` makes. */
export function engineConformance(name: string, make: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the engine's contract`, () => {
    const trial = new Trial();
    const { fresh } = trial;
    beforeAll(async () => await trial.begin(await make()));
    afterAll(() => trial.end());

    writes(trial);
    transactions(trial);
    reads(trial);
    following(trial);
    times(trial);

    it('equals the simplest engine in all that it does', async () => {
      const property = asyncProperty(arbitraryWrites, async (writes) => await compareWithModel(trial.engine, fresh(), writes));
      await assert(property, { numRuns: trial.subject.modelRuns ?? 100, endOnFailure: true });
    }, 300_000);

    it('tells who it is, and that it is ready', async () => {
      const status = await trial.engine.status();
      expect(status.clusterId).toMatch(/^[1-9a-f][0-9a-f]{0,15}$/);
      expect(status.members.map(({ id }) => id)).toContain(status.self);
      expect(status.leader).toBeDefined();
      expect(Math.min(status.term, status.position)).toBeGreaterThanOrEqual(1);
      expect(await trial.engine.unready()).toBeUndefined();
    });
  });
}
