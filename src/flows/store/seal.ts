/**
 * Moves flows from the hot table into Parquet files, a day and a shape at a time, and merges small or overlapping files
 * of a day into few sorted ones. Both write new files first and swap them in within one transaction.
 */
import { join } from 'node:path';
import { copyToParquet } from '../import/run-writer.ts';
import { columnsOf, type Shape } from '../schema.ts';
import type { FileEntry } from './catalog.ts';
import { sumFile } from './commit.ts';
import type { Connection, Row } from './duck.ts';
import { relation } from './relation.ts';
import { type StagedFile, Store } from './store.ts';

const daySeconds = 86_400;
/** Days written by one sealing; what is left stays hot for the next. A hostile capture may touch any number. */
const daysPerSeal = 400;
/** A sealed file aims at no more rows than this. */
const rowsPerFile = 4_000_000;
/** Files of fewer rows are small: a day with several of them is worth compacting. */
const smallRows = 500_000;

/** What a sealing or a compaction did. */
export type Sealed = { files: number; rows: number };

const statistics = 'count(*) AS row_count, min(time) AS min_time, max(time) AS max_time, min(id) AS min_id, max(id) AS max_id';

/** Seals what is hot. With `minRows`, days with fewer hot rows stay as they are. */
export const sealHot = (store: Store, minRows = 1): Promise<Sealed> =>
  store.exclusively(async () => {
    const groups = await store.writer.rows(
      `SELECT CAST(floor(time / ${daySeconds}) AS BIGINT) AS day, ip_version IS NULL AS is_named, ${statistics} FROM hot
       GROUP BY ALL HAVING count(*) >= ? ORDER BY day, is_named LIMIT ${daysPerSeal}`,
      [minRows],
    );
    const sealed: Sealed = { files: 0, rows: 0 };
    for (const group of groups) {
      sealed.rows += await sealGroup(store, group);
      sealed.files++;
    }
    if (sealed.files > 0) await store.writer.run('CHECKPOINT');
    await store.refresh();
    return sealed;
  });

const sealGroup = async (store: Store, group: Row): Promise<number> => {
  const day = Number(group.day);
  const shape: Shape = group.is_named === true ? 'named' : 'addressed';
  const where = `time >= ${day * daySeconds} AND time < ${(day + 1) * daySeconds} AND ip_version IS ${shape === 'named' ? '' : 'NOT '}NULL`;
  const list = columnsOf(shape)
    .map((column) => column.name)
    .join(', ');
  const staged = await write(store, store.writer, {
    select: `SELECT ${list} FROM hot WHERE ${where} ORDER BY time, id`,
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
    const written = await store.exclusively(() => merge(store, files));
    sealed.files += written.length;
    sealed.rows += written.reduce((sum, { entry }) => sum + entry.rows, 0);
  }
  await store.removeDoomed();
  return sealed;
};

/** Groups of files of one day and shape that are better merged. */
export const worthCompacting = (files: readonly FileEntry[]): FileEntry[][] => {
  const groups = Map.groupBy(files, (file) => `${file.day}/${file.shape}`);
  return [...groups.values()].filter((group) => group.length > 1 && (hasSmall(group) || hasOverlap(group)));
};

const hasSmall = (group: readonly FileEntry[]): boolean => group.filter((file) => file.rows < smallRows).length > 1;

const hasOverlap = (group: readonly FileEntry[]): boolean => {
  const sorted = [...group].sort((a, b) => a.minTime - b.minTime || a.minId - b.minId);
  return sorted.some((file, at) => {
    const next = sorted[at + 1];
    return next !== undefined && (next.minTime < file.maxTime || (next.minTime === file.maxTime && next.minId < file.maxId));
  });
};

const merge = async (store: Store, files: readonly FileEntry[]): Promise<StagedFile[]> => {
  const [first] = files;
  if (first === undefined) return [];
  const { day, shape } = first;
  const list = columnsOf(shape)
    .map((column) => column.name)
    .join(', ');
  const from = `SELECT ${list} FROM ${relation(store.paths.flows, files, false)}`;
  const written: StagedFile[] = [];
  for (const [low, high] of await timeParts(store, from, files)) {
    const where = `WHERE time >= ${low} AND time <= ${high}`;
    const row = await store.writer.row(`SELECT ${statistics} FROM (${from}) ${where}`);
    if (row === undefined || Number(row.row_count) === 0) continue;
    written.push(await write(store, store.writer, { select: `${from} ${where} ORDER BY time, id`, shape, day, row, word: 'merged' }));
  }
  const old = files.map((file) => file.path);
  await store.take(written, () => store.catalog.doomFiles(old));
  store.doom(old);
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
