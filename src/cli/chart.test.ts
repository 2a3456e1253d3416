import { expect, test } from 'vitest';
import { columnSeconds, formatChart, formatSparkline } from './chart.ts';

const ramp = [0, 1, 2, 3, 4].map((i) => ({ time: 600 + i * 60, value: i * 100 }));

test('draws a column for each bucket, with both axes labelled', () => {
  expect(formatChart(ramp, { bucketSeconds: 60, width: 40, height: 2, unit: 'B' })).toEqual([
    '    400 B ┤            ▄▄▄▄████',
    '          ┤    ▄▄▄▄████████████',
    '        0 └────────────────────',
    '           #600            #900',
    '           a step is 1 min',
  ]);
});

test('degrades to ASCII', () => {
  const text = formatChart(ramp, { bucketSeconds: 60, width: 40, height: 3, ascii: true }).join('\n');
  expect(text).toMatch(/^[\x20-\x7e\n]+$/);
});

test('sums buckets where the terminal is too narrow', () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ time: i * 60, value: 1 }));
  const lines = formatChart(points, { bucketSeconds: 60, width: 60 });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.at(-1)).toContain('a step is 20 min');
  expect(lines[0]).toContain('20 ┤');
});

test('draws a span of decades with two points in bounded room', () => {
  const lines = formatChart(
    [
      { time: 0, value: 1 },
      { time: 4_000_000_000, value: 1 },
    ],
    { bucketSeconds: 1, width: 80 },
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('says so where there is nothing', () => {
  expect(formatChart([], { bucketSeconds: 60, width: 80 })).toEqual(['(no flows)']);
});

test('a sparkline shows any value above zero', () => {
  const points = [
    { time: 0, value: 1 },
    { time: 120, value: 1000 },
  ];
  expect(formatSparkline(points, { start: 0, seconds: 60, columns: 3, top: 1000 })).toBe('▁ █');
});

test.each([
  [0, 59, 1, 60, 1],
  [0, 60, 1, 60, 2],
  [0, 0, 60, 10, 60],
  [0, 3600, 60, 10, 420],
])('from %i to %i in buckets of %i s on %i cells, a column holds %i s', (start, last, bucket, cells, expected) => {
  expect(columnSeconds(start, last, bucket, cells)).toBe(expected);
});
