import { expect, test } from 'vitest';
import { median, playRounds, quantile, type Usage } from '../../bench/rounds.ts';

test.each([
  [[3, 1, 2], 0.5, 2],
  [[4, 1, 2, 3], 0.5, 2.5],
  [[10, 20], 0.99, 19.9],
  [[7], 1, 7],
])('the quantile of %j at %d is %d', (values, part, expected) => {
  expect(quantile(values, part)).toBeCloseTo(expected);
});

test('nothing has no median', () => {
  expect(median([])).toBeNaN();
});

test('contenders take turns; the median time and the greatest memory count', async () => {
  const turns: string[] = [];
  const usages: Usage[] = [
    { wallMs: 100, cpuMs: 50, peakOctets: 3 },
    { wallMs: 900, cpuMs: 60, peakOctets: 9 },
    { wallMs: 200, cpuMs: 70, peakOctets: 1 },
  ];
  const contender = (name: string) => ({ name, units: 1000, run: async (round: number) => usages[round] as Usage });
  const standings = await playRounds([contender('a'), contender('b')], 3, (name) => turns.push(name));
  expect(turns.join('')).toBe('ababab');
  expect(standings[0]).toMatchObject({ unitsPerSecond: 5000, median: { wallMs: 200, cpuMs: 60, peakOctets: 9 } });
});
