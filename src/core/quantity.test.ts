import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDurationMs, parseSize, readCount, readDuration, readSize } from './quantity.ts';

describe('readCount', () => {
  test.each<[string, bigint | undefined]>([
    ['0', 0n],
    ['007', 7n],
    ['1k', 1000n],
    ['1K', 1000n],
    ['1m', 1_000_000n],
    ['1.5M', 1_500_000n],
    ['2g', 2_000_000_000n],
    ['3t', 3_000_000_000_000n],
    ['1p', 10n ** 15n],
    ['1Ki', 1024n],
    ['1ki', 1024n],
    ['1.5Mi', 1_572_864n],
    ['2Gi', 1n << 31n],
    ['1Ti', 1n << 40n],
    ['0.001k', 1n],
    ['18446744073709551615', 18446744073709551615n],
    ['1.5', undefined],
    ['0.0001k', undefined],
    ['', undefined],
    ['k', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['1 k', undefined],
    ['1kk', undefined],
    ['1.', undefined],
    ['.5k', undefined],
    ['1,000', undefined],
    ['1constructor', undefined],
    ['1'.repeat(100_000), undefined],
  ])('%s', (text, expected) => {
    expect(readCount(text)).toBe(expected);
  });
});

test.each<[string, bigint | undefined]>([
  ['64KiB', 65536n],
  ['10MB', 10_000_000n],
  ['10mb', 10_000_000n],
  ['512B', 512n],
  ['512', 512n],
  ['1.5GiB', 1610612736n],
  ['B', undefined],
  ['1BB', undefined],
])('size %s', (text, expected) => {
  expect(readSize(text)).toBe(expected);
});

describe('readDuration', () => {
  test.each<[string, bigint | undefined]>([
    ['250ms', 250_000_000n],
    ['5s', 5_000_000_000n],
    ['2m', 120_000_000_000n],
    ['2min', 120_000_000_000n],
    ['1.5h', 5_400_000_000_000n],
    ['7d', 604_800_000_000_000n],
    ['1w', 604_800_000_000_000n],
    ['10us', 10_000n],
    ['10µs', 10_000n],
    ['1ns', 1n],
    ['0.5ns', undefined],
    ['5', undefined],
    ['5x', undefined],
    ['s', undefined],
    ['5toString', undefined],
  ])('%s', (text, expected) => {
    expect(readDuration(text)).toBe(expected);
  });

  test('a number alone counts in the unit that the caller names', () => {
    expect(readDuration('1.5', 's')).toBe(1_500_000_000n);
    expect(readDuration('1.5', 'ms')).toBe(1_500_000n);
    expect(readDuration('1500ms', 's')).toBe(1_500_000_000n);
  });

  test('formatDuration is its inverse', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 19n), fc.constantFrom(1n, 1000n, 10n ** 9n, 3600n * 10n ** 9n), (count, scale) => {
        expect(readDuration(formatDuration(count * scale))).toBe(count * scale);
      }),
      { seed: 42 },
    );
  });
});

test('a problem names the setting, what was expected and what came', () => {
  expect(() => parseSize('big', 'limits.body')).toThrow('limits.body: expected a size such as 64KiB or 10MB, got "big"');
  expect(() => parseDurationMs('5', 'idle')).toThrow('idle: expected a duration such as 250ms, 5m or 7d, got "5"');
  expect(() => parseSize('9'.repeat(39), 'x')).toThrow('x: expected a size');
  expect(parseSize('64KiB', 'x')).toBe(65536);
  expect(parseDurationMs('5m', 'x')).toBe(300_000);
  expect(parseDurationMs('5', 'x', 's')).toBe(5000);
});
