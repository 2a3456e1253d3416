import { expect, test } from 'vitest';
import { ReadAhead } from './read-ahead.ts';

test('opens in order, and ahead only as far as it is told and may', async () => {
  const opened: number[] = [];
  const reading = new ReadAhead([1, 2, 3, 4, 5], async (plan) => {
    opened.push(plan);
    return plan;
  });
  expect(await reading.next()).toBe(1);
  expect(opened).toEqual([1]);
  reading.prepare(2, (plan) => plan !== 4);
  expect(opened).toEqual([1, 2, 3]);
  reading.prepare(9, (plan) => plan !== 4);
  expect(opened).toEqual([1, 2, 3]);
  expect([await reading.next(), await reading.next(), await reading.next(), await reading.next()]).toEqual([2, 3, 4, 5]);
  expect(await reading.next()).toBeUndefined();
});

test('tells a failure when its turn comes', async () => {
  const reading = new ReadAhead([1, 2], (plan) => (plan === 2 ? Promise.reject(new Error('no')) : Promise.resolve(plan)));
  reading.prepare(2, () => true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await reading.next()).toBe(1);
  await expect(reading.next()).rejects.toThrow('no');
});
