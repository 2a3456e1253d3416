import { expect, test } from 'vitest';
import { readArrayRange } from './array-range.ts';
import { splitCommand } from './command-line.ts';
import { prettyDuration, readTimeSpec } from './duration.ts';
import { Heap } from './heap.ts';
import { Pool } from './pool.ts';
import { readPriority } from './priority.ts';
import { parseResources } from './resources.ts';

test.each([
  [0, '0s'],
  [59, '59s'],
  [60, '1m00s'],
  [130, '2m10s'],
  [3599, '59m59s'],
  [3600, '1h00m'],
  [3900, '1h05m'],
  [86_399, '23h59m'],
  [86_400, '1d00h'],
  [694_800, '8d01h'],
  [-5, '0s'],
  [31.9, '31s'],
])('%d seconds are %s', (seconds, text) => expect(prettyDuration(seconds)).toBe(text));

test.each([
  ['3h30m', 12_600],
  ['90', 90],
  ['1W', 604_800],
  [45, 45],
  ['1m1m', 120],
  ['', undefined],
  ['m', undefined],
  ['-1', undefined],
  ['1.5h', undefined],
  ['1y', undefined],
])('%s is a time of %s', (text, seconds) => expect(readTimeSpec(text)).toBe(seconds));

test.each([
  ['8', 8, 8],
  ['h', 8, 8],
  ['top', 15, 15],
  ['12.low', 12, 1],
])('the priority %s', (text, priority, runPriority) => expect(readPriority(text)).toEqual({ priority, runPriority }));
test.each(['0', '16', '', 'x', '1.2.3', 'lower'])('%j is no priority', (text) => expect(readPriority(text)).toBe(undefined));

test.each([
  ['', [{ takes: { CORES: 1 } }]],
  ['linux64', [{ takes: { CORES: 1 }, has: ['linux64'] }]],
  ['CORES/2 RAM/500', [{ takes: { CORES: 2, RAM: 500 } }]],
  ['RAM#8000 AND !slow', [{ takes: { CORES: 1 }, atLeast: { RAM: 8000 }, not: ['slow'] }]],
  [
    'a & b | c',
    [
      { takes: { CORES: 1 }, has: ['a', 'b'] },
      { takes: { CORES: 1 }, has: ['c'] },
    ],
  ],
  [
    'a & (b | c)',
    [
      { takes: { CORES: 1 }, has: ['a', 'b'] },
      { takes: { CORES: 1 }, has: ['a', 'c'] },
    ],
  ],
  ['NOT (a | b)', [{ takes: { CORES: 1 }, not: ['a', 'b'] }]],
  [
    '!(a & b)',
    [
      { takes: { CORES: 1 }, not: ['a'] },
      { takes: { CORES: 1 }, not: ['b'] },
    ],
  ],
  ['!RAM#100', [{ takes: { CORES: 1 }, below: { RAM: 100 } }]],
])('the resources %j', (text, needs) => expect(parseResources(text)).toEqual(needs));
test.each(['a |', '| a', '(a', 'a)', 'RAM/', 'RAM/1.5', 'RAM/-1', '!RAM/5', 'a && b', 'a%b', '('.repeat(60), '(a|b)'.repeat(9)])(
  'the resources %j are refused',
  (text) => expect(() => parseResources(text)).toThrow('The resources cannot be read.'),
);

test.each([
  ['sleep 10', ['sleep', '10']],
  ['echo "two words" \'and $more\'', ['echo', 'two words', 'and $more']],
  ['a\\ b  ""', ['a b', '']],
])('the command %j', (text, words) => expect(splitCommand(text)).toEqual(words));
test.each(['a | b', 'a > b', 'a; b', 'a $HOME', 'a *', "a 'b", 'a \\', 'a "$HOME"', 'a "`b`"'])('%j needs a shell or is broken', (text) =>
  expect(() => splitCommand(text)).toThrow('The command cannot be split'),
);

test.each([
  ['0-6:2%2', { indexes: [0, 2, 4, 6], atOnce: 2 }],
  ['5,1,3-4,4', { indexes: [1, 3, 4, 5] }],
])('the array %s', (text, range) => expect(readArrayRange(text, 100)).toEqual(range));
test.each(['', '1-', '5-1', '1%0', '1%2%3', 'a', '1,,2', '0-200', '-3'])('%j is no array', (text) =>
  expect(typeof readArrayRange(text, 100)).toBe('string'),
);

test('a pool gives what it has, and says what is missing', () => {
  const pool = new Pool([{ host: 'h', amounts: { CORES: 2, LIC: 1 }, tags: ['linux64'] }]);
  const place = pool.find(parseResources('CORES/2 LIC'));
  expect(place).toEqual({ host: 'h', takes: { CORES: 2, LIC: 1 } });
  pool.take(place as Exclude<typeof place, string>);
  expect(pool.find(parseResources(''))).toBe('waits for CORES/1: 0 of 2 free on h');
  pool.give(place as Exclude<typeof place, string>);
  expect(pool.find(parseResources('linux64 h'))).toMatchObject({ host: 'h' });
  expect(pool.impossible(parseResources('CORES/3'))).toBe('h has 2 CORES, not 3');
  expect(pool.impossible(parseResources('!linux64'))).toBe('h has linux64');
});

test('a heap gives back in order', () => {
  const heap = new Heap<number>((a, b) => a < b);
  const numbers = Array.from({ length: 1000 }, (_, at) => (at * 7919) % 1009);
  for (const number of numbers) heap.push(number);
  expect(Array.from({ length: 1000 }, () => heap.pop())).toEqual(numbers.toSorted((a, b) => a - b));
  expect(heap.pop()).toBe(undefined);
});
