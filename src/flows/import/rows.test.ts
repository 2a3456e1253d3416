import { describe, expect, it } from 'vitest';
import { Problem } from '../../core/problem.ts';
import type { RowFault } from './rows.ts';
import { BadRows, keptBadRows, reasonOf } from './rows.ts';

const fault = { line: 17, column: 8, name: 'packet count', value: '-3', expected: 'a whole number' };

const problemOf = (act: () => void): Problem => {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('reasonOf', () => {
  it.each<[RowFault, string]>([
    [fault, 'line 17, column 8 (packet count): expected a whole number, got "-3"'],
    [{ line: 2, expected: '9 columns', got: '8' }, 'line 2: expected 9 columns, got 8'],
    [{ line: 2, name: 'time', value: '', expected: 'a value' }, 'line 2, time: expected a value, got nothing'],
    [{ line: 5, unit: 'element', value: '1\u0007', expected: 'a JSON object' }, 'element 5: expected a JSON object, got "1\\u0007"'],
    [{ line: 1, value: 'x'.repeat(90), expected: 'y' }, `line 1: expected y, got "${'x'.repeat(80)}…"`],
  ])('words %j', (given, reason) => {
    expect(reasonOf(given)).toBe(reason);
  });
});

describe('BadRows', () => {
  it('stops at the first bad row when none may be skipped', () => {
    const problem = problemOf(() => new BadRows().add(fault));
    expect(problem.code).toBe('unprocessable');
    expect(problem.title).toBe('line 17, column 8 (packet count): expected a whole number, got "-3"');
    expect(problem.facts).toEqual(fault);
    expect(problem.hint).toContain('--skip-bad');
  });

  it('skips as many as it may and stops at the next', () => {
    const badRows = new BadRows(2);
    badRows.add(fault);
    badRows.add({ ...fault, line: 18 });
    const problem = problemOf(() => badRows.add({ ...fault, line: 19 }));
    expect(problem.title).toMatch(/^bad row 3, where --skip-bad=2 allows 2: line 19, column 8/);
    expect(problem.facts).toMatchObject({ line: 19, badRows: 3, limit: 2, first: [{ line: 17 }, { line: 18 }] });
  });

  it('counts all and keeps the first hundred when any number may be skipped', () => {
    const badRows = new BadRows(true);
    for (let line = 1; line <= 250; line++) badRows.add({ ...fault, line });
    expect(badRows.count).toBe(250);
    expect(badRows.kept).toHaveLength(keptBadRows);
    expect(badRows.kept.at(-1)).toEqual({ line: 100, reason: 'line 100, column 8 (packet count): expected a whole number, got "-3"' });
  });
});
