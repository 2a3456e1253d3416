/**
 * A batch of flows as columns: what importers and the meter fill row by row, and what the run writer copies into DuckDB
 * without looking at single values. All columns lie in one ArrayBuffer, so that a batch moves between threads as one
 * transfer and comes back to be filled again.
 *
 *   buffer:  | column 0 data | column 0 validity | column 1 data | ... |
 *   data:     capacity x width octets, as a DuckDB vector has them (little endian, row after row)
 *   validity: one bit a row, 1 = present; only for nullable columns, all 0 after `reset`
 *
 * A VARCHAR value is DuckDB's 16-octet string: a 32-bit length, then up to 12 octets in place; a longer text has its
 * first 4 octets there and, in the last 8, its offset in `heap`, which the run writer turns into a pointer. A batch may also have codes of
 * `texts` in place of its texts, 32 bits each from the beginning of the column.
 */
import type { Column, Shape } from './schema.ts';
import { columnsOf } from './schema.ts';
import type { Texts } from './texts.ts';

/** Rows of a batch: four DuckDB vectors of 2048. */
export const batchRows = 8192;

const widths = { BIGINT: 8, UBIGINT: 8, TIMESTAMP_NS: 8, TIMESTAMP: 8, UINTEGER: 4, USMALLINT: 2, UTINYINT: 1, VARCHAR: 16 } as const;
const inlineOctets = 12;

/** Octets of one value of a column in a batch and in a DuckDB vector. */
export const widthOf = (column: Column): number => widths[column.type];

/** Where one column lies, with the views that its writers use: `u32` for 64-bit halves and text, `u8`/`u16` for small numbers. */
export type BatchColumn = {
  readonly column: Column;
  readonly offset: number;
  readonly width: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  /** One bit a row, or undefined where NULL cannot stand. */
  readonly validity: Uint8Array | undefined;
  readonly validityOffset: number;
};

/** Between two columns: a few lines of the cache, or the values of a row would all compete for the same few. */
const gapOctets = 320;

/** Where the columns of a batch of this shape lie, and the octets that it needs. */
export const batchLayout = (shape: Shape) => {
  let size = 0;
  const places = columnsOf(shape).map((column) => {
    const offset = size;
    size += batchRows * widthOf(column);
    const validityOffset = size;
    if (column.nullable) size += batchRows / 8;
    size += gapOctets;
    return { column, offset, validityOffset };
  });
  return { size, places };
};

/** Memory that many batches share: `offset` is where one lies, and `number` tells it from the others. */
export type BatchPlace = { buffer: SharedArrayBuffer; offset: number; number: number };

export class FlowBatch {
  readonly shape: Shape;
  readonly buffer: ArrayBuffer;
  /** Its number where it lies in memory that threads share: then `buffer` is all of that memory. */
  readonly number: number | undefined;
  readonly columns: readonly BatchColumn[];
  /** Rows filled so far, 0 to `batchRows`. */
  count = 0;
  /** The names and ports of its ends are not written: they follow from addresses and port numbers (`end-names.ts`). */
  isUnnamed = false;
  /** Texts longer than 12 octets, one after the other; `heapLength` octets are in use. Grows by doubling. */
  heap = new Uint8Array(4096);
  heapLength = 0;
  /** What the codes in its columns of texts stand for; undefined where they hold the texts themselves. */
  texts: Texts | undefined;

  constructor(shape: Shape, memory?: ArrayBuffer | BatchPlace) {
    const { size, places } = batchLayout(shape);
    const isPlaced = memory !== undefined && 'number' in memory;
    const begin = isPlaced ? memory.offset : 0;
    this.shape = shape;
    this.number = isPlaced ? memory.number : undefined;
    // Shared memory is handed neither to another thread nor to DuckDB, which alone would mind.
    this.buffer = isPlaced ? (memory.buffer as unknown as ArrayBuffer) : (memory ?? new ArrayBuffer(size));
    this.columns = places.map(({ column, offset: columnOffset, validityOffset: bitsOffset }) => {
      const [offset, validityOffset] = [begin + columnOffset, begin + bitsOffset];
      const width = widthOf(column);
      const octets = batchRows * width;
      return {
        column,
        offset,
        width,
        validityOffset,
        u8: new Uint8Array(this.buffer, offset, octets),
        u16: new Uint16Array(this.buffer, offset, octets >> 1),
        u32: new Uint32Array(this.buffer, offset, octets >> 2),
        validity: column.nullable ? new Uint8Array(this.buffer, validityOffset, batchRows / 8) : undefined,
      };
    });
  }

  /** A batch that came from another thread, over the buffers that came with it. */
  static received(from: {
    shape: Shape;
    count: number;
    buffer: ArrayBuffer;
    heap: Uint8Array<ArrayBuffer>;
    heapLength: number;
    isUnnamed: boolean;
  }): FlowBatch {
    const batch = new FlowBatch(from.shape, from.buffer);
    batch.count = from.count;
    batch.isUnnamed = from.isUnnamed;
    batch.heap = from.heap;
    batch.heapLength = from.heapLength;
    return batch;
  }

  /** The column of that name; a TypeError where the shape has none. */
  column(name: string): BatchColumn {
    const found = this.columns.find((c) => c.column.name === name);
    if (found === undefined) throw new TypeError(`a batch of shape ${this.shape} has no column ${name}`);
    return found;
  }

  get isFull(): boolean {
    return this.count === batchRows;
  }

  /** Empties the batch: every nullable value is NULL again; old data stays in place until overwritten. */
  reset(): void {
    this.count = 0;
    this.heapLength = 0;
    this.isUnnamed = false;
    this.texts = undefined;
    for (const { validity } of this.columns) validity?.fill(0);
  }

  /** The same batch after `reset`. */
  emptied(): this {
    this.reset();
    return this;
  }

  /** The same rows with texts in place of their codes, in memory of their own; itself where it has no codes. */
  spelledOut(): FlowBatch {
    if (this.texts === undefined) return this;
    const batch = new FlowBatch(this.shape);
    for (const [at, { u8, width, validity }] of this.columns.entries()) {
      const column = batch.columns[at] as BatchColumn;
      column.u8.set(u8.subarray(0, this.count * width));
      if (validity !== undefined) column.validity?.set(validity);
    }
    batch.count = this.count;
    batch.#spellOut(this.texts);
    return batch;
  }

  #spellOut(texts: Texts): void {
    const { words, long } = texts;
    for (const { column, u32 } of this.columns) {
      if (column.type !== 'VARCHAR') continue;
      // From the last row on: a text covers codes of rows behind it only.
      for (let row = this.count - 1; row >= 0; row--) {
        const from = (u32[row] as number) * 4;
        const at = row * 4;
        for (let word = 0; word < 4; word++) u32[at + word] = words[from + word] as number;
        const length = u32[at] as number;
        if (length > inlineOctets) u32[at + 2] = this.#keep(long, u32[at + 2] as number, (u32[at + 2] as number) + length);
      }
    }
  }

  /** Writes `bytes[start, end)` as the text of `row`; does not touch the validity. */
  setText(column: BatchColumn, row: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.texts !== undefined) {
      column.u32[row] = this.texts.codeOf(bytes, start, end);
      return;
    }
    const length = end - start;
    const { u8, u32 } = column;
    const word = row * 4;
    u32[word] = length;
    u32[word + 1] = 0;
    u32[word + 2] = 0;
    u32[word + 3] = 0;
    if (length <= inlineOctets) {
      for (let i = start, at = row * 16 + 4; i < end; i++, at++) u8[at] = bytes[i] as number;
      return;
    }
    for (let i = 0; i < 4; i++) u8[row * 16 + 4 + i] = bytes[start + i] as number;
    u32[word + 2] = this.#keep(bytes, start, end);
  }

  #keep(bytes: Uint8Array, start: number, end: number): number {
    const at = this.heapLength;
    const needed = at + end - start;
    if (needed > this.heap.length) {
      const grown = new Uint8Array(Math.max(needed, this.heap.length * 2));
      grown.set(this.heap.subarray(0, at));
      this.heap = grown;
    }
    this.heap.set(bytes.subarray(start, end), at);
    this.heapLength = needed;
    return at;
  }
}

/** Marks the value of `row` as present in a nullable column. */
export const setPresent = (column: BatchColumn, row: number): void => {
  (column.validity as Uint8Array)[row >> 3]! |= 1 << (row & 7);
};

/** Writes a whole number of -2^53 to 2^53 into a 64-bit column. */
export const setInteger = (column: BatchColumn, row: number, value: number): void => {
  const high = Math.floor(value / 4294967296);
  column.u32[row * 2] = value - high * 4294967296;
  column.u32[row * 2 + 1] = high;
};

/** Writes seconds and nanoseconds since 1970 into a TIMESTAMP_NS column, exact over the whole range of 1677 to 2262. */
export const setTimestamp = (column: BatchColumn, row: number, seconds: number, nanos: number): void => {
  // The lower 32 bits come exactly from arithmetic modulo 2^32. The whole product as a double is off by 512 at most, which leaves no doubt
  // about the upper half once the lower one is taken from it.
  const low = (Math.imul(seconds, 1e9) + nanos) >>> 0;
  column.u32[row * 2] = low;
  column.u32[row * 2 + 1] = Math.round((seconds * 1e9 + nanos - low) / 4294967296);
};
