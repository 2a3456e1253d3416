import { describe, expect, it } from 'vitest';
import type { FileEntry } from './catalog.ts';
import { type Part, planParts } from './parts.ts';
import { anyTime } from './selection.ts';
import type { Slice } from './slices.ts';

const file = (path: string, rows: number, minTime = 0, maxTime = 99): FileEntry => ({
  path,
  shape: 'named',
  day: 0,
  rows,
  minTime,
  maxTime,
  minId: 1,
  maxId: rows,
  bytes: 1,
  sha256: '',
});

const plain = (files: FileEntry[], from = 0, to = 99): Slice => ({ from, to, files, hot: false, needsSort: false });
const shown = ({ files, rows }: Part): string => files.map(({ path }) => path).join('+') + (rows ? ` ${rows.from}-${rows.to}` : '');

describe('the parts of slices', () => {
  it('cut large files where their row groups end, and begin with a small one', () => {
    const parts = planParts([plain([file('a', 140_000)])]);
    expect(parts.map(shown)).toEqual(['a 0-8192', 'a 8192-61440', 'a 61440-122880', 'a 122880-140000']);
    expect(parts.every((part) => part.within === anyTime)).toBe(true);
  });

  it('read small files together', () => {
    const files = [file('a', 20_000), file('b', 9000), file('c', 9000), file('d', 60_000), file('e', 1)];
    expect(planParts([plain(files)]).map(shown)).toEqual(['a+b+c', 'd+e']);
    expect(planParts([plain([file('a', 10)]), plain([file('b', 10)])]).map(shown)).toEqual(['a', 'b']);
  });

  it('leave files whole that reach beyond the bounds, and ask their rows for the time', () => {
    const parts = planParts([plain([file('a', 200_000, 0, 9), file('b', 9000, 10, 19), file('c', 200_000, 20, 29)], 5, 24)]);
    expect(parts.map(shown)).toEqual(['a', 'b', 'c']);
    expect(parts.map(({ within }) => within)).toEqual([{ from: 5, to: 24 }, anyTime, { from: 5, to: 24 }]);
  });

  it('keep slices that are sorted or hot as they are', () => {
    const slice = { ...plain([file('a', 200_000)], 3, 7), needsSort: true, hot: true };
    expect(planParts([slice])).toMatchObject([{ files: slice.files, hot: true, needsSort: true, within: { from: 3, to: 7 } }]);
  });
});
