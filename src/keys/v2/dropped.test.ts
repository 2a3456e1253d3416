import { expect, test } from 'vitest';
import { Dropped } from './dropped.ts';

test('counts every watcher that was dropped, and tells of many in one line', () => {
  const lines: unknown[] = [];
  let now = 5;
  const dropped = new Dropped({ warn: (facts: unknown) => void lines.push(facts) } as never, () => now);
  dropped.add('101 changes behind', '127.0.0.1');
  dropped.add('102 changes behind', undefined);
  dropped.add('103 changes behind', undefined);
  now += 1000;
  dropped.add('104 changes behind', undefined);
  expect(dropped.count).toBe(4);
  expect(lines).toEqual([
    { reason: '101 changes behind', client: '127.0.0.1', watchers: 1 },
    { reason: '104 changes behind', client: undefined, watchers: 3 },
  ]);
});
