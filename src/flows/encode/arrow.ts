/**
 * Arrow IPC stream: the schema, record batches of up to `batchRows` rows, the end mark. The types of the store stay as
 * they are, unsigned ones too; instants are timestamps in UTC. Columns are gathered in buffers that are used again for
 * each batch; the flatbuffer messages and the order of buffers are apache-arrow's work.
 */
import * as arrow from 'apache-arrow';
import { ipv6TextOctets, writeIpv4, writeIpv6 } from '../../core/address.ts';
import type { BlockPool } from './block.ts';
import { BlockQueue } from './block.ts';
import type { Encoder, Opening } from './encoder.ts';
import type { EncodedField } from './field.ts';
import type { RawColumn } from './raw-column.ts';
import { inlineOctets, isPresent } from './raw-column.ts';

/** Rows of a record batch: eight chunks, so that the first rows go out early and the messages still cost little. */
export const batchRows = 16384;

const types = {
  UTINYINT: new arrow.Uint8(),
  USMALLINT: new arrow.Uint16(),
  UINTEGER: new arrow.Uint32(),
  UBIGINT: new arrow.Uint64(),
  BIGINT: new arrow.Int64(),
  TIMESTAMP: new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, 'UTC'),
  TIMESTAMP_NS: new arrow.Timestamp(arrow.TimeUnit.NANOSECOND, 'UTC'),
  VARCHAR: new arrow.Utf8(),
  ADDRESS: new arrow.Utf8(),
} as const;

/** Which rows of the batch at hand are NULL, as Arrow keeps it: one bit a row, 1 = present. */
class Presence {
  readonly bits = new Uint8Array(batchRows / 8);
  absentCount = 0;

  reset(): void {
    this.bits.fill(0xff);
    this.absentCount = 0;
  }

  setAbsent(row: number): void {
    this.bits[row >> 3]! &= ~(1 << (row & 7));
    this.absentCount++;
  }

  /** What `makeData` takes: no bitmap at all where nothing is NULL. */
  get parts(): { nullCount: number; nullBitmap: Uint8Array | null } {
    return { nullCount: this.absentCount, nullBitmap: this.absentCount === 0 ? null : this.bits };
  }
}

/** A column of the batch at hand. `append` takes rows `[from, from + count)` of raw columns, to stand from `at` on. */
type Gathered = {
  readonly type: arrow.DataType;
  reset(): void;
  append(columns: readonly RawColumn[], from: number, count: number, at: number): void;
  data(count: number): arrow.Data;
};

/** Numbers and instants: the octets of the vector as they are, with 0 in the place of NULL. */
class GatheredNumbers implements Gathered {
  readonly type: arrow.DataType;
  readonly #presence = new Presence();
  /** Of the element type that `type` asks for; all of them are used alike here. */
  readonly #values: Uint8Array;
  readonly #octets: Uint8Array;
  readonly #width: number;

  constructor(type: arrow.DataType) {
    this.type = type;
    this.#values = new type.ArrayType(batchRows);
    this.#octets = new Uint8Array(this.#values.buffer);
    this.#width = this.#values.BYTES_PER_ELEMENT;
  }

  reset(): void {
    this.#presence.reset();
  }

  append([column]: readonly [RawColumn], from: number, count: number, at: number): void {
    const width = this.#width;
    const octets = this.#octets;
    octets.set(column.u8.subarray(from * width, (from + count) * width), at * width);
    if (column.validity === null) return;
    for (let i = 0; i < count; i++) {
      if (isPresent(column, from + i)) continue;
      this.#presence.setAbsent(at + i);
      for (let octet = (at + i) * width, end = octet + width; octet < end; octet++) octets[octet] = 0;
    }
  }

  data(count: number): arrow.Data {
    return arrow.makeData({
      type: this.type as arrow.Uint8,
      length: count,
      data: this.#values.subarray(0, count),
      ...this.#presence.parts,
    });
  }
}

/** Texts and addresses: their UTF-8, one after the other, and where each begins. */
class GatheredTexts implements Gathered {
  readonly type = types.VARCHAR;
  readonly #presence = new Presence();
  readonly #offsets = new Int32Array(batchRows + 1);
  #octets = new Uint8Array(batchRows * 16);
  #view = new DataView(this.#octets.buffer);

  reset(): void {
    this.#presence.reset();
  }

  append([text, high, low]: readonly RawColumn[], from: number, count: number, at: number): void {
    if (text!.validity === null && text!.longTexts === null) this.#appendShort(text!.u32, from, count, at);
    else this.#appendAny([text!, high, low], from, count, at);
  }

  /** Texts that all lie in place, as most names and ports do: three words each, over which the next text is written. */
  #appendShort(words: Uint32Array, from: number, count: number, at: number): void {
    const offsets = this.#offsets;
    let end = offsets[at]!;
    this.#reserve(end + (count + 1) * inlineOctets);
    const view = this.#view;
    for (let i = 0, word = from * 4; i < count; i++, word += 4) {
      view.setInt32(end, words[word + 1]! | 0, true);
      view.setInt32(end + 4, words[word + 2]! | 0, true);
      view.setInt32(end + 8, words[word + 3]! | 0, true);
      end += words[word]!;
      offsets[at + i + 1] = end;
    }
  }

  #appendAny(
    [text, high, low]: readonly [RawColumn, RawColumn | undefined, RawColumn | undefined],
    from: number,
    count: number,
    at: number,
  ): void {
    const offsets = this.#offsets;
    let end = offsets[at]!;
    for (let i = 0; i < count; i++) {
      const row = from + i;
      if (isPresent(text, row)) end = this.#appendText(text, row, end);
      else if (high !== undefined && isPresent(high, row)) end = this.#appendAddress(high.u32, low!.u32, row, end);
      else this.#presence.setAbsent(at + i);
      offsets[at + i + 1] = end;
    }
  }

  #appendText(column: RawColumn, row: number, at: number): number {
    const length = column.u32[row * 4]!;
    this.#reserve(at + length);
    if (length > inlineOctets) {
      const texts = column.longTexts!;
      texts.locate(row);
      this.#octets.set(texts.bytes.subarray(texts.at, texts.at + length), at);
      return at + length;
    }
    const { u8 } = column;
    const octets = this.#octets;
    for (let i = 0, start = row * 16 + 4; i < length; i++) octets[at + i] = u8[start + i]!;
    return at + length;
  }

  #appendAddress(high: Uint32Array, low: Uint32Array, row: number, at: number): number {
    this.#reserve(at + ipv6TextOctets);
    const a = high[row * 2 + 1]!;
    const b = high[row * 2]!;
    const c = low[row * 2 + 1]!;
    const d = low[row * 2]!;
    return a === 0 && b === 0 && c === 0xffff ? writeIpv4(this.#octets, at, d) : writeIpv6(this.#octets, at, a, b, c, d);
  }

  #reserve(octets: number): void {
    if (octets <= this.#octets.length) return;
    const grown = new Uint8Array(Math.max(octets, this.#octets.length * 2));
    grown.set(this.#octets);
    this.#octets = grown;
    this.#view = new DataView(grown.buffer);
  }

  data(count: number): arrow.Data {
    const valueOffsets = this.#offsets.subarray(0, count + 1);
    const data = this.#octets.subarray(0, valueOffsets[count]);
    return arrow.makeData({ type: this.type, length: count, data, valueOffsets, ...this.#presence.parts });
  }
}

/** apache-arrow's writer with its output, which it would queue for asynchronous readers, put into blocks at once. */
class BlockWriter extends arrow.RecordBatchStreamWriter {
  readonly #blocks: BlockQueue;

  constructor(blocks: BlockQueue) {
    super();
    this.#blocks = blocks;
  }

  protected override _write(chunk: ArrayBufferView): this {
    this.#blocks.append(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this;
  }
}

/** Encodes rows as an Arrow IPC stream. */
export class ArrowEncoder implements Encoder {
  readonly contentType: string;
  readonly opening: Opening = { text: new Uint8Array(0), replaces: 0 };
  readonly #schema: arrow.Schema;
  readonly #gathered: readonly Gathered[];
  readonly #fields: readonly EncodedField[];
  readonly #blocks: BlockQueue;
  readonly #writer: BlockWriter;
  #count = 0;

  constructor(fields: readonly EncodedField[], contentType: string, pool: BlockPool) {
    this.contentType = contentType;
    this.#fields = fields;
    this.#gathered = fields.map(({ type }) => {
      return type === 'VARCHAR' || type === 'ADDRESS' ? new GatheredTexts() : new GatheredNumbers(types[type]);
    });
    this.#schema = new arrow.Schema(fields.map((field) => new arrow.Field(field.name, types[field.type], true)));
    this.#blocks = new BlockQueue(pool);
    this.#writer = new BlockWriter(this.#blocks);
    this.#reset();
  }

  head(): Uint8Array {
    this.#writer.reset(undefined, this.#schema);
    return this.#taken();
  }

  rows(columns: readonly RawColumn[], count: number): void {
    for (let from = 0; from < count; ) {
      const fitting = Math.min(count - from, batchRows - this.#count);
      this.#append(columns, from, fitting);
      from += fitting;
      if (this.#count === batchRows) this.#writeBatch();
    }
  }

  take(): Uint8Array | null {
    return this.#blocks.take();
  }

  flush(): void {
    this.#writeBatch();
    this.#blocks.close();
  }

  tail(): Uint8Array {
    this.#writer.finish();
    return this.#taken();
  }

  #append(columns: readonly RawColumn[], from: number, count: number): void {
    let index = 0;
    this.#fields.forEach(({ type }, place) => {
      const width = type === 'ADDRESS' ? 3 : 1;
      this.#gathered[place]!.append(columns.slice(index, index + width), from, count, this.#count);
      index += width;
    });
    this.#count += count;
  }

  #writeBatch(): void {
    if (this.#count === 0) return;
    const count = this.#count;
    const children = this.#gathered.map((column) => column.data(count));
    const struct = arrow.makeData({ type: new arrow.Struct(this.#schema.fields), length: count, nullCount: 0, children });
    this.#writer.write(new arrow.RecordBatch(this.#schema, struct));
    this.#reset();
  }

  #reset(): void {
    this.#count = 0;
    for (const column of this.#gathered) column.reset();
  }

  /** What has just been written, as one array: for the small messages at both ends. */
  #taken(): Uint8Array {
    this.#blocks.close();
    return this.#blocks.take() ?? new Uint8Array(0);
  }
}
