/**
 * Turns batches into Parquet files: collects a run of them, writes it sorted by time while the next is being collected,
 * and so keeps memory the same for any size of import. A run of more than one UTC day is split by day. What was written
 * lies in the staging folder until the store adopts it.
 */
import { hash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { batchRows, type FlowBatch } from '../batch.ts';
import { RecordBatch } from '../meter/record-batch.ts';
import { Octets } from '../parquet/octets.ts';
import type { Shape } from '../schema.ts';
import type { EncodedPart, RecordRun } from './record-run.ts';
import type { DuckRuns, Run } from './run-duck.ts';
import type { RunConstants } from './run-encode.ts';
import { runRows } from './run-size.ts';
import { longAt, type RunPart, surveyRun } from './run-survey.ts';

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
  /** Its size and digest, where it was written by our own encoder, which has them at hand. */
  sum?: { bytes: number; sha256: string };
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

/** Opens what writes the runs that our own encoders do not take, in one of two places; asked for with the first such run. */
export type OpenDuckRuns = (place: number) => Promise<DuckRuns>;

/** Runs that are written at once: while one is on its way to the disk, the next is encoded. */
export const places = 2;

/** One writing at a time. */
type Slot = { place: number; duck: DuckRuns | undefined; busy: Promise<void> | undefined };

export class RunWriter {
  readonly #files: RunFile[] = [];
  readonly #options: RunWriterOptions;
  readonly #openDuck: OpenDuckRuns;
  readonly #slots: Slot[];
  #run: Collected[] = [];
  #rows = 0;
  /** Loaded for the first of them: rows need none. */
  #records: RecordRun | undefined;
  #ordinal = 0;
  /** The last place in the file that a run has taken ids for. */
  #taken = 0;
  #serial = 0;
  #failure: { error: unknown } | undefined;
  /** Memory for files that are on their way to the disk, used again. */
  readonly #spare: Octets[] = [];

  constructor(openDuck: OpenDuckRuns, options: RunWriterOptions) {
    this.#openDuck = openDuck;
    this.#options = options;
    this.#slots = Array.from({ length: places }, (_, place) => ({ place, duck: undefined, busy: undefined }));
  }

  /**
   * Takes the rows of a batch; `hasOrdinals` tells that `id` holds their places in the file, rising. The batch is the
   * writer's until `release` is called.
   */
  async add(batch: FlowBatch | RecordBatch, hasOrdinals: boolean, release: () => void): Promise<void> {
    if (batch.count === 0) return release();
    if (batch instanceof RecordBatch) return this.#addRecords(batch, release);
    if (!hasOrdinals) this.#number(batch);
    // While the first run is collected there is time for that.
    if (this.#run.length === 0) void (batch.shape === 'named' ? loadPlain() : loadMetered());
    this.#run.push({ batch, release });
    this.#rows += batch.count;
    // A reader whose texts have no more room sends a batch that is not full, and would run out of batches before there are enough rows.
    const isLong = batch.texts !== undefined && this.#run.length > runRows[batch.shape] / batchRows;
    if (this.#rows >= runRows[batch.shape] || isLong) await this.#turnRun();
  }

  /** Writes what is left; the files come in order of their ids. */
  async finish(): Promise<RunFile[]> {
    await this.#turnRun();
    await this.#turnRecords();
    await this.rest();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#files.sort((a, b) => a.minId - b.minId);
  }

  /** Writes what has been collected and hands over the files since the last call; more rows may follow. */
  async cut(): Promise<RunFile[]> {
    return (await this.finish()).splice(0);
  }

  /** Resolves when nothing is being written any more, well or not. */
  async rest(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.busy));
  }

  async #addRecords(batch: RecordBatch, release: () => void): Promise<void> {
    this.#records ??= new (await import('./record-run.ts')).RecordRun();
    this.#records.add(batch);
    release();
    if (this.#records.isFull) await this.#turnRecords();
  }

  /** Encodes the records that have been collected, and starts writing them. */
  async #turnRecords(): Promise<void> {
    const records = this.#records;
    if (records === undefined || records.count === 0) return;
    const { count } = records;
    const slot = await this.#settledSlot();
    const first = this.#ordinal + 1;
    this.#ordinal += count;
    const base = await this.#takeIds(this.#ordinal);
    const encoded = records.encode(first, { ...this.#options, base }, () => this.#takeMemory());
    if (encoded === undefined) {
      const batches = records.batches(first);
      this.#start(slot, () => this.#write(slot, batches, base, () => undefined));
    } else this.#start(slot, () => this.#writeParts(encoded, base));
    records.clear();
  }

  async #writeParts(encoded: readonly EncodedPart[], base: number): Promise<void> {
    for (const { part, octets, memory } of encoded) {
      const path = this.#pathOf(part);
      const sum = await writeParquet(octets, path);
      this.#spare.push(memory);
      this.#files.push({ ...runFile(path, 'addressed', part, base), sum });
    }
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
    const slot = await this.#settledSlot();
    const batches = collected.map(({ batch }) => batch);
    const base = await this.#takeIds(lastOrdinal(batches));
    const release = (): void => {
      for (const { release } of collected.splice(0)) release();
    };
    this.#start(slot, () => this.#write(slot, batches, base, release), release);
  }

  /**
   * Takes the ids of all places in the file up to `last`, and answers what is to be added to a place. Those without a row (a heading, a bad line)
   * take ids as well: so id = line number + a constant in the whole file.
   */
  async #takeIds(last: number): Promise<number> {
    const base = (await this.#options.reserve(last - this.#taken)) - this.#taken - 1;
    this.#taken = last;
    return base;
  }

  #start(slot: Slot, work: () => Promise<void>, done: () => void = () => undefined): void {
    slot.busy = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => {
        slot.busy = undefined;
        done();
      });
  }

  /** A slot that is free; throws why an earlier writing has failed. */
  async #settledSlot(): Promise<Slot> {
    for (;;) {
      const free = this.#slots.find((slot) => slot.busy === undefined);
      if (free !== undefined) {
        if (this.#failure !== undefined) throw this.#failure.error;
        return free;
      }
      await Promise.race(this.#slots.map((slot) => slot.busy));
    }
  }

  /** Calls `release` as soon as the rows are not needed any more. */
  async #write(slot: Slot, batches: readonly FlowBatch[], base: number, release: () => void): Promise<void> {
    const { parts, isSorted } = surveyRun(batches);
    const run: Run = { batches, parts, isSorted, base };
    const encode = await encoderOf(run, { ...this.#options, base });
    if (encode !== undefined && (await this.#encode(run, encode, release))) return;
    slot.duck ??= await this.#openDuck(slot.place);
    const spelledOut = batches.map((batch) => batch.spelledOut());
    await slot.duck.write({ ...run, batches: spelledOut }, this.#options, this.#pathOf, (path, part, shape) =>
      this.#files.push(runFile(path, shape, part, base)),
    );
  }

  #takeMemory(): Octets {
    return this.#spare.pop() ?? new Octets();
  }

  readonly #pathOf = (part: RunPart): string => runPath(this.#options, part, ++this.#serial);

  /** Writes all parts, each while the next is encoded; false, and nothing written, where the encoder does not take one of them. */
  async #encode({ parts, batches, base }: Run, encode: Encode, release: () => void): Promise<boolean> {
    const { shape } = batches[0] as FlowBatch;
    const writings: Promise<RunFile>[] = [];
    let first = 0;
    let isWhole = true;
    try {
      for (const part of parts) {
        const memory = this.#takeMemory();
        const octets = encode(first, part.rows, memory);
        isWhole = octets !== undefined;
        if (octets === undefined) break;
        const path = this.#pathOf(part);
        const written = writeParquet(octets, path).finally(() => this.#spare.push(memory));
        writings.push(written.then((sum) => ({ ...runFile(path, shape, part, base), sum })));
        first += part.rows;
      }
      if (isWhole) release();
    } finally {
      await Promise.allSettled(writings);
    }
    const files = await Promise.all(writings);
    if (isWhole) this.#files.push(...files);
    else for (const { path } of files) await rm(path);
    return isWhole;
  }
}

/** Gives so many rows of a run, in the order of their times, as a file in that memory; undefined where there is one that it does not take. */
type Encode = (first: number, rows: number, memory: Octets) => Uint8Array | undefined;

/** What is encoded in which way is loaded for the first run of its kind: captures need neither. */
const loadPlain = () => import('./run-encode.ts');
const loadMetered = () => Promise.all([import('./run-metered.ts'), import('./run-order.ts'), import('./ordered-rows.ts')]);

const encoderOf = async ({ batches, parts, isSorted }: Run, constants: RunConstants): Promise<Encode | undefined> => {
  if (batches[0]?.shape === 'named') {
    const { encodeRows, isPlainRun, spansOf } = await loadPlain();
    if (!isPlainRun(batches, parts, isSorted)) return undefined;
    return (first, rows, memory) => encodeRows(spansOf(batches, first, rows), constants, memory);
  }
  if (!isMeteredRun(batches)) return undefined;
  const [{ encodeMetered }, { orderAsTheyLie, orderByTime }, { OrderedRows }] = await loadMetered();
  const order = isSorted ? orderAsTheyLie(batches) : orderByTime(batches);
  const rowsAt = (places: Uint32Array) => new OrderedRows(batches, places);
  return (first, rows, memory) => encodeMetered(rowsAt, order.subarray(first, first + rows), constants, memory);
};

/** Whether the meter made all rows of a run. */
const isMeteredRun = (batches: readonly FlowBatch[]): boolean => batches.every(({ isUnnamed }) => isUnnamed);

const lastOrdinal = (batches: readonly FlowBatch[]): number => {
  const batch = batches.at(-1) as FlowBatch;
  return longAt(batch.column('id').u32, batch.count - 1);
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

/** Writes a Parquet file, which is on disk, whole and under its name, when this resolves. */
const writeParquet = async (octets: Uint8Array, path: string): Promise<{ bytes: number; sha256: string }> => {
  const part = `${path}.part`;
  const file = await open(part, 'w', 0o600);
  const sha256 = hash('sha256', octets);
  try {
    await file.writeFile(octets);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  return { bytes: octets.length, sha256 };
};
