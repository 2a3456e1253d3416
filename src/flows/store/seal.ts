/**
 * Moves flows from the hot table into Parquet files, a day and a shape at a time, and merges small or overlapping files
 * of a day into few sorted ones. Both write new files first and swap them in within one transaction.
 */
import { join } from 'node:path';
import { copyToParquet } from '../import/run-duck.ts';
import { columns, type Shape } from '../schema.ts';
import type { FileEntry } from './catalog.ts';
import type { Connection, Row } from './duck.ts';
import { fileColumns, fileList, isDerived, losesNanoseconds } from './file-layout.ts';
import { sumFile } from './file-sum.ts';
import { dayOfTime, isOfDay } from './paths.ts';
import { readParquet, relation } from './relation.ts';
import { type StagedFile, Store } from './store.ts';

/** Days written by one sealing; what is left stays hot for the next. A hostile capture may touch any number. */
const daysPerSeal = 400;
/** A sealed file aims at no more rows than this. */
const rowsPerFile = 4_000_000;
/** Files of fewer rows are small: a day with several of them is worth compacting. */
const smallRows = 500_000;

/** That a hot flow has nothing which a file of the shape `named` could not hold; port numbers are derived there. */
const isNamed = `(${columns
  .filter((column) => !column.named && !isDerived(column))
  .map((column) => `${column.name} IS NULL`)
  .join(' AND ')} AND NOT ${losesNanoseconds()})`;

/** What a sealing or a compaction did. */
export type Sealed = { files: number; rows: number };

const statistics = 'count(*) AS row_count, min(time) AS min_time, max(time) AS max_time, min(id) AS min_id, max(id) AS max_id';

/** Seals what is hot. With `minRows`, days with fewer hot rows stay as they are. */
export const sealHot = (store: Store, minRows = 1): Promise<Sealed> =>
  store.exclusively(async () => {
    const groups = await store.writer.rows(
      `SELECT ${dayOfTime} AS day, ${isNamed} AS is_named, ${statistics} FROM hot
       GROUP BY ALL HAVING count(*) >= ? ORDER BY day, is_named LIMIT ${daysPerSeal}`,
      [minRows],
    );
    const sealed: Sealed = { files: 0, rows: 0 };
    try {
      for (const group of groups) {
        sealed.rows += await sealGroup(store, group);
        sealed.files++;
      }
    } finally {
      await store.refresh();
    }
    // Only frees space in the log; refused while a query reads, and then the next one does it.
    if (sealed.files > 0) await store.writer.run('CHECKPOINT').catch(() => undefined);
    return sealed;
  });

const sealGroup = async (store: Store, group: Row): Promise<number> => {
  const day = Number(group.day);
  const shape: Shape = group.is_named === true ? 'named' : 'addressed';
  const where = `${isOfDay(day)} AND ${shape === 'named' ? '' : 'NOT '}${isNamed}`;
  const staged = await write(store, store.writer, {
    select: `SELECT ${fileList(shape)} FROM ${relation(store.paths.flows, [], true)} WHERE ${where} ORDER BY time, id`,
    shape,
    day,
    row: group,
    word: 'hot',
  });
  await store.take([staged], () => store.writer.run(`DELETE FROM hot WHERE ${where}`));
  return staged.entry.rows;
};

type Written = { select: string; shape: Shape; day: number; row: Row; word: string };

let serial = 0;

const write = async (store: Store, connection: Connection, { select, shape, day, row, word }: Written): Promise<StagedFile> => {
  const start = String(Math.max(0, Number(row.min_time))).padStart(12, '0');
  const stamp = Date.now().toString(36);
  const stagedPath = join(store.paths.staging, `${start}-${word}-${stamp}${String(++serial).padStart(4, '0')}.parquet`);
  await copyToParquet(connection, select, stagedPath);
  const { bytes, sha256 } = await sumFile(stagedPath);
  const entry: FileEntry = {
    path: Store.placeOf(day, stagedPath),
    shape,
    day,
    rows: Number(row.row_count),
    minTime: Number(row.min_time),
    maxTime: Number(row.max_time),
    minId: Number(row.min_id),
    maxId: Number(row.max_id),
    bytes,
    sha256,
  };
  return { stagedPath, entry };
};

/** Merges the files of days that have several small or overlapping ones; one day and shape at a time. */
export const compact = async (store: Store): Promise<Sealed> => {
  const sealed: Sealed = { files: 0, rows: 0 };
  for (const files of worthCompacting(store.files)) {
    // Another compaction or retention may have taken the files since: merging them again would bring their rows twice.
    const written = await store.exclusively(async () => (areCurrent(store, files) ? merge(store, files) : []));
    sealed.files += written.length;
    sealed.rows += written.reduce((sum, { entry }) => sum + entry.rows, 0);
  }
  await store.pins.removeDoomed();
  return sealed;
};

const areCurrent = (store: Store, files: readonly FileEntry[]): boolean => {
  const current = new Set(store.files.map((file) => file.path));
  return files.every((file) => current.has(file.path));
};

/** Groups of files of one day and shape that are better merged: those that overlap, and small neighbours where there are some. */
export const worthCompacting = (files: readonly FileEntry[]): FileEntry[][] => {
  const groups = Map.groupBy(files, (file) => `${file.day}/${file.shape}`);
  return [...groups.values()].flatMap((group) => joinSmall(overlapping(group))).filter((group) => isDivided(group) && isWorthIt(group));
};

/** Files that lie one behind the other are read at no cost: fewer than so many of them are left as an import wrote them. */
const fewestNeighbours = 4;

/** Whether files overlap, or are many. */
const isDivided = (files: readonly FileEntry[]): boolean =>
  files.length >= fewestNeighbours || overlapping(files).some((cluster) => cluster.length > 1);

/** Small files that wait to be merged with large ones, at most. */
const mostWaiting = 64;

/**
 * What comes all the time, as flow exports do, overlaps with what came before: merged every minute, the rows of the last
 * half hour would be rewritten thirty times. So small files wait until they are worth a rewriting of the large ones.
 */
const isWorthIt = (files: readonly FileEntry[]): boolean => {
  const small = files.filter(({ rows }) => rows < smallRows);
  const rowsOf = (some: readonly FileEntry[]): number => some.reduce((sum, file) => sum + file.rows, 0);
  const smallOnes = rowsOf(small);
  return small.length === 0 || small.length >= mostWaiting || smallOnes * 4 >= rowsOf(files) - smallOnes;
};

const isSmall = (files: readonly FileEntry[]): boolean => files.reduce((sum, file) => sum + file.rows, 0) < smallRows;

/** Large files are left alone, so that a row is rewritten a few times at most however many small files come later. */
const joinSmall = (clusters: readonly FileEntry[][]): FileEntry[][] => {
  const joined: FileEntry[][] = [];
  for (const cluster of clusters) {
    const last = joined.at(-1);
    if (last !== undefined && isSmall(last) && isSmall(cluster)) last.push(...cluster);
    else joined.push([...cluster]);
  }
  return joined;
};

/** Files in order of time, those together that cannot be read one after the other. */
const overlapping = (group: readonly FileEntry[]): FileEntry[][] => {
  const sorted = [...group].sort((a, b) => a.minTime - b.minTime || a.minId - b.minId);
  const clusters: FileEntry[][] = [];
  let end: FileEntry | undefined;
  for (const file of sorted) {
    const isBehind = end === undefined || file.minTime > end.maxTime || (file.minTime === end.maxTime && file.minId > end.maxId);
    if (isBehind) clusters.push([file]);
    else clusters.at(-1)?.push(file);
    if (end === undefined || file.maxTime > end.maxTime || (file.maxTime === end.maxTime && file.maxId > end.maxId)) end = file;
  }
  return clusters;
};

const merge = async (store: Store, files: readonly FileEntry[]): Promise<StagedFile[]> => {
  const [first] = files;
  if (first === undefined) return [];
  const { day, shape } = first;
  const from = `SELECT ${fileColumns(shape).join(', ')} FROM ${readParquet(store.paths.flows, files)}`;
  const written: StagedFile[] = [];
  for (const [low, high] of await timeParts(store, from, files)) {
    const where = `WHERE time >= ${low} AND time <= ${high}`;
    const row = await store.writer.row(`SELECT ${statistics} FROM (${from}) ${where}`);
    if (row === undefined || Number(row.row_count) === 0) continue;
    written.push(await write(store, store.writer, { select: `${from} ${where} ORDER BY time, id`, shape, day, row, word: 'merged' }));
  }
  const old = files.map((file) => file.path);
  await store.take(written, () => store.catalog.doomFiles(old));
  store.pins.doom(old);
  await store.refresh();
  return written;
};

/** Bounds of `time` between which about `rowsPerFile` rows lie. */
const timeParts = async (store: Store, from: string, files: readonly FileEntry[]): Promise<[number, number][]> => {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const low = Math.min(...files.map((file) => file.minTime));
  const high = Math.max(...files.map((file) => file.maxTime));
  const count = Math.ceil(rows / rowsPerFile);
  if (count === 1) return [[low, high]];
  const shares = Array.from({ length: count - 1 }, (_, at) => (at + 1) / count);
  const row = await store.writer.row(`SELECT CAST(approx_quantile(time, [${shares.join(', ')}]) AS VARCHAR) AS cuts FROM (${from})`);
  const cuts = [...new Set(JSON.parse(String(row?.cuts)) as number[])].filter((cut) => cut >= low && cut < high);
  return [...cuts, high].map((end, at) => [at === 0 ? low : (cuts[at - 1] as number) + 1, end]);
};
