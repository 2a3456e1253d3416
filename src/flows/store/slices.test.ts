import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileEntry, HotExtent } from './catalog.ts';
import { planSlices, type Slice } from './slices.ts';

/** A row: its time and id. */
type Row = { time: number; id: number };
/** A sealed file (or, without a path, the hot table) with its rows in order. */
type Held = { rows: Row[]; shape: 'named' | 'addressed'; scale: number };

const inOrder = (a: Row, b: Row): number => a.time - b.time || a.id - b.id;

const extentOf = (rows: readonly Row[], scale: number): HotExtent => ({
  rows: rows.length * scale,
  minTime: Math.min(...rows.map((row) => row.time)),
  maxTime: Math.max(...rows.map((row) => row.time)),
  minId: Math.min(...rows.map((row) => row.id)),
  maxId: Math.max(...rows.map((row) => row.id)),
});

const entryOf = ({ rows, shape, scale }: Held, at: number): FileEntry => ({
  path: String(at),
  shape,
  day: 0,
  bytes: 1,
  sha256: '',
  ...extentOf(rows, scale),
});

/** Reads slices as the stream does: files in order, or all of a slice sorted; only rows within the slice. */
const read = (slices: readonly Slice[], held: readonly Held[], hot: readonly Row[], isForward: boolean): Row[] =>
  slices.flatMap((slice) => {
    const lists = slice.files.map((file) => (held[Number(file.path)] as Held).rows);
    const rows = [...lists, slice.hot ? hot : []].flat().filter((row) => row.time >= slice.from && row.time <= slice.to);
    if (!slice.needsSort) return rows;
    rows.sort(inOrder);
    return isForward ? rows : rows.reverse();
  });

const file = (path: string, minTime: number, maxTime: number, rows = 10, ids: [number, number] = [1, 10]): FileEntry => ({
  path,
  shape: 'named',
  day: 0,
  rows,
  minTime,
  maxTime,
  minId: ids[0],
  maxId: ids[1],
  bytes: 1,
  sha256: '',
});
const everywhere = { from: -1e15, to: 1e15 };
const shown = (slices: readonly Slice[]): string[] =>
  slices.map(
    ({ files, hot, needsSort, from, to }) =>
      `${files.map((f) => f.path).join('+')}${hot ? '+hot' : ''} ${from}..${to}${needsSort ? ' sorted' : ''}`,
  );

describe('planSlices', () => {
  const hot: HotExtent = { rows: 10, minTime: 5, maxTime: 15, minId: 100, maxId: 109 };
  it.each([
    ['nothing at all', [], undefined, []],
    ['one file as it lies', [file('a', 0, 9)], undefined, ['a 0..9']],
    ['neighbours together', [file('b', 10, 19), file('a', 0, 9)], undefined, ['a+b 0..19']],
    [
      'an overlap sorted, the rest as it lies',
      [file('a', 0, 9), file('b', 10, 20), file('c', 15, 30), file('d', 40, 50)],
      undefined,
      ['a 0..9', 'b+c 10..30 sorted', 'd 40..50'],
    ],
    [
      'files that share a second in the order of their ids',
      [file('a', 0, 9, 5, [1, 5]), file('b', 9, 12, 5, [6, 9])],
      undefined,
      ['a+b 0..12'],
    ],
    [
      'files that share a second, ids crossing, sorted',
      [file('a', 0, 9, 5, [1, 7]), file('b', 9, 12, 5, [6, 9])],
      undefined,
      ['a+b 0..12 sorted'],
    ],
    ['the hot table sorted', [], hot, ['+hot 5..15 sorted']],
    ['the hot table with what it overlaps', [file('a', 0, 9), file('b', 20, 29)], hot, ['a+hot 0..15 sorted', 'b 20..29']],
  ])('reads %s', (_, files, extent, expected) => {
    expect(shown(planSlices(files, extent, everywhere, 'ascending'))).toEqual(expected);
  });

  it('keeps files of two shapes apart, since a union has no order', () => {
    const other = { ...file('b', 10, 19), shape: 'addressed' as const };
    expect(shown(planSlices([file('a', 0, 9), other], undefined, everywhere, 'ascending'))).toEqual(['a 0..9', 'b 10..19']);
  });

  it('cuts a long overlap into windows of some 400,000 rows', () => {
    const slices = planSlices([file('a', 0, 86_399, 4_000_000), file('b', 0, 86_399, 4_000_000)], undefined, everywhere, 'ascending');
    expect(slices.length).toBeGreaterThanOrEqual(20);
    expect(slices.length).toBeLessThanOrEqual(22);
  });

  it('makes no more windows than rows ask for, however wide the times are', () => {
    const wide: HotExtent = { rows: 1000, minTime: 0, maxTime: 253_402_300_799, minId: 1, maxId: 1000 };
    expect(planSlices([file('a', 1e9, 1e9 + 86_399, 900_000)], wide, everywhere, 'descending').length).toBeLessThanOrEqual(4);
  });

  it('leaves out what lies outside the bounds', () => {
    const slices = planSlices([file('a', 0, 9), file('b', 10, 19), file('c', 20, 29)], undefined, { from: 12, to: 15 }, 'ascending');
    expect(shown(slices)).toEqual(['b 12..15']);
  });

  const rowsArbitrary = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 12 });
  const world = fc.record({
    files: fc.array(
      fc.record({ times: rowsArbitrary, shape: fc.constantFrom('named', 'addressed'), scale: fc.constantFrom(1, 50_000, 2_000_000) }),
      {
        maxLength: 8,
      },
    ),
    hot: fc.option(rowsArbitrary, { nil: undefined }),
    bounds: fc.tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60, max: 60 })),
    direction: fc.constantFrom('ascending', 'descending'),
    mixed: fc.boolean(),
    seed: fc.integer(),
  });

  it('reads each row within the bounds exactly once and in order', () => {
    fc.assert(
      fc.property(world, ({ files, hot, bounds: [one, two], direction, mixed, seed }) => {
        // Ids rise from file to file, or (as after a compaction) are dealt to all in turn.
        let next = 0;
        const deal = (): number => (mixed ? (++next * 7919 + Math.abs(seed % 7919)) % 1_000_003 : ++next);
        const held = files.map(
          ({ times, shape, scale }): Held => ({ rows: times.map((time) => ({ time, id: deal() })).sort(inOrder), shape, scale }),
        );
        const hotRows = (hot ?? []).map((time) => ({ time, id: deal() }));
        const bounds = { from: Math.min(one, two), to: Math.max(one, two) };
        const extent = hot === undefined ? undefined : extentOf(hotRows, 1000);
        const slices = planSlices(held.map(entryOf), extent, bounds, direction);
        const expected = [...held.flatMap(({ rows }) => rows), ...hotRows]
          .filter((row) => row.time >= bounds.from && row.time <= bounds.to)
          .sort(inOrder);
        if (direction === 'descending') expected.reverse();
        expect(read(slices, held, hotRows, direction === 'ascending')).toEqual(expected);
        for (const slice of slices) {
          expect(slice.from).toBeGreaterThanOrEqual(bounds.from);
          expect(slice.to).toBeLessThanOrEqual(bounds.to);
          expect(slice.files.length).toBeLessThanOrEqual(slice.needsSort ? held.length : 16);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
