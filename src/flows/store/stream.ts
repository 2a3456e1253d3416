/** Rows of a selection in order, encoded, block by block: the flow stream, pages of it, and single flows. */
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import duckdb from '@duckdb/node-bindings';
import { Problem } from '../../core/problem.ts';
import type { CallContext } from '../../core/thread.ts';
import { collectYoungGarbage } from '../../core/young-garbage.ts';
import { BlockPool } from '../encode/block.ts';
import { readChunk, releaseColumns } from '../encode/chunk.ts';
import type { EncodedFormat } from '../encode/encode.ts';
import type { Encoder } from '../encode/encoder.ts';
import { type EncodedField, encodedFields, rawTypes, selectList } from '../encode/field.ts';
import type { StreamFormat } from '../encode/format.ts';
import type { ColumnName, Shape } from '../schema.ts';
import { Catalog } from './catalog.ts';
import { momentText } from './commit.ts';
import { type Connection, literal } from './duck.ts';
import { exportList } from './file-layout.ts';
import { relation } from './relation.ts';
import { type Selection, whereOf } from './selection.ts';
import { filesWithin, planSlices, type Slice } from './slices.ts';
import type { Snapshot, Store } from './store.ts';

/** What is streamed, and how. */
export type StreamQuery = Selection & {
  format: StreamFormat;
  fields: ColumnName[];
  direction: 'ascending' | 'descending';
  /** Rows at most; undefined for all. */
  limit: number | undefined;
  /** Rows to pass over first. */
  offset: number;
  bigint: 'number' | 'string';
  header: 'present' | 'absent';
};

/** The encoders bring the Arrow library with them: loaded at the first stream, since an import needs none of it. */
export const loadEncoders = () => import('../encode/encode.ts');

/** What is told before the first block: the last commit that the answer has seen, to ask for what comes after it. */
export type StreamNews = { ingestedUntil: string };

/** How a stream ended. */
export type Streamed = { rows: number };

/** Sends the answer to the caller; stops at once, and frees what it holds, when the caller gives up. */
export const streamFlows = async (store: Store, query: StreamQuery, context: CallContext): Promise<Streamed> => {
  const snapshot = await store.snapshot();
  const interrupt = (): void => snapshot.connection.interrupt();
  context.signal.addEventListener('abort', interrupt, { once: true });
  try {
    context.signal.throwIfAborted();
    context.tell({ ingestedUntil: momentText(await new Catalog(snapshot.connection).lastCommit()) } satisfies StreamNews);
    if (query.format === 'parquet') return await streamParquet(store, snapshot, query, context);
    const scan = await store.scan();
    const stop = (): Promise<void> => scan.stop();
    context.signal.addEventListener('abort', stop, { once: true });
    try {
      return await (await RowStream.create(store, snapshot, scan, { ...query, format: query.format }, context)).run();
    } finally {
      context.signal.removeEventListener('abort', stop);
      await store.endReader(scan);
    }
  } finally {
    context.signal.removeEventListener('abort', interrupt);
    snapshot.close();
  }
};

const shapeOf = (snapshot: Snapshot): Shape =>
  snapshot.hot === undefined && snapshot.files.every((file) => file.shape === 'named') ? 'named' : 'addressed';

/** Chunks of some 200 kB, freed together. */
const chunksPerCollection = 16;

type RowQuery = StreamQuery & { format: EncodedFormat };
type RowStreamParts = {
  store: Store;
  snapshot: Snapshot;
  /** Reads slices that have nothing hot. */
  scan: Connection;
  query: RowQuery;
  context: CallContext;
  fields: EncodedField[];
  pool: BlockPool;
  encoder: Encoder;
};

class RowStream {
  readonly #store: Store;
  readonly #snapshot: Snapshot;
  readonly #scan: Connection;
  readonly #query: RowQuery;
  readonly #context: CallContext;
  readonly #fields: EncodedField[];
  readonly #pool: BlockPool;
  readonly #encoder: Encoder;
  #toSkip: number;
  #left: number;
  #rows = 0;
  #chunks = 0;

  static async create(store: Store, snapshot: Snapshot, scan: Connection, query: RowQuery, context: CallContext): Promise<RowStream> {
    const { createEncoder } = await loadEncoders();
    const fields = encodedFields(query.fields, shapeOf(snapshot));
    const pool = new BlockPool();
    const encoder = createEncoder(query.format, fields, { bigint: query.bigint, header: query.header, pool });
    return new RowStream({ store, snapshot, scan, query, context, fields, pool, encoder });
  }

  private constructor({ store, snapshot, scan, query, context, fields, pool, encoder }: RowStreamParts) {
    this.#store = store;
    this.#snapshot = snapshot;
    this.#scan = scan;
    this.#query = query;
    this.#context = context;
    this.#fields = fields;
    this.#pool = pool;
    this.#encoder = encoder;
    this.#toSkip = query.offset;
    this.#left = query.limit ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<Streamed> {
    const { files, hot } = this.#snapshot;
    await this.#context.send(Uint8Array.from(this.#encoder.head()));
    for (const slice of planSlices(files, hot, this.#query.bounds, this.#query.direction)) {
      if (this.#left <= 0) break;
      if (this.#toSkip > 0 && (await this.#skips(slice))) continue;
      await this.#slice(slice);
    }
    this.#encoder.flush();
    await this.#sendBlocks();
    await this.#context.send(Uint8Array.from(this.#encoder.tail()));
    return { rows: this.#rows };
  }

  /** Whether the whole slice lies before the first row that is wanted. */
  async #skips(slice: Slice): Promise<boolean> {
    const where = await whereOf(this.#snapshot, this.#query, slice);
    const row = await this.#snapshot.connection.row(`SELECT count(*) AS n FROM ${this.#relation(slice)} ${where.sql}`, where.parameters);
    const count = Number(row?.n);
    if (count > this.#toSkip) return false;
    this.#toSkip -= count;
    return true;
  }

  #relation(slice: Slice): string {
    return relation(this.#store.paths.flows, slice.files, slice.hot);
  }

  async #slice(slice: Slice): Promise<void> {
    const where = await whereOf(this.#snapshot, this.#query, slice);
    const word = this.#query.direction === 'ascending' ? 'ASC' : 'DESC';
    const order = slice.needsSort ? `ORDER BY time ${word}, id ${word}` : '';
    const limit = Number.isFinite(this.#left) ? `LIMIT ${this.#left}` : '';
    const offset = this.#toSkip > 0 ? `OFFSET ${this.#toSkip}` : '';
    this.#toSkip = 0;
    const sql = `SELECT ${selectList(this.#fields)} FROM ${this.#relation(slice)} ${where.sql} ${order} ${limit} ${offset}`;
    const connection = slice.hot ? this.#snapshot.connection : this.#scan;
    const stream = await connection.stream(sql, where.parameters);
    const types = rawTypes(this.#fields);
    for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) {
      const count = duckdb.data_chunk_get_size(chunk);
      const columns = readChunk(chunk, types);
      this.#encoder.rows(columns, count);
      releaseColumns(columns);
      this.#chunks++;
      if (this.#chunks % chunksPerCollection === 0) collectYoungGarbage();
      this.#rows += count;
      this.#left -= count;
      await this.#sendBlocks();
    }
  }

  async #sendBlocks(): Promise<void> {
    // The first rows go out at once; later ones as blocks fill.
    if (this.#rows > 0 && this.#rows <= 2048) this.#encoder.flush();
    for (let block = this.#encoder.take(); block !== null; block = this.#encoder.take()) {
      await this.#context.send(block as Uint8Array<ArrayBuffer>);
      for (let spare = this.#context.spare(); spare !== undefined; spare = this.#context.spare()) this.#pool.give(spare);
    }
    this.#context.signal.throwIfAborted();
  }
}

/** As the store's own files, but without dictionaries of names: an answer is written once and read once. */
const exportOptions = 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1000';

let serial = 0;

/**
 * Parquet ends with a footer that points back into the file, and DuckDB writes it best: into a file of the staging
 * folder, which is sent while it grows. A slow client holds disk, never one of DuckDB's threads.
 */
const streamParquet = async (store: Store, snapshot: Snapshot, query: StreamQuery, context: CallContext): Promise<Streamed> => {
  const path = join(store.paths.staging, `answer-${process.pid}-${++serial}.tmp`);
  const where = await whereOf(snapshot, query);
  const from = relation(store.paths.flows, filesWithin(snapshot.files, query.bounds), snapshot.hot !== undefined);
  const isSorted = planSlices(snapshot.files, snapshot.hot, query.bounds, query.direction).every((slice) => !slice.needsSort);
  const word = query.direction === 'ascending' ? 'ASC' : 'DESC';
  const order = isSorted && isOneShape(snapshot) ? '' : `ORDER BY time ${word}, id ${word}`;
  const limit = query.limit === undefined ? '' : `LIMIT ${query.limit}`;
  // Even OFFSET 0 would make DuckDB count rows on one thread.
  const offset = query.offset === 0 ? '' : `OFFSET ${query.offset}`;
  const select = `SELECT ${exportList(query.fields)} FROM ${from} ${where.sql} ${order} ${limit} ${offset}`;
  const copying = snapshot.connection.run(`COPY (${select}) TO ${literal(path)} (${exportOptions})`, where.parameters);
  try {
    await sendGrowing(path, copying, context);
    return { rows: 0 };
  } finally {
    snapshot.connection.interrupt();
    await copying.catch(() => undefined); // its error has been thrown by sendGrowing
    await rm(path, { force: true });
  }
};

const isOneShape = (snapshot: Snapshot): boolean => new Set(snapshot.files.map((file) => file.shape)).size <= 1;

/** Sends a file while it is being written, until `writing` resolves and all of it is sent. */
const sendGrowing = async (path: string, writing: Promise<void>, context: CallContext): Promise<void> => {
  let isWritten = false;
  const watched = writing.then(() => {
    isWritten = true;
  });
  watched.catch(() => undefined);
  let sent = 0;
  for (;;) {
    context.signal.throwIfAborted();
    const isLast = isWritten;
    const size = await stat(path).then(
      (s) => s.size,
      () => 0,
    );
    if (size > sent) sent += await sendRange(path, sent, size, context);
    else if (isLast) return;
    else await Promise.race([watched, sleep(5)]);
  }
};

const sendRange = async (path: string, from: number, to: number, context: CallContext): Promise<number> => {
  for await (const part of createReadStream(path, { start: from, end: to - 1, highWaterMark: 256 * 1024 })) {
    await context.send(new Uint8Array(part as Buffer));
  }
  return to - from;
};

/** One flow as the JSON text of an array of at most one. */
export const flowById = async (store: Store, query: { id: number; fields: ColumnName[]; bigint: 'number' | 'string' }): Promise<string> => {
  if (!Number.isSafeInteger(query.id)) throw new Problem('invalid', 'expected a whole number as the id of a flow');
  const snapshot = await store.snapshot();
  try {
    const files = snapshot.files.filter((file) => file.minId <= query.id && file.maxId >= query.id);
    const fields = encodedFields(query.fields, 'addressed');
    const { createEncoder } = await loadEncoders();
    const encoder = createEncoder('json', fields, { bigint: query.bigint });
    const sql = `SELECT ${selectList(fields)} FROM ${relation(store.paths.flows, files, snapshot.hot !== undefined)} WHERE id = ?`;
    const stream = await snapshot.connection.stream(sql, [query.id]);
    const parts = [encoder.head()];
    for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next()) {
      encoder.rows(readChunk(chunk, rawTypes(fields)), duckdb.data_chunk_get_size(chunk));
    }
    encoder.flush();
    for (let block = encoder.take(); block !== null; block = encoder.take()) parts.push(block);
    parts.push(encoder.tail());
    return Buffer.concat(parts).toString('utf8');
  } finally {
    snapshot.close();
  }
};
