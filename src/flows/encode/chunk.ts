/**
 * A chunk of a DuckDB result as typed arrays, one copy of each vector and nothing made for single values. The binding
 * copies into fresh memory, which would stay until a garbage collection and make each next copy touch new pages; so
 * `releaseColumns` detaches the arrays at once, and the allocator gives the same warm memory out again: 2 us a column of
 * 2048 rows in place of 4 to 12.
 *
 * A text longer than 12 octets has, in the last 8 octets of its entry, a pointer. To follow a pointer is a call into the
 * binding, some 600 ns each. So the pointers of a column are sorted and joined to spans, and one call reads each span. Where
 * two texts are less than a memory page apart, both of their pages are there, and so is all that lies between: reading a
 * span never leaves mapped memory.
 */
import duckdb from '@duckdb/node-bindings';
import type { ColumnType } from '../schema.ts';
import { inlineOctets, isPresent, type LongTexts, type RawColumn, widths } from './raw-column.ts';

/** Two texts nearer than this are read as one span: the smallest page of any platform. */
const page = 4096;

/** The columns of a chunk, whose types must be `types` in that order; none for the empty chunk that ends a result. */
export const readChunk = (chunk: duckdb.DataChunk, types: readonly ColumnType[]): RawColumn[] => {
  const count = duckdb.data_chunk_get_size(chunk);
  if (count === 0) return [];
  return types.map((type, index) => readColumn(chunk, index, type, count));
};

/** Frees the memory of columns that have been read to the end; they are empty afterwards. */
export const releaseColumns = (columns: readonly RawColumn[]): void => {
  for (const { u8 } of columns) (u8.buffer as ArrayBuffer).transfer(0);
};

const readColumn = (chunk: duckdb.DataChunk, index: number, type: ColumnType, count: number): RawColumn => {
  const vector = duckdb.data_chunk_get_vector(chunk, index);
  const u8 = duckdb.vector_get_data(vector, count * widths[type]);
  const buffer = u8.buffer as ArrayBuffer;
  const u16 = new Uint16Array(buffer, u8.byteOffset, u8.length >> 1);
  const u32 = new Uint32Array(buffer, u8.byteOffset, u8.length >> 2);
  // Validity comes in words of 64 bits; null when the vector has no NULL.
  const validity = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null;
  const column = { type, u8, u16, u32, validity, longTexts: null, coded: null, joined: null, expand: () => undefined };
  if (type !== 'VARCHAR') return column;
  return { ...column, longTexts: PointedTexts.of(column, count) };
};

/** The texts of one column that do not lie in place, found by their pointers. */
class PointedTexts implements LongTexts {
  bytes: Uint8Array;
  at = 0;
  readonly #words: Uint32Array;
  /** Ascending; span i begins at address `starts[i]` and has `spans[i].length` octets. */
  readonly #starts: number[];
  readonly #spans: Uint8Array[];
  #current = 0;

  private constructor(words: Uint32Array, starts: number[], spans: Uint8Array[]) {
    this.#words = words;
    this.#starts = starts;
    this.#spans = spans;
    this.bytes = spans[0]!;
  }

  static of(column: RawColumn, count: number): PointedTexts | null {
    const { u8, u32 } = column;
    const rows = longRows(column, count);
    if (rows.length === 0) return null;
    const addresses = Float64Array.from(rows, (row) => addressOf(u32, row));
    const order = Uint32Array.from(rows.keys());
    if (!isAscending(addresses)) order.sort((a, b) => addresses[a]! - addresses[b]!);
    const starts: number[] = [];
    const spans: Uint8Array[] = [];
    for (let i = 0; i < order.length; ) {
      const row = rows[order[i]!]!;
      const start = addresses[order[i]!]!;
      let end = start;
      for (; i < order.length && addresses[order[i]!]! < end + page; i++) {
        end = Math.max(end, addresses[order[i]!]! + u32[rows[order[i]!]! * 4]!);
      }
      starts.push(start);
      spans.push(duckdb.get_data_from_pointer(u8.buffer as ArrayBuffer, u8.byteOffset + row * 16 + 8, end - start));
    }
    return new PointedTexts(u32, starts, spans);
  }

  locate(row: number): void {
    const address = addressOf(this.#words, row);
    const offset = address - this.#starts[this.#current]!;
    if (offset < 0 || offset >= this.#spans[this.#current]!.length) this.#current = this.#find(address);
    this.bytes = this.#spans[this.#current]!;
    this.at = address - this.#starts[this.#current]!;
  }

  /** The last span that begins at or before the address. */
  #find(address: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const longRows = (column: RawColumn, count: number): number[] => {
  const rows: number[] = [];
  for (let row = 0; row < count; row++) {
    if (column.u32[row * 4]! > inlineOctets && isPresent(column, row)) rows.push(row);
  }
  return rows;
};

/** Addresses of user space have 47 bits (a process must ask for more), so a double holds them exactly. */
const addressOf = (words: Uint32Array, row: number): number => words[row * 4 + 3]! * 4294967296 + words[row * 4 + 2]!;

const isAscending = (values: Float64Array): boolean => {
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) return false;
  return true;
};
