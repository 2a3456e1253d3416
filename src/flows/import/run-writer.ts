/**
 * Turns batches into Parquet files: collects a run of them in memory, writes it sorted by time while the next run is
 * being collected, and so keeps memory the same for any size of import. Files of more than one UTC day are split by day.
 * Two tables take turns; what was written lies in the staging folder until the store adopts it.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowBatch } from '../batch.ts';
import { columnsOf, type Shape } from '../schema.ts';
import { type Connection, literal, type Row } from '../store/duck.ts';
import { dayOfTime, isOfDay, syncFile } from '../store/paths.ts';
import { carriedColumns, RunTable } from './run-table.ts';

/** Rows of one run: two row groups of DuckDB, so that two threads write them; wide rows in runs of one group. */
const runRows: Record<Shape, number> = { named: 245_760, addressed: 122_880 };
const rowGroupRows = 122_880;
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

export class RunWriter {
  readonly files: RunFile[] = [];
  readonly #append: Connection;
  readonly #copy: Connection;
  readonly #options: RunWriterOptions;
  readonly #carried = new Set<string>();
  #table: RunTable | undefined;
  #shape: Shape = 'addressed';
  #turn = 0;
  #ordinal = 0;
  /** The last place in the file that a run has taken ids for, and the last that is being collected. */
  #taken = 0;
  #last = 0;
  #lastTime = Number.NEGATIVE_INFINITY;
  #isSorted = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(append: Connection, copy: Connection, options: RunWriterOptions) {
    this.#append = append;
    this.#copy = copy;
    this.#options = options;
  }

  /** Takes the rows of a batch; `hasOrdinals` tells that `id` holds their places in the file, rising. */
  async add(batch: FlowBatch, hasOrdinals: boolean): Promise<void> {
    if (batch.count === 0) return;
    this.#shape = batch.shape;
    if (!hasOrdinals) this.#number(batch);
    const carried = carriedColumns(batch);
    const isNew = carried.some((name) => !this.#carried.has(name));
    for (const name of carried) this.#carried.add(name);
    if (isNew || (this.#table !== undefined && this.#table.rows + batch.count > runRows[batch.shape])) await this.#turnRun();
    if (this.#table === undefined) await this.#start(batch);
    this.#watchOrder(batch);
    this.#last = ordinalAt(batch, batch.count - 1);
    this.#table?.append(batch);
  }

  async finish(): Promise<RunFile[]> {
    await this.#turnRun();
    await this.#writing;
    return this.files;
  }

  /** Forgets what is being collected; for an import that has failed. */
  abandon(): void {
    this.#table?.discard();
    this.#table = undefined;
  }

  async #start(batch: FlowBatch): Promise<void> {
    this.#turn ^= 1;
    this.#table = await RunTable.create(this.#append, `run${this.#turn}`, batch, new Set([...this.#carried, 'source_id', 'ingested_at']));
    this.#lastTime = Number.NEGATIVE_INFINITY;
    this.#isSorted = true;
  }

  #number(batch: FlowBatch): void {
    const { u32 } = batch.column('id');
    for (let row = 0; row < batch.count; row++) {
      const ordinal = ++this.#ordinal;
      u32[row * 2] = ordinal;
      u32[row * 2 + 1] = ordinal / 4294967296;
    }
  }

  /** Notes whether rows came in order of time, so that a sort can be saved. */
  #watchOrder(batch: FlowBatch): void {
    if (!this.#isSorted) return;
    const { u32 } = batch.column('time');
    let last = this.#lastTime;
    for (let row = 0; row < batch.count; row++) {
      const time = (u32[row * 2 + 1] as number | 0) * 4294967296 + (u32[row * 2] as number);
      if (time < last) {
        this.#isSorted = false;
        return;
      }
      last = time;
    }
    this.#lastTime = last;
  }

  /** Closes the run that is being collected and starts writing it, once the one before is on disk. */
  async #turnRun(): Promise<void> {
    const table = this.#table;
    if (table === undefined) return;
    this.#table = undefined;
    table.close();
    await this.#writing;
    // Places without a row (a heading, a bad line) take ids as well: so id = line number + a constant in the whole file.
    const run = { table, shape: this.#shape, isSorted: this.#isSorted, first: this.#taken + 1, last: this.#last };
    this.#taken = run.last;
    this.#writing = this.#write(run);
    this.#writing.catch(() => undefined); // told by the next await, not as an unhandled rejection
  }

  async #write(run: Run): Promise<void> {
    const base = (await this.#options.reserve(run.last - run.first + 1)) - run.first;
    for (const part of await splitByDay(this.#copy, run.table.name)) await this.#writePart(run, base, part);
  }

  async #writePart(run: Run, base: number, part: RunPart): Promise<void> {
    const where = part.day === null ? '' : `WHERE ${isOfDay(part.day)}`;
    const order = run.isSorted ? '' : 'ORDER BY time, id';
    const select = `SELECT ${this.#selectList(run, base)} FROM ${run.table.name} ${where} ${order}`;
    const path = runPath(this.#options, part, this.files.length + 1);
    await copyToParquet(this.#copy, select, path);
    this.files.push(runFile(path, run.shape, part, base));
  }

  #selectList(run: Run, base: number): string {
    return canonicalList(run.shape, this.#options, (name, type) => {
      if (name === 'id') return `id + ${base}::BIGINT`;
      return run.table.carried.has(name) ? name : `NULL::${type}`;
    });
  }
}

type Run = { table: RunTable; shape: Shape; isSorted: boolean; first: number; last: number };

/** Rows of one day within something that is being written, with their bounds; `day` is null where there are too many days. */
export type RunPart = Row & { day: number | null; rows: number; min_time: number; max_time: number; min_id: number; max_id: number };

const bounds = 'min(time) AS min_time, max(time) AS max_time, min(id) AS min_id, max(id) AS max_id, count(*) AS rows';

/** The days that a relation with `time` and `id` has rows of; one part for all where they are more than `limit`. */
export const splitByDay = async (connection: Connection, from: string, limit = maxDays): Promise<RunPart[]> => {
  const [whole] = (await connection.rows(`SELECT ${bounds} FROM ${from}`)) as RunPart[];
  if (whole === undefined || whole.rows === 0) return [];
  const day = Math.floor(whole.min_time / daySeconds);
  if (day === Math.floor(whole.max_time / daySeconds)) return [{ ...whole, day }];
  const split = `SELECT ${dayOfTime} AS day, ${bounds} FROM ${from} GROUP BY 1 ORDER BY 1 LIMIT ${limit + 1}`;
  const parts = (await connection.rows(split)) as RunPart[];
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

/** The canonical columns of a shape, each by `expression`, with the source and the time of arrival put in. */
export const canonicalList = (
  shape: Shape,
  { sourceId, ingestedAt }: { sourceId: number; ingestedAt: bigint },
  expression: (name: string, type: string) => string,
): string => {
  const columnValue = (name: string, type: string): string => {
    if (name === 'source_id') return `${sourceId}::UINTEGER`;
    if (name === 'ingested_at') return `make_timestamp(${ingestedAt}::BIGINT)`;
    return expression(name, type);
  };
  return columnsOf(shape)
    .map(({ name, type }) => `${columnValue(name, type)} AS ${name}`)
    .join(', ');
};

const ordinalAt = (batch: FlowBatch, row: number): number => {
  const { u32 } = batch.column('id');
  return (u32[row * 2 + 1] as number) * 4294967296 + (u32[row * 2] as number);
};

/** Writes the rows of a SELECT as one Parquet file that is on disk, whole and under its name, when this resolves. */
export const copyToParquet = async (connection: Connection, select: string, path: string): Promise<void> => {
  const part = `${path}.part`;
  await connection.run(`COPY (${select}) TO ${literal(part)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows})`);
  await syncFile(part);
  await rename(part, path);
};
