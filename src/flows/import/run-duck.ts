/**
 * Runs as Parquet by DuckDB: what our own encoders do not take, such as rows of other formats out of order, with long names
 * or an epoch. Its engine is opened with the first of them.
 */
import { rename } from 'node:fs/promises';
import type { FlowBatch } from '../batch.ts';
import { nameEnds } from '../end-names.ts';
import type { Column, Shape } from '../schema.ts';
import { type Connection, literal } from '../store/duck.ts';
import { absentValue, fileList } from '../store/file-layout.ts';
import { dayOfTime, isOfDay, syncFile } from '../store/paths.ts';
import { orderByTime } from './run-order.ts';
import { RunRows } from './run-rows.ts';
import { groupRows } from './run-size.ts';
import { carriedColumns, hasSubMicroseconds, maxDays, type RunPart } from './run-survey.ts';

const daySeconds = 86_400;

/** A run to be written. */
export type Run = { batches: readonly FlowBatch[]; parts: readonly RunPart[]; isSorted: boolean; base: number };

/** What each row of an import is given. */
type Arrival = { sourceId: number; ingestedAt: bigint };

type OnFile = (path: string, part: RunPart, shape: Shape) => void;

/** Writes one run after the other. */
export class DuckRuns {
  readonly #connection: Connection;
  readonly #name: string;
  #rows: RunRows | undefined;

  /** `name` is that of the function by which this database reads the rows. */
  constructor(connection: Connection, name: string) {
    this.#connection = connection;
    this.#name = name;
  }

  /** Writes a file for each part, at the path that `pathOf` gives, and tells of it. */
  async write(run: Run, arrival: Arrival, pathOf: (part: RunPart) => string, onFile: OnFile): Promise<void> {
    const { batches, parts, isSorted } = run;
    const { shape } = batches[0] as FlowBatch;
    for (const batch of batches) nameEnds(batch);
    this.#rows ??= new RunRows(this.#connection, this.#name, shape);
    this.#rows.batches = batches;
    this.#rows.order = isSorted ? undefined : orderByTime(batches);
    const written = fileShape(batches);
    const list = selectList(run, written, arrival);
    for (const part of parts) {
      const where = part.day === null || parts.length === 1 ? '' : `WHERE ${isOfDay(part.day)}`;
      const path = pathOf(part);
      await copyToParquet(this.#connection, `SELECT ${list} FROM ${this.#name}() ${where}`, path, runGrouping[shape]);
      onFile(path, part, written);
    }
    this.#rows.batches = [];
    this.#rows.order = undefined;
  }
}

/** Named data with nanoseconds, which comes from no data set but may come as CSV, needs a file of all columns. */
const fileShape = (batches: readonly FlowBatch[]): Shape =>
  batches.some(hasSubMicroseconds) ? 'addressed' : (batches[0] as FlowBatch).shape;

const selectList = ({ batches, base }: Run, written: Shape, arrival: Arrival): string => {
  const { shape } = batches[0] as FlowBatch;
  const carried = carriedColumns(batches);
  return importedList(written, arrival, (column) => {
    if (column.name === 'id') return `id + ${base}::BIGINT`;
    if (carried.has(column.name)) return column.name;
    return shape === 'named' ? absentValue(column) : `NULL::${column.type}`;
  });
};

const bounds = 'min(time) AS min_time, max(time) AS max_time, min(id) AS min_id, max(id) AS max_id, count(*) AS rows';

/** The days that a relation with `time` and `id` has rows of; one part for all where they are more than `limit`. */
export const splitByDay = async (connection: Connection, from: string, limit = maxDays): Promise<RunPart[]> => {
  const [whole] = (await connection.rows(`SELECT ${bounds} FROM ${from}`)) as unknown as RunPart[];
  if (whole === undefined || whole.rows === 0) return [];
  const day = Math.floor(whole.min_time / daySeconds);
  if (day === Math.floor(whole.max_time / daySeconds)) return [{ ...whole, day }];
  const split = `SELECT ${dayOfTime} AS day, ${bounds} FROM ${from} GROUP BY 1 ORDER BY 1 LIMIT ${limit + 1}`;
  const parts = (await connection.rows(split)) as unknown as RunPart[];
  return parts.length > limit ? [{ ...whole, day: null }] : parts;
};

/** The columns of a file of the shape, from canonical values by `sqlOf`, with the source and the time of arrival put in. */
export const importedList = (
  shape: Shape,
  { sourceId, ingestedAt }: { sourceId: number; ingestedAt: bigint },
  sqlOf: (column: Column) => string,
): string =>
  fileList(shape, (column) => {
    if (column.name === 'source_id') return `${sourceId}::UINTEGER`;
    if (column.name === 'ingested_at') return `make_timestamp(${ingestedAt}::BIGINT)`;
    return sqlOf(column);
  });

/**
 * How files are written. Compared with DuckDB's own choice for zstd, 3 million LANL rows take 1.5 s of one core instead of
 * 1.8 and 4.5 MB instead of 13.0: the delta encodings of version 2 fit sorted integers. Names keep their dictionaries: with
 * a limit of 1000 the same rows are written in 0.8 s, but to group 10 million by name takes three times as long. DuckDB, Spark from 3.3 and Arrow from 9 read all of it.
 */
export const parquetOptions = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2';

/** What else a file is told: rows of a row group, and distinct values in it up to which a column has a dictionary. */
type Grouping = { rows: number; names: number };

const grouping: Grouping = { rows: groupRows, names: 20_000 };

/**
 * How runs are grouped. A run of captured flows is one group; its thirty columns of numbers look for a dictionary that is
 * not worth it in a third of the time of writing them, so names have theirs only when small files are merged.
 */
const runGrouping: Record<Shape, Grouping> = { named: grouping, addressed: { rows: 65_536, names: 1000 } };

/** Writes the rows of a SELECT as one Parquet file that is on disk, whole and under its name, when this resolves. */
export const copyToParquet = async (connection: Connection, select: string, path: string, groups = grouping): Promise<void> => {
  const part = `${path}.part`;
  const options = `${parquetOptions}, DICTIONARY_SIZE_LIMIT ${groups.names}, ROW_GROUP_SIZE ${groups.rows}`;
  await connection.run(`COPY (${select}) TO ${literal(part)} (${options})`);
  await syncFile(part);
  await rename(part, path);
};
