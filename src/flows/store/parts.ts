/**
 * The parts of a stream. Slices say what is read in which order; here those that need no sort are cut where a file has
 * a new row group (to begin within one would mean to unpack it twice), so that the next parts can be read while the rows of
 * one are on their way: each by a thread of its own or, through DuckDB, on a connection of its own.
 *
 *   slice   [ file a: 140,000 rows            ] [ b: 9000 ][ c: 9000 ]
 *   parts   [ 8192 ][ to 61,440 ][ to 122,880 ][ rest ] [ b and c    ]
 */
import { groupRows } from '../import/run-size.ts';
import type { FileEntry } from './catalog.ts';
import { anyTime } from './selection.ts';
import type { Slice, TimeBounds } from './slices.ts';

/** Rows `[from, to)` of one file, counted from 0. */
export type RowRange = { from: number; to: number };

/** What is read at once. */
export type Part = {
  files: FileEntry[];
  hot: boolean;
  needsSort: boolean;
  /** What its rows must be asked for; `anyTime` where all of them are within the bounds of the stream. */
  within: TimeBounds;
  /** Of its only file; undefined for all. */
  rows: RowRange | undefined;
};

/** The rows of a part, if all of them are within its bounds. */
export const rowsOf = ({ files, hot, within, rows }: Part): number | undefined => {
  if (hot || within !== anyTime) return undefined;
  return rows === undefined ? files.reduce((sum, file) => sum + file.rows, 0) : rows.to - rows.from;
};

/** Rows of the first part, which is there soon. */
const firstRows = 8192;

/** The parts of slices, in order. */
export const planParts = (slices: readonly Slice[]): Part[] => {
  const parts = slices.flatMap((slice) => (slice.needsSort ? [{ ...slice, within: slice, rows: undefined }] : cut(slice)));
  const [first, ...others] = parts;
  return first === undefined ? [] : [...early(first), ...others];
};

const cut = ({ files, from, to }: Slice): Part[] => {
  const parts: Part[] = [];
  for (const file of files) {
    const isWithin = file.minTime >= from && file.maxTime <= to;
    const last = parts.at(-1);
    if (!isWithin) parts.push(partOf([file], { from, to }));
    else if (file.rows > 2 * groupRows) parts.push(...ranges(file));
    else if (last !== undefined && canJoin(last, file)) last.files.push(file);
    else parts.push(partOf([file]));
  }
  return parts;
};

const partOf = (files: FileEntry[], within = anyTime, rows?: RowRange): Part => ({ files, hot: false, needsSort: false, within, rows });

const ranges = (file: FileEntry): Part[] =>
  Array.from({ length: Math.ceil(file.rows / groupRows) }, (_, at) =>
    partOf([file], anyTime, { from: at * groupRows, to: Math.min(file.rows, (at + 1) * groupRows) }),
  );

const canJoin = (part: Part, file: FileEntry): boolean =>
  part.rows === undefined && part.within === anyTime && part.files.reduce((sum, { rows }) => sum + rows, file.rows) <= groupRows;

/** Parts the first part of a stream once more. */
const early = (part: Part): Part[] => {
  const [file, ...others] = part.files;
  if (file === undefined || others.length > 0 || part.needsSort || part.within !== anyTime) return [part];
  const { from, to } = part.rows ?? { from: 0, to: file.rows };
  if (to - from <= 2 * firstRows) return [part];
  return [partOf([file], anyTime, { from, to: from + firstRows }), partOf([file], anyTime, { from: from + firstRows, to })];
};
