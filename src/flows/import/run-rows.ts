/**
 * A run of batches as DuckDB reads it: a table function that copies their vectors into its chunks. Nothing is stored twice
 * and only the columns that a statement names are copied. Compared with appending to a table in memory first, 3 million
 * rows to Parquet take 2.0 s of CPU time instead of 5.1, and 155 MB instead of 355.
 *
 * DuckDB calls from its own threads; the binding brings each call to this one, so that calls never overlap.
 */
import duckdb from '@duckdb/node-bindings';
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { type ColumnType, columnsOf, type Shape } from '../schema.ts';
import type { Connection } from '../store/duck.ts';
import { RowGather, vectorRows } from './run-gather.ts';

const vectorValidityOctets = vectorRows / 8;

const { Type } = duckdb;
const typeIds: Record<ColumnType, duckdb.Type> = {
  BIGINT: Type.BIGINT,
  UBIGINT: Type.UBIGINT,
  UINTEGER: Type.UINTEGER,
  USMALLINT: Type.USMALLINT,
  UTINYINT: Type.UTINYINT,
  VARCHAR: Type.VARCHAR,
  TIMESTAMP_NS: Type.TIMESTAMP_NS,
  TIMESTAMP: Type.TIMESTAMP,
};

/** How far one reading of the batches has come, and which columns it wants, by their place in the shape. */
type Cursor = { columns: number[]; batch: number; row: number };

/** What the values of a column point into: a batch, or rows gathered from several. */
type Values = Pick<FlowBatch, 'buffer' | 'heap' | 'heapLength'>;

export class RunRows {
  /** The batches that the function reads, from the first to the last row. */
  batches: readonly FlowBatch[] = [];
  /** The order in which it reads them (see run-order.ts), or undefined for that in which they lie. */
  order: Uint32Array | undefined;
  readonly #gather = new RowGather();
  readonly #function: duckdb.TableFunction;

  /** Makes the batches readable on this database as `name()`, with the columns of the shape. */
  constructor(connection: Connection, name: string, shape: Shape) {
    const made = duckdb.create_table_function();
    duckdb.table_function_set_name(made, name);
    duckdb.table_function_supports_projection_pushdown(made, true);
    duckdb.table_function_set_bind(made, (info) => {
      for (const column of columnsOf(shape))
        duckdb.bind_add_result_column(info, column.name, duckdb.create_logical_type(typeIds[column.type]));
      duckdb.bind_set_cardinality(info, this.rows, true);
    });
    duckdb.table_function_set_init(made, (info) => {
      // One reader: with more, rows would not come in their order.
      duckdb.init_set_max_threads(info, 1);
      const columns = Array.from({ length: duckdb.init_get_column_count(info) }, (_, at) => duckdb.init_get_column_index(info, at));
      duckdb.init_set_init_data(info, { columns, batch: 0, row: 0 } satisfies Cursor);
    });
    duckdb.table_function_set_function(made, (info, chunk) => this.#fill(duckdb.function_get_init_data(info) as Cursor, chunk));
    duckdb.register_table_function(connection.raw, made);
    this.#function = made;
  }

  get rows(): number {
    return this.batches.reduce((sum, batch) => sum + batch.count, 0);
  }

  /** Ends the function; no statement may use it any more. */
  close(): void {
    duckdb.destroy_table_function_sync(this.#function);
    this.batches = [];
  }

  #fill(cursor: Cursor, chunk: duckdb.DataChunk): void {
    if (this.order === undefined) this.#fillAsTheyLie(cursor, chunk);
    else this.#fillInOrder(this.order, cursor, chunk);
  }

  /** Here `cursor.row` counts through the order. */
  #fillInOrder(order: Uint32Array, cursor: Cursor, chunk: duckdb.DataChunk): void {
    const places = order.subarray(cursor.row, cursor.row + vectorRows);
    duckdb.data_chunk_set_size(chunk, places.length);
    if (places.length === 0) return;
    for (const [at, place] of cursor.columns.entries()) {
      if (place >= (this.batches[0] as FlowBatch).columns.length) continue;
      const column = this.#gather.gather(this.batches, place, places);
      fillVector(duckdb.data_chunk_get_vector(chunk, at), this.#gather, column, 0, places.length);
    }
    cursor.row += places.length;
  }

  #fillAsTheyLie(cursor: Cursor, chunk: duckdb.DataChunk): void {
    const batch = this.batches[cursor.batch];
    if (batch === undefined) {
      duckdb.data_chunk_set_size(chunk, 0);
      return;
    }
    const from = cursor.row;
    const rows = Math.min(vectorRows, batch.count - from);
    duckdb.data_chunk_set_size(chunk, rows);
    for (const [at, place] of cursor.columns.entries()) {
      const column = batch.columns[place];
      // A statement that needs no column, such as count(*), asks for the row number, which is none of ours.
      if (column !== undefined) fillVector(duckdb.data_chunk_get_vector(chunk, at), batch, column, from, rows);
    }
    cursor.row += rows;
    if (cursor.row < batch.count) return;
    cursor.row = 0;
    cursor.batch++;
  }
}

const fillVector = (vector: duckdb.Vector, batch: Values, column: BatchColumn, from: number, rows: number): void => {
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
const fillText = (vector: duckdb.Vector, batch: Values, column: BatchColumn, from: number, rows: number): boolean => {
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
