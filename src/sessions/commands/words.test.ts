import { expect, test } from 'vitest';
import { assignmentsOf, literalOf } from './arguments.ts';
import { isOpen } from './shell.ts';

test.each([
  ['5', '5'],
  ['-5', '-5'],
  ['0', '0'],
  ['1.25', '1.25'],
  ['1e9', '1e9'],
  ['007', '"007"'],
  ['1_000', '"1_000"'],
  ['', '""'],
  ['True', '"True"'],
  ['a "b" \\ c\n', '"a \\"b\\" \\\\ c\\n"'],
  ['"; import os #', '"\\"; import os #"'],
])('%j is %s in Python', (text, literal) => expect(literalOf(text)).toBe(literal));

test.each([
  [['--start-day', '5', '--name=x=y'], 'start_day = 5\nname = "x=y"'],
  [['--n', '--5'], 'n = "--5"'],
  [[], ''],
])('%j become variables', (words, lines) => expect(assignmentsOf(words)).toBe(lines));

test.each([[['x']], [['--class', '1']], [['--a.b', '1']], [['--1', '1']], [['--x']], [['--x;y', '1']]])('%j are refused', (words) =>
  expect(() => assignmentsOf(words)).toThrow('not as expected'),
);

test.each([
  [['1 + 1'], false],
  [['def f():'], true],
  [['def f():', '  return 1'], true],
  [['def f():', '  return 1', ''], false],
  [['f(1,'], true],
  [['f(1,', '2)'], false],
  [["x = '''a"], true],
  [["x = '''a", "b'''"], false],
  [["print('(')  # :("], false],
  [['x = 1 + \\'], true],
  [['@cache'], true],
  [['  '], false],
])('%j is open: %s', (lines, open) => expect(isOpen(lines, false)).toBe(open));

test('SQL goes on to its semicolon', () => {
  expect(isOpen(['select 1'], true)).toBe(true);
  expect(isOpen(['select 1', 'from flows;'], true)).toBe(false);
});
