/**
 * How a range of time is read in order without sorting all of it. Sealed files are sorted by (time, id) and mostly do
 * not overlap; those are read one after the other as they lie. Where files overlap each other or the hot table, the
 * range is cut into windows of about `windowRows` rows, and only a window is sorted. So the first row comes at once
 * and memory does not depend on the size of the answer.
 *
 *   files   |---a---| |---b---|     |----d----|
 *                         |---c---|                hot        |--h--|
 *   slices  [ a     ] [ b+c sorted] [ d       ]              [ h sorted ]
 */
import type { FileEntry, HotExtent } from './catalog.ts';

/** Rows that a sorted window aims at. */
const windowRows = 400_000;
/** Files read by one statement; few, so that the first row is early. */
const filesPerSlice = 16;

/** A stretch of time, both ends inclusive, with all that has rows in it. */
export type Slice = { from: number; to: number; files: FileEntry[]; hot: boolean; needsSort: boolean };

/** What lies where: a file, or the hot table (no file). */
type Extent = { minTime: number; maxTime: number; minId: number; maxId: number; rows: number; file: FileEntry | undefined };

/** Inclusive bounds of `time`. */
export type TimeBounds = { from: number; to: number };

const overlaps = (extent: { minTime: number; maxTime: number }, bounds: TimeBounds): boolean =>
  extent.maxTime >= bounds.from && extent.minTime <= bounds.to;

/** Files that may have rows within the bounds. */
export const filesWithin = (files: readonly FileEntry[], bounds: TimeBounds): FileEntry[] => files.filter((file) => overlaps(file, bounds));

/** The slices of a range in the order in which they are to be read. */
export const planSlices = (
  files: readonly FileEntry[],
  hot: HotExtent | undefined,
  bounds: TimeBounds,
  direction: 'ascending' | 'descending',
): Slice[] => {
  const extents: Extent[] = filesWithin(files, bounds).map((file) => ({ ...file, file }));
  if (hot !== undefined && overlaps(hot, bounds)) extents.push({ ...hot, file: undefined });
  extents.sort((a, b) => a.minTime - b.minTime || a.minId - b.minId);
  const isForward = direction === 'ascending';
  const slices = clusters(extents).flatMap((cluster) =>
    isForward && cluster.length === 1 && cluster[0]?.file !== undefined ? [asSlice(cluster, false)] : windows(cluster),
  );
  const clipped = slices.map((slice) => ({ ...slice, from: Math.max(slice.from, bounds.from), to: Math.min(slice.to, bounds.to) }));
  const kept = clipped.filter((slice) => slice.from <= slice.to);
  return isForward ? joinSorted(kept) : kept.reverse();
};

/** Groups of extents that overlap one another; extents are in order of their start. */
const clusters = (extents: readonly Extent[]): Extent[][] => {
  const found: Extent[][] = [];
  let endTime = Number.NEGATIVE_INFINITY;
  let endId = 0;
  for (const extent of extents) {
    const isBehind = extent.minTime > endTime || (extent.minTime === endTime && extent.minId > endId);
    const current = found.at(-1);
    if (current === undefined || isBehind) found.push([extent]);
    else current.push(extent);
    if (extent.maxTime > endTime || (extent.maxTime === endTime && extent.maxId > endId)) {
      endId = extent.maxTime === endTime ? Math.max(endId, extent.maxId) : extent.maxId;
      endTime = extent.maxTime;
    }
  }
  return found;
};

const asSlice = (extents: readonly Extent[], needsSort: boolean): Slice => ({
  from: Math.min(...extents.map((e) => e.minTime)),
  to: Math.max(...extents.map((e) => e.maxTime)),
  files: extents.flatMap((e) => e.file ?? []),
  hot: extents.some((e) => e.file === undefined),
  needsSort,
});

/** Cuts a cluster where about `windowRows` rows lie between the cuts, taking rows as evenly spread within each extent. */
const windows = (cluster: readonly Extent[]): Slice[] => {
  const rows = cluster.reduce((sum, extent) => sum + extent.rows, 0);
  const whole = asSlice(cluster, true);
  if (rows <= windowRows) return [whole];
  const cuts = cutTimes(cluster);
  const starts = [whole.from, ...cuts];
  return starts.map((from, at) => {
    const to = (starts[at + 1] ?? whole.to + 1) - 1;
    const inside = cluster.filter((extent) => overlaps(extent, { from, to }));
    return { ...asSlice(inside, true), from, to };
  });
};

const cutTimes = (cluster: readonly Extent[]): number[] => {
  const edges = [...new Set(cluster.flatMap((e) => [e.minTime, e.maxTime + 1]))].sort((a, b) => a - b);
  const cuts: number[] = [];
  let filled = 0;
  for (let i = 0; i + 1 < edges.length; i++) {
    const from = edges[i] as number;
    const to = edges[i + 1] as number;
    const density = cluster
      .filter((e) => e.minTime <= from && e.maxTime >= to - 1)
      .reduce((sum, e) => sum + e.rows / (e.maxTime - e.minTime + 1), 0);
    let at = from;
    while (filled + density * (to - at) >= windowRows) {
      const next = Math.min(to, at + Math.max(1, Math.floor((windowRows - filled) / density)));
      cuts.push(next);
      filled = 0;
      at = next;
      if (at >= to) break;
    }
    filled += density * (to - at);
  }
  const end = Math.max(...cluster.map((e) => e.maxTime));
  return cuts.filter((cut) => cut <= end);
};

/** Files of different shapes are two branches of a UNION and would not come in order. */
const canJoin = (a: Slice, b: Slice): boolean =>
  !a.needsSort && !b.needsSort && a.files.length + b.files.length <= filesPerSlice && a.files[0]?.shape === b.files[0]?.shape;

/** Neighbouring slices that need no sort are read by one statement, a few files at a time. */
const joinSorted = (slices: readonly Slice[]): Slice[] => {
  const joined: Slice[] = [];
  for (const slice of slices) {
    const last = joined.at(-1);
    if (last !== undefined && canJoin(last, slice))
      joined[joined.length - 1] = { ...last, to: slice.to, files: [...last.files, ...slice.files] };
    else joined.push(slice);
  }
  return joined;
};
