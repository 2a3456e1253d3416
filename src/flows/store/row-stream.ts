/** A stream whose rows are encoded here: in any format but Parquet. */
import duckdb from '@duckdb/node-bindings';
import type { CallContext } from '../../core/thread.ts';
import { collectAllGarbage, collectYoungGarbage } from '../../core/young-garbage.ts';
import { BlockPool } from '../encode/block.ts';
import { readChunk, releaseColumns } from '../encode/chunk.ts';
import { createEncoder, type EncodedFormat } from '../encode/encode.ts';
import type { Encoder } from '../encode/encoder.ts';
import { type EncodedField, encodedFields, rawTypes, selectList } from '../encode/field.ts';
import type { ColumnType, Shape } from '../schema.ts';
import { brokenFile } from './broken-file.ts';
import type { ChunkStream } from './duck.ts';
import { blocksOfMany, fewStreams } from './many-streams.ts';
import { type Part, planParts, rowsOf } from './parts.ts';
import { isPlain } from './plain-columns.ts';
import type { PlainPart } from './plain-encoding.ts';
import { PlainRun } from './plain-run.ts';
import { ReadAhead } from './read-ahead.ts';
import { columnsIn, relation } from './relation.ts';
import { Scans } from './scans.ts';
import { anyTime, whereOf } from './selection.ts';
import { planSlices } from './slices.ts';
import type { Snapshot, Store } from './store.ts';
import type { Streamed, StreamQuery } from './stream-query.ts';

/** Counts the chunks of all streams, of some 200 kB each, and sees to it that their memory is freed. */
class Leavings {
  /** Chunks freed together. */
  static readonly #young = 16;
  /** A chunk that waits for its turn through two collections is no longer young: those that a stream reads ahead, and all of many streams. */
  static readonly #old = { few: 1536, many: 512 };
  #chunks = 0;

  add(): void {
    this.#chunks++;
    const { few, many } = Leavings.#old;
    if (this.#chunks % (running > fewStreams ? many : few) === 0) collectAllGarbage();
    else if (this.#chunks % Leavings.#young === 0) collectYoungGarbage();
  }
}

/** Parts that are read beside the one whose rows are encoded. */
const partsAhead = 2;
/**
 * Blocks of a part that may wait for their turn. A row group of named data has 18 as Arrow, 39 as NDJSON and 61 as XML: who encodes
 * the next part rests until the one before it is through. Of two cores the main thread and the client use what that leaves idle,
 * and each 4 blocks more would be 2 MB. Twice as many made XML no faster: what lives longer costs V8 more to collect.
 */
const blocksAhead = 12;

let running = 0;
const leavings = new Leavings();

type RowQuery = StreamQuery & { format: EncodedFormat };
/** Where a stream reads and sends. */
type Ends = {
  store: Store;
  snapshot: Snapshot;
  context: CallContext;
  /** Takes what must have ended before the snapshot is closed. */
  leave(ending: Promise<void>): void;
};
type Coding = { encoder: Encoder; pool: BlockPool; fields: EncodedField[] };
/** Where in the answer a part begins, as far as it was known when the part was opened. */
type Place = { skip: number; limit: number };
/** A part that has been opened: `send` sends its rows and returns their number. */
type OpenPart = { rows: number | undefined; send: (reading: Reading) => Promise<number> };
type Reading = ReadAhead<Part, OpenPart>;

/** Sends all rows of the query; ends what it has begun, whether it succeeds or not. */
export const streamRows = async (ends: Ends, query: RowQuery): Promise<Streamed> => {
  const shape = shapeOf(ends.snapshot);
  const fields = encodedFields(query.fields, shape);
  const pool = new BlockPool();
  const { format, bigint, header } = query;
  const encoder = await createEncoder(format, fields, { bigint, header, pool, continues: true });
  const scans = new Scans(ends.store, running >= fewStreams ? '1MB' : '4MB');
  const parts = new AbortController();
  const stop = (): void => {
    scans.stop();
    parts.abort();
  };
  const { signal } = ends.context;
  signal.addEventListener('abort', stop, { once: true });
  running++;
  const stream = new RowStream(ends, query, shape, { scans, signal: parts.signal }, { encoder, pool, fields });
  try {
    signal.throwIfAborted();
    return await stream.run();
  } finally {
    running--;
    signal.removeEventListener('abort', stop);
    parts.abort();
    // The answer is whole, or broken: nobody waits for this.
    ends.leave(Promise.all([scans.end(), stream.rest()]).then(() => undefined));
  }
};

const shapeOf = (snapshot: Snapshot): Shape =>
  snapshot.hot === undefined && snapshot.files.every((file) => file.shape === 'named') ? 'named' : 'addressed';

/** What reads for a stream: DuckDB, and threads that stop when the signal aborts. */
type Readers = { scans: Scans; signal: AbortSignal };

class RowStream {
  readonly #ends: Ends;
  readonly #query: RowQuery;
  readonly #shape: Shape;
  readonly #readers: Readers;
  readonly #coding: Coding;
  readonly #types: readonly ColumnType[];
  readonly #runs: Promise<unknown>[] = [];
  #toSkip: number;
  /** Rows that are wanted and have not been sent; those that open parts will give for certain; open parts of unknown size. */
  #left: number;
  #promised = 0;
  #unknown = 0;
  /** Open parts that are encoded without DuckDB. */
  #encoding = 0;
  #rows = 0;
  #hasOpened = false;
  #hasBegun = false;

  constructor(ends: Ends, query: RowQuery, shape: Shape, readers: Readers, coding: Coding) {
    this.#ends = ends;
    this.#query = query;
    this.#shape = shape;
    this.#readers = readers;
    this.#coding = coding;
    this.#types = rawTypes(coding.fields);
    this.#toSkip = query.offset;
    this.#left = query.limit ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<Streamed> {
    const { files, hot } = this.#ends.snapshot;
    const { encoder } = this.#coding;
    const { context } = this.#ends;
    await context.send(Uint8Array.from(encoder.head()));
    const parts = planParts(planSlices(files, hot, this.#query.bounds, this.#query.direction));
    while (parts[0] !== undefined && this.#toSkip > 0 && (await this.#skips(parts[0]))) parts.shift();
    const reading = new ReadAhead(parts, (part) => this.#open(part));
    for (let part = await reading.next(); part !== undefined; part = await reading.next()) {
      this.#readAhead(reading);
      const rows = await part.send(reading);
      this.#rows += rows;
      this.#left -= rows;
      if (part.rows === undefined) this.#unknown--;
      else this.#promised -= part.rows;
      if (this.#left <= 0) break;
    }
    await context.send(Uint8Array.from(encoder.tail(this.#hasBegun)));
    return { rows: this.#rows };
  }

  /** Resolves when no thread reads for this stream any more. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#runs);
  }

  /** What `sql` reads of a part. */
  #relation({ files, hot, rows }: Part, sql: string): string {
    return relation(this.#ends.store.paths.flows, files, hot, { rows, columns: columnsIn(sql) });
  }

  /** Whether the whole part lies before the first row that is wanted. */
  async #skips(part: Part): Promise<boolean> {
    const count = this.#rowsOf(part) ?? (await this.#count(part));
    if (count > this.#toSkip) return false;
    this.#toSkip -= count;
    return true;
  }

  async #count(part: Part): Promise<number> {
    const { snapshot } = this.#ends;
    const where = await whereOf(snapshot, this.#query, part.within);
    const from = this.#relation(part, where.sql);
    const row = await snapshot.connection.row(`SELECT count(*) AS n FROM ${from} ${where.sql}`, where.parameters);
    return Number(row?.n);
  }

  /** Whether every row within the bounds of time is wanted. */
  get #wantsAll(): boolean {
    return this.#query.condition === '' && this.#query.ingestedAfterUs === undefined;
  }

  /** The rows of a part, where they are known without reading. */
  #rowsOf(part: Part): number | undefined {
    return this.#wantsAll ? rowsOf(part) : undefined;
  }

  #isPlain({ files, hot, needsSort }: Part): boolean {
    return this.#wantsAll && !hot && !needsSort && files.every(({ shape }) => isPlain(this.#query.fields, this.#shape, shape));
  }

  /** Opens what comes after the part at hand, so far as the cores are not busy with other streams. */
  #readAhead(reading: Reading): void {
    const isMany = running > fewStreams;
    // What is hot is read on the one connection of the snapshot, so not before its turn.
    reading.prepare(isMany ? 0 : partsAhead, (part) => !part.hot && this.#mayOpen(part));
  }

  /** A part whose rows cannot be cut off afterwards must know how many are wanted of it. */
  #mayOpen(part: Part): boolean {
    if (!this.#isPlain(part)) return true;
    if (this.#encoding >= this.#ends.store.encoders.count) return false;
    if (!Number.isFinite(this.#left)) return true;
    return this.#unknown === 0 && this.#left > this.#promised;
  }

  async #open(part: Part): Promise<OpenPart> {
    const place = { skip: this.#toSkip, limit: this.#left - this.#promised };
    this.#toSkip = 0;
    const isFirst = !this.#hasOpened;
    this.#hasOpened = true;
    const all = this.#rowsOf(part);
    const rows = all === undefined ? undefined : Math.min(all - place.skip, place.limit);
    if (rows === undefined) this.#unknown++;
    else this.#promised += rows;
    const send = this.#isPlain(part) ? this.#openPlain(part, place, isFirst) : await this.#openScan(part, place);
    return { rows, send };
  }

  #openPlain(part: Part, place: Place, isFirst: boolean): OpenPart['send'] {
    const { store, context } = this.#ends;
    const { signal } = this.#readers;
    const window = running > fewStreams ? blocksOfMany : blocksAhead;
    const run = new PlainRun(store.encoders, this.#plainPart(part, place, isFirst), { signal, window });
    this.#runs.push(run.rows);
    this.#encoding++;
    return async (reading) => {
      try {
        return await run.forward(
          (block) => this.#sendBlock(block),
          () => context.spare(),
        );
      } catch (error) {
        context.signal.throwIfAborted();
        if (run.hasBegun) throw brokenFile(error);
        // DuckDB reads what is not known here, and tells what is wrong with what is broken.
        return await (await this.#openScan(part, { ...place, limit: this.#left }))(reading);
      } finally {
        this.#encoding--;
      }
    };
  }

  #plainPart({ files, rows, within }: Part, { skip, limit }: Place, isEarly: boolean): PlainPart {
    const { fields, format, bigint } = this.#query;
    return {
      folder: this.#ends.store.paths.flows,
      files: files.map((file) => ({ path: file.path, shape: file.shape, rows: file.rows })),
      rows,
      within: within === anyTime ? undefined : within,
      skip,
      limit,
      fields,
      shape: this.#shape,
      format,
      bigint,
      isEarly,
    };
  }

  async #openScan(part: Part, place: Place): Promise<OpenPart['send']> {
    const word = this.#query.direction === 'ascending' ? 'ASC' : 'DESC';
    const order = part.needsSort ? `ORDER BY time ${word}, id ${word}` : '';
    const limit = Number.isFinite(place.limit) ? `LIMIT ${place.limit}` : '';
    const offset = place.skip > 0 ? `OFFSET ${place.skip}` : '';
    const where = await whereOf(this.#ends.snapshot, this.#query, part.within);
    const list = selectList(this.#coding.fields);
    const from = this.#relation(part, `${list} ${where.sql} ${order}`);
    const sql = `SELECT ${list} FROM ${from} ${where.sql} ${order} ${limit} ${offset}`;
    if (part.hot) {
      const chunks = await this.#ends.snapshot.connection.stream(sql, where.parameters);
      return (reading) => this.#sendChunks(chunks, reading);
    }
    const { scans } = this.#readers;
    const connection = await scans.take();
    const chunks = await connection.stream(sql, where.parameters);
    return async (reading) => {
      const rows = await this.#sendChunks(chunks, reading);
      if (rows < this.#left) scans.give(connection);
      return rows;
    };
  }

  async #sendChunks(chunks: ChunkStream, reading: Reading): Promise<number> {
    const { encoder } = this.#coding;
    let rows = 0;
    for (let chunk = await chunks.next(); chunk !== null; chunk = await chunks.next()) {
      const count = Math.min(duckdb.data_chunk_get_size(chunk), this.#left - rows);
      const columns = readChunk(chunk, this.#types);
      encoder.rows(columns, count);
      releaseColumns(columns);
      leavings.add();
      rows += count;
      // The first rows go out at once; later ones as blocks fill.
      if (this.#rows + rows <= 2048) encoder.flush();
      this.#readAhead(reading);
      await this.#sendBlocks();
      if (rows >= this.#left) break;
    }
    encoder.flush();
    await this.#sendBlocks();
    return rows;
  }

  async #sendBlocks(): Promise<void> {
    const { encoder, pool } = this.#coding;
    const { context } = this.#ends;
    for (let block = encoder.take(); block !== null; block = encoder.take()) {
      await this.#sendBlock(block as Uint8Array<ArrayBuffer>);
      for (let spare = context.spare(); spare !== undefined; spare = context.spare()) pool.give(spare);
    }
    context.signal.throwIfAborted();
  }

  /** Sends rows; those who encode them do not know which are the first. */
  async #sendBlock(block: Uint8Array<ArrayBuffer>): Promise<void> {
    const { context } = this.#ends;
    if (this.#hasBegun) return await context.send(block);
    this.#hasBegun = true;
    const { text, replaces } = this.#coding.encoder.opening;
    if (text.length > 0) await context.send(Uint8Array.from(text));
    await context.send(block.subarray(replaces));
  }
}
