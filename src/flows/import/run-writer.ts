/**
 * Turns batches into Parquet files: collects a run of them, writes it sorted by time while the next is being collected,
 * and so keeps memory the same for any size of import. A run of more than one UTC day is split by day. What was written
 * lies in the staging folder until the store adopts it.
 */
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowBatch } from '../batch.ts';
import type { Column, Shape } from '../schema.ts';
import { type Connection, literal } from '../store/duck.ts';
import { absentValue, fileList } from '../store/file-layout.ts';
import { dayOfTime, isOfDay, syncFile } from '../store/paths.ts';
import { encodeRows, isPlainRun, spansOf } from './run-encode.ts';
import { orderByTime } from './run-order.ts';
import { carriedColumns, RunRows } from './run-rows.ts';
import { groupRows, runRows } from './run-size.ts';
import { hasSubMicroseconds, longAt, type RunPart, surveyRun } from './run-survey.ts';

/** A run that touches more days than this is left whole; the store takes it into its hot table. */
const maxDays = 32;
const daySeconds = 86_400;

/** A Parquet file in the staging folder, with what the catalog has to know of it. */
export type RunFile = {
  path: string;
  shape: Shape;
  /** Days since 1970, or null where the run touches too many to be split. */
  day: number | null;
  rows: number;
  minTime: number;
  maxTime: number;
  minId: number;
  maxId: number;
};

/** What a writer is told of its import. */
export type RunWriterOptions = {
  folder: string;
  /** Starts the name of each file. */
  prefix: string;
  sourceId: number;
  /** Microseconds since 1970. */
  ingestedAt: bigint;
  /** Takes that many ids and answers the first of them. */
  reserve: (count: number) => Promise<number>;
};

/** A batch of a run, and what gives its memory back once it is on disk. */
type Collected = { batch: FlowBatch; release: () => void };

/** One writing at a time: a connection and the rows that it reads. */
type Slot = { connection: Connection; rows: RunRows | undefined; busy: Promise<void> | undefined };

export class RunWriter {
  readonly #files: RunFile[] = [];
  readonly #options: RunWriterOptions;
  readonly #slots: Slot[];
  #run: Collected[] = [];
  #rows = 0;
  #ordinal = 0;
  /** The last place in the file that a run has taken ids for. */
  #taken = 0;
  #serial = 0;
  #failure: { error: unknown } | undefined;

  /** Writes as many runs at once as there are connections. */
  constructor(connections: readonly Connection[], options: RunWriterOptions) {
    this.#options = options;
    this.#slots = connections.map((connection) => ({ connection, rows: undefined, busy: undefined }));
  }

  /**
   * Takes the rows of a batch; `hasOrdinals` tells that `id` holds their places in the file, rising. The batch is the
   * writer's until `release` is called.
   */
  async add(batch: FlowBatch, hasOrdinals: boolean, release: () => void): Promise<void> {
    if (batch.count === 0) return release();
    if (!hasOrdinals) this.#number(batch);
    this.#run.push({ batch, release });
    this.#rows += batch.count;
    if (this.#rows >= runRows[batch.shape]) await this.#turnRun();
  }

  /** Writes what is left; the files come in order of their ids. */
  async finish(): Promise<RunFile[]> {
    await this.#turnRun();
    await this.rest();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#files.sort((a, b) => a.minId - b.minId);
  }

  /** Resolves when nothing is being written any more, well or not. */
  async rest(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.busy));
  }

  #number(batch: FlowBatch): void {
    const { u32 } = batch.column('id');
    for (let row = 0; row < batch.count; row++) {
      const ordinal = ++this.#ordinal;
      u32[row * 2] = ordinal;
      u32[row * 2 + 1] = ordinal / 4294967296;
    }
  }

  /** Starts writing what has been collected, as soon as a slot is free. */
  async #turnRun(): Promise<void> {
    const collected = this.#run;
    if (collected.length === 0) return;
    this.#run = [];
    this.#rows = 0;
    const slot = await this.#freeSlot();
    if (this.#failure !== undefined) throw this.#failure.error;
    const batches = collected.map(({ batch }) => batch);
    // Places without a row (a heading, a bad line) take ids as well: so id = line number + a constant in the whole file.
    const last = lastOrdinal(batches);
    const base = (await this.#options.reserve(last - this.#taken)) - this.#taken - 1;
    this.#taken = last;
    slot.busy = this.#write(slot, batches, base)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        slot.busy = undefined;
        for (const { release } of collected) release();
      });
  }

  async #freeSlot(): Promise<Slot> {
    for (;;) {
      const free = this.#slots.find((slot) => slot.busy === undefined);
      if (free !== undefined) return free;
      await Promise.race(this.#slots.map((slot) => slot.busy));
    }
  }

  async #write(slot: Slot, batches: readonly FlowBatch[], base: number): Promise<void> {
    const { parts, isSorted } = surveyRun(batches, maxDays);
    if (isPlainRun(batches, parts, isSorted)) return await this.#encode(batches, parts, base);
    const { shape } = batches[0] as FlowBatch;
    const name = `run${this.#slots.indexOf(slot)}`;
    slot.rows ??= new RunRows(slot.connection, name, shape);
    slot.rows.batches = batches;
    slot.rows.order = isSorted ? undefined : orderByTime(batches);
    const written = fileShape(batches);
    const list = this.#selectList(batches, written, base);
    for (const part of parts) {
      const where = part.day === null || parts.length === 1 ? '' : `WHERE ${isOfDay(part.day)}`;
      const path = runPath(this.#options, part, ++this.#serial);
      await copyToParquet(slot.connection, `SELECT ${list} FROM ${name}() ${where}`, path, runGrouping[shape]);
      this.#files.push(runFile(path, written, part, base));
    }
    slot.rows.batches = [];
    slot.rows.order = undefined;
  }

  async #encode(batches: readonly FlowBatch[], parts: readonly RunPart[], base: number): Promise<void> {
    const { sourceId, ingestedAt } = this.#options;
    let first = 0;
    for (const part of parts) {
      const path = runPath(this.#options, part, ++this.#serial);
      await writeParquet(encodeRows(spansOf(batches, first, part.rows), { base, sourceId, ingestedAt }), path);
      this.#files.push(runFile(path, 'named', part, base));
      first += part.rows;
    }
  }

  #selectList(batches: readonly FlowBatch[], written: Shape, base: number): string {
    const { shape } = batches[0] as FlowBatch;
    const carried = carriedColumns(batches);
    return importedList(written, this.#options, (column) => {
      if (column.name === 'id') return `id + ${base}::BIGINT`;
      if (carried.has(column.name)) return column.name;
      return shape === 'named' ? absentValue(column) : `NULL::${column.type}`;
    });
  }
}

/** Named data with nanoseconds, which comes from no data set but may come as CSV, needs a file of all columns. */
const fileShape = (batches: readonly FlowBatch[]): Shape =>
  batches.some(hasSubMicroseconds) ? 'addressed' : (batches[0] as FlowBatch).shape;

const lastOrdinal = (batches: readonly FlowBatch[]): number => {
  const batch = batches.at(-1) as FlowBatch;
  return longAt(batch.column('id').u32, batch.count - 1);
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

/** Where the next file of a run goes; names sort by the time of their first row. */
export const runPath = ({ folder, prefix }: { folder: string; prefix: string }, part: RunPart, serial: number): string =>
  join(folder, `${String(Math.max(0, part.min_time)).padStart(12, '0')}-${prefix}-${String(serial).padStart(5, '0')}.parquet`);

/** What the catalog has to know of a file that holds a part; `base` is what was added to its ids. */
export const runFile = (path: string, shape: Shape, part: RunPart, base: number): RunFile => ({
  path,
  shape,
  day: part.day,
  rows: part.rows,
  minTime: part.min_time,
  maxTime: part.max_time,
  minId: part.min_id + base,
  maxId: part.max_id + base,
});

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

/** Writes the parts of a Parquet file, which is on disk, whole and under its name, when this resolves. */
const writeParquet = async (parts: readonly Uint8Array[], path: string): Promise<void> => {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writev(parts);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
};

/** Writes the rows of a SELECT as one Parquet file that is on disk, whole and under its name, when this resolves. */
export const copyToParquet = async (connection: Connection, select: string, path: string, groups = grouping): Promise<void> => {
  const part = `${path}.part`;
  const options = `${parquetOptions}, DICTIONARY_SIZE_LIMIT ${groups.names}, ROW_GROUP_SIZE ${groups.rows}`;
  await connection.run(`COPY (${select}) TO ${literal(part)} (${options})`);
  await syncFile(part);
  await rename(part, path);
};
