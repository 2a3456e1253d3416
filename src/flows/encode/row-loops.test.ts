import { expect, test } from 'vitest';
import { plainField } from './field.ts';
import { ndjsonNotation } from './json.ts';
import { rowLoops } from './row-loops.ts';

const notation = (name: string) => ndjsonNotation([plainField(name, 'BIGINT'), plainField('b', 'UBIGINT')], 'number');

test('a loop is compiled once for the same fields', () => {
  expect(rowLoops(notation('a'), 200)('pm')).toBe(rowLoops(notation('a'), 200)('pm'));
  expect(rowLoops(notation('a'), 200)('pm')).not.toBe(rowLoops(notation('other'), 200)('pm'));
});

test('whatever clients ask for, few loops are kept', () => {
  const fields = Array.from({ length: 10 }, (_, i) => plainField(`f${i}`, 'BIGINT'));
  const loops = rowLoops(ndjsonNotation(fields, 'number'), 1000);
  const given = new Set(
    Array.from({ length: 1024 }, (_, i) => loops(i.toString(2).padStart(10, '0').replaceAll('0', 'm').replaceAll('1', 'p'))),
  );
  expect(given.size).toBeLessThanOrEqual(17);

  expect(loops('p3p3p3p3p3')).toBeUndefined();

  const first = rowLoops(notation('a'), 200)('pp');
  for (let i = 0; i < 40; i++) rowLoops(notation(`n${i}`), 200)('pp');
  expect(rowLoops(notation('a'), 200)('pp')).not.toBe(first);
});
