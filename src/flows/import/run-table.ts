/**
 * One run: a table in memory that takes batches as they come and is then written as sorted Parquet. It has only the
 * columns that carry values: a column of nulls would cost as much as a full one on the way in.
 */
import duckdb from '@duckdb/node-bindings';
import type { BatchColumn, FlowBatch } from '../batch.ts';
import type { Connection } from '../store/duck.ts';

const vectorRows = 2048;
const vectorValidityOctets = vectorRows / 8;

/** Whether any of the first `count` rows has a value. */
const hasValues = ({ validity }: BatchColumn, count: number): boolean => {
  if (validity === undefined) return true;
  for (let i = 0, end = (count + 7) >> 3; i < end; i++) if (validity[i] !== 0) return true;
  return false;
};

/** Names of the columns in which the batch holds at least one value. */
export const carriedColumns = (batch: FlowBatch): string[] =>
  batch.columns.filter((c) => hasValues(c, batch.count)).map((c) => c.column.name);

export class RunTable {
  readonly name: string;
  readonly carried: ReadonlySet<string>;
  rows = 0;
  readonly #appender: duckdb.Appender;
  /** Filled again for each vector; its memory is DuckDB's own, of which the collector of garbage sees nothing. */
  readonly #chunk: duckdb.DataChunk;

  private constructor(name: string, carried: ReadonlySet<string>, appender: duckdb.Appender) {
    this.name = name;
    this.carried = carried;
    this.#appender = appender;
    const types = Array.from({ length: carried.size }, (_, at) => duckdb.appender_column_type(appender, at));
    this.#chunk = duckdb.create_data_chunk(types);
  }

  /** Makes the table anew with the columns of `batch` that are in `carried`. */
  static async create(connection: Connection, name: string, batch: FlowBatch, carried: ReadonlySet<string>): Promise<RunTable> {
    const columns = batch.columns.filter((c) => carried.has(c.column.name)).map((c) => `${c.column.name} ${c.column.type}`);
    await connection.run(`CREATE OR REPLACE TABLE ${name} (${columns.join(', ')})`);
    return new RunTable(name, carried, duckdb.appender_create(connection.raw, null, name));
  }

  /** Copies the rows of a batch, a DuckDB vector at a time. */
  append(batch: FlowBatch): void {
    const columns = batch.columns.filter((c) => this.carried.has(c.column.name));
    const chunk = this.#chunk;
    for (let from = 0; from < batch.count; from += vectorRows) {
      const rows = Math.min(vectorRows, batch.count - from);
      duckdb.data_chunk_reset(chunk);
      for (const [at, column] of columns.entries()) fillVector(duckdb.data_chunk_get_vector(chunk, at), batch, column, from, rows);
      duckdb.data_chunk_set_size(chunk, rows);
      duckdb.append_data_chunk(this.#appender, chunk);
    }
    this.rows += batch.count;
  }

  /** Forgets the rows. An appender must not outlive its connection, so one that is given up is closed as well. */
  discard(): void {
    duckdb.appender_clear(this.#appender);
    duckdb.appender_close_sync(this.#appender);
  }

  /** Makes all rows visible to queries; nothing can be appended afterwards. */
  close(): void {
    duckdb.appender_close_sync(this.#appender);
  }
}

const fillVector = (vector: duckdb.Vector, batch: FlowBatch, column: BatchColumn, from: number, rows: number): void => {
  const isLongText = column.column.type === 'VARCHAR' && batch.heapLength > 0;
  if (!isLongText || !fillText(vector, batch, column, from, rows)) {
    duckdb.copy_data_to_vector(vector, 0, batch.buffer, column.offset + from * column.width, rows * column.width);
  }
  const { validity } = column;
  if (validity === undefined || isAllPresent(validity, from, rows)) return;
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, batch.buffer, column.validityOffset + from / 8, vectorValidityOctets);
};

const isAllPresent = (validity: Uint8Array, from: number, rows: number): boolean => {
  const start = from >> 3;
  const whole = rows >> 3;
  for (let i = 0; i < whole; i++) if (validity[start + i] !== 0xff) return false;
  const rest = rows & 7;
  return rest === 0 || ((validity[start + whole] as number) & ((1 << rest) - 1)) === (1 << rest) - 1;
};

/** The text values of one vector while their pointers are put in. */
const patched = new Uint32Array(vectorRows * 4);

/**
 * Texts longer than 12 octets need a pointer into memory that belongs to the vector. One call per value would cost more
 * than the rest of the row. So the part of the batch's heap that these rows use is given to the vector once, as if it
 * were the text of row 0; the address that DuckDB then shows in row 0 is the base for all others.
 * Returns false where no row of the vector has a long text.
 */
const fillText = (vector: duckdb.Vector, batch: FlowBatch, column: BatchColumn, from: number, rows: number): boolean => {
  const words = column.u32.subarray(from * 4, (from + rows) * 4);
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let i = 0; i < rows; i++) {
    const length = words[i * 4] as number;
    if (length <= 12 || !isPresent(column, from + i)) continue;
    const at = words[i * 4 + 2] as number;
    if (at < low) low = at;
    if (at + length > high) high = at + length;
  }
  if (high === 0) return false;
  duckdb.vector_assign_string_element_len(vector, 0, batch.heap.subarray(low, high));
  const shown = duckdb.vector_get_data(vector, 16);
  const base = new DataView(shown.buffer, shown.byteOffset, 16).getBigUint64(8, true) - BigInt(low);
  const baseLow = Number(base & 0xffffffffn);
  const baseHigh = Number((base >> 32n) & 0xffffffffn);
  patched.set(words);
  for (let i = 0; i < rows; i++) {
    if ((patched[i * 4] as number) <= 12) continue;
    const sum = baseLow + (patched[i * 4 + 2] as number);
    patched[i * 4 + 2] = sum;
    patched[i * 4 + 3] = baseHigh + (sum > 0xffffffff ? 1 : 0);
  }
  duckdb.copy_data_to_vector(vector, 0, patched.buffer, 0, rows * 16);
  return true;
};

const isPresent = ({ validity }: BatchColumn, row: number): boolean =>
  validity === undefined || ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;
