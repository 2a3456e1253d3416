import { expect, test } from 'vitest';
import { fuzzCaptures } from './fuzz.ts';

test('the captures that fuzzing starts from are valid', () => {
  expect(fuzzCaptures(1, 0)).toEqual({ seed: 1, rounds: 0, packets: 0, refused: 0 });
});

test('mutated captures give packets or a problem, in bounded time', () => {
  const report = fuzzCaptures(20_260_801, 3000);
  // Both must happen often, or the mutations test nothing.
  expect(report.packets).toBeGreaterThan(3000);
  expect(report.refused).toBeGreaterThan(300);
});
