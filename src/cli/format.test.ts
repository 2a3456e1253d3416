import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatScaled, formatShare, formatTime } from './format.ts';

test.each([
  [0, '0 B'],
  [46, '46 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1499, '1.50 kB'],
  [9_994, '9.99 kB'],
  [9_996, '10.0 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [2_591_409_223, '2.59 GB'],
  [1e30, '1000000000000 EB'],
  [Number.NaN, '-'],
])('%d octets are %s', (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

test.each([
  [0.5, '0.50'],
  [-1500, '-1.50 k'],
  [1_234_567, '1.23 M'],
])('%d scales to %s', (value, expected) => {
  expect(formatScaled(value)).toBe(expected);
});

test.each([
  [0, '0 s'],
  [0.00001, '1 ms'],
  [0.35, '350 ms'],
  [0.9999, '1 s'],
  [4.24, '4.2 s'],
  [59.96, '1 m 0 s'],
  [200, '3 m 20 s'],
  [3599.6, '1 h 0 m'],
  [7500, '2 h 5 m'],
  [5_011_200, '58 d 0 h'],
  [-1, '-'],
  [Number.NaN, '-'],
])('%d seconds last %s', (seconds, expected) => {
  expect(formatDuration(seconds)).toBe(expected);
});

test.each([
  [1_488_326_400, '2017-03-01 00:00:00'],
  [5_011_200, '#5011200'],
  [4_354_819_200, '2108-01-01 00:00:00'],
  [1e15, '#1000000000000000'],
])('the second %d is %s', (seconds, expected) => {
  expect(formatTime(seconds)).toBe(expected);
});

test('groups the digits of counts and shows shares in percent', () => {
  expect(formatCount(448_859)).toBe('448,859');
  expect(formatCount(Number.NaN)).toBe('-');
  expect(formatShare(0.1234)).toBe('12.3 %');
});
