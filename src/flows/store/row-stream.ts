/** A stream whose rows are encoded here: in any format but Parquet. */
import duckdb from '@duckdb/node-bindings';
import type { CallContext } from '../../core/thread.ts';
import { collectAllGarbage, collectYoungGarbage } from '../../core/young-garbage.ts';
import { BlockPool } from '../encode/block.ts';
import { readChunk, releaseColumns } from '../encode/chunk.ts';
import type { EncodedFormat } from '../encode/encode.ts';
import type { Encoder } from '../encode/encoder.ts';
import { type EncodedField, encodedFields, rawTypes, selectList } from '../encode/field.ts';
import type { ColumnType, Shape } from '../schema.ts';
import type { ChunkStream } from './duck.ts';
import { type Part, planParts } from './parts.ts';
import { ReadAhead } from './read-ahead.ts';
import { columnsIn, relation } from './relation.ts';
import { Scans } from './scans.ts';
import { whereOf } from './selection.ts';
import { planSlices } from './slices.ts';
import type { Snapshot, Store } from './store.ts';
import type { Streamed, StreamQuery } from './stream-query.ts';

/** The encoders bring the Arrow library with them: loaded at the first stream, since an import needs none of it. */
export const loadEncoders = () => import('../encode/encode.ts');

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
/** More streams than these have the cores busy without reading ahead, and their memory adds up. */
const fewStreams = 2;

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
/** A part whose rows come, and what lets go of its connection. */
type OpenPart = { chunks: ChunkStream; close: () => void };

/** Sends all rows of the query; ends what it has begun, whether it succeeds or not. */
export const streamRows = async (ends: Ends, query: RowQuery): Promise<Streamed> => {
  const { createEncoder } = await loadEncoders();
  const fields = encodedFields(query.fields, shapeOf(ends.snapshot));
  const pool = new BlockPool();
  const encoder = createEncoder(query.format, fields, { bigint: query.bigint, header: query.header, pool });
  const scans = new Scans(ends.store, running >= fewStreams ? '1MB' : '4MB');
  const stop = (): void => scans.stop();
  const { signal } = ends.context;
  signal.addEventListener('abort', stop, { once: true });
  running++;
  try {
    signal.throwIfAborted();
    return await new RowStream(ends, query, scans, { encoder, pool, fields }).run();
  } finally {
    running--;
    signal.removeEventListener('abort', stop);
    ends.leave(scans.end()); // the answer is whole, or broken: nobody waits for this
  }
};

const shapeOf = (snapshot: Snapshot): Shape =>
  snapshot.hot === undefined && snapshot.files.every((file) => file.shape === 'named') ? 'named' : 'addressed';

class RowStream {
  readonly #ends: Ends;
  readonly #query: RowQuery;
  readonly #scans: Scans;
  readonly #coding: Coding;
  readonly #types: readonly ColumnType[];
  #toSkip: number;
  #left: number;
  #rows = 0;

  constructor(ends: Ends, query: RowQuery, scans: Scans, coding: Coding) {
    this.#ends = ends;
    this.#query = query;
    this.#scans = scans;
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
      await this.#send(part, reading);
      if (this.#left <= 0) break;
    }
    encoder.flush();
    await this.#sendBlocks();
    await context.send(Uint8Array.from(encoder.tail()));
    return { rows: this.#rows };
  }

  /** What `sql` reads of a part. */
  #relation({ files, hot, rows }: Part, sql: string): string {
    return relation(this.#ends.store.paths.flows, files, hot, { rows, columns: columnsIn(sql) });
  }

  /** Whether the whole part lies before the first row that is wanted. */
  async #skips(part: Part): Promise<boolean> {
    const { snapshot } = this.#ends;
    const where = await whereOf(snapshot, this.#query, part.within);
    const row = await snapshot.connection.row(
      `SELECT count(*) AS n FROM ${this.#relation(part, where.sql)} ${where.sql}`,
      where.parameters,
    );
    const count = Number(row?.n);
    if (count > this.#toSkip) return false;
    this.#toSkip -= count;
    return true;
  }

  async #open(part: Part): Promise<OpenPart> {
    const word = this.#query.direction === 'ascending' ? 'ASC' : 'DESC';
    const order = part.needsSort ? `ORDER BY time ${word}, id ${word}` : '';
    const limit = Number.isFinite(this.#left) ? `LIMIT ${this.#left}` : '';
    const offset = this.#toSkip > 0 ? `OFFSET ${this.#toSkip}` : '';
    this.#toSkip = 0;
    const where = await whereOf(this.#ends.snapshot, this.#query, part.within);
    const list = selectList(this.#coding.fields);
    const from = this.#relation(part, `${list} ${where.sql} ${order}`);
    const sql = `SELECT ${list} FROM ${from} ${where.sql} ${order} ${limit} ${offset}`;
    if (part.hot) return { chunks: await this.#ends.snapshot.connection.stream(sql, where.parameters), close: () => undefined };
    const connection = await this.#scans.take();
    return { chunks: await connection.stream(sql, where.parameters), close: () => this.#scans.give(connection) };
  }

  async #send({ chunks, close }: OpenPart, reading: ReadAhead<Part, OpenPart>): Promise<void> {
    const { encoder } = this.#coding;
    for (let chunk = await chunks.next(); chunk !== null; chunk = await chunks.next()) {
      const count = Math.min(duckdb.data_chunk_get_size(chunk), this.#left);
      const columns = readChunk(chunk, this.#types);
      encoder.rows(columns, count);
      releaseColumns(columns);
      leavings.add();
      this.#rows += count;
      this.#left -= count;
      if (this.#left <= 0) return;
      // What is hot is read on the one connection of the snapshot, so not before its turn.
      reading.prepare(running > fewStreams ? 0 : partsAhead, (part) => !part.hot);
      await this.#sendBlocks();
    }
    close();
  }

  async #sendBlocks(): Promise<void> {
    const { encoder, pool } = this.#coding;
    const { context } = this.#ends;
    // The first rows go out at once; later ones as blocks fill.
    if (this.#rows > 0 && this.#rows <= 2048) encoder.flush();
    for (let block = encoder.take(); block !== null; block = encoder.take()) {
      await context.send(block as Uint8Array<ArrayBuffer>);
      for (let spare = context.spare(); spare !== undefined; spare = context.spare()) pool.give(spare);
    }
    context.signal.throwIfAborted();
  }
}
