import { expect, test } from 'vitest';
import { MemoryEngine, Tree } from '../keys/index.ts';
import { FairShare } from './fair-share.ts';

const hour = 3600_000;

test('servers on one tree see the same use, and none overwrites another', async () => {
  const tree = new Tree(new MemoryEngine(), 'system');
  const shares = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const share = new FairShare({ tree, halfLifeMs: hour, weights: new Map(), server: () => name });
      await share.start();
      return share;
    }),
  );
  const [one, two] = shares as [FairShare, FairShare];
  await tree.transact([one.charge('/time/users.ann', 100, 0)]);
  await tree.transact([two.charge('/time/users.ann', 60, 0)]);
  await tree.transact([one.charge('/time/users.ann', 40, hour)]);
  for (const share of shares) expect(share.useOf('/time/users.ann', hour)).toBeCloseTo(50 + 30 + 40);
  const later = new FairShare({ tree, halfLifeMs: hour, weights: new Map(), server: () => 'one' });
  await later.start();
  expect(later.all(hour)).toEqual([{ group: '/time/users.ann', use: 120, weight: 1 }]);
  for (const share of [...shares, later]) share.stop();
});
