import { expect, test } from 'vitest';
import { cutTo, displayWidth, formatTable, makeVisible, type TableColumn } from './table.ts';

type Host = { name: string; bytes: number };
const columns: TableColumn<Host>[] = [
  { title: 'host', show: ({ name }) => name },
  { title: 'bytes', align: 'right', show: ({ bytes }) => String(bytes) },
];

test('aligns text left and numbers right', () => {
  const rows = [
    { name: 'C1', bytes: 5 },
    { name: 'C17693', bytes: 12345 },
  ];
  expect(formatTable(rows, columns)).toEqual(['host    bytes', 'C1          5', 'C17693  12345']);
});

test('prints the head of an empty table', () => {
  expect(formatTable([], columns)).toEqual(['host  bytes']);
});

test('cuts the widest text, never a number, to fit the terminal', () => {
  const lines = formatTable([{ name: 'a-rather-long-name.example.org', bytes: 1234567 }], columns, { width: 20 });
  expect(lines[1]).toBe('a-rather-l…  1234567');
  expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(20);
});

test('keeps columns straight behind wide characters', () => {
  const rows = [
    { name: '東京', bytes: 1 },
    { name: 'abcd', bytes: 2 },
  ];
  expect(formatTable(rows, columns).slice(1)).toEqual(['東京      1', 'abcd      2']);
});

test('makes escape sequences of hostile names visible', () => {
  expect(formatTable([{ name: '\u001b[2J\nx', bytes: 1 }], columns)[1]).toBe('\\x1b[2J\\x0ax      1');
  expect(makeVisible('a\u202eb')).toBe('a\\u202eb');
});

test.each([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['日本', 4],
  ['👍', 2],
  ['👩‍👩‍👧', 2],
  ['…', 1],
])('%j takes %i cells', (text, cells) => {
  expect(displayWidth(text)).toBe(cells);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 4, 'abc…'],
  ['日本語', 4, '日…'],
  ['日本語', 5, '日本…'],
])('cuts %j to %i cells', (text, width, expected) => {
  expect(cutTo(text, width)).toBe(expected);
});
