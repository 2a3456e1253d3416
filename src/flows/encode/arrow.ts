/**
 * Arrow IPC stream: the schema, record batches of up to `batchRows` rows, the end mark. The types of the store stay as
 * they are, unsigned ones too; instants are timestamps in UTC. Columns are gathered in buffers that are used again for
 * each batch. Texts are plain UTF-8 also where the store has a dictionary: one type whatever lies in which file.
 */
import { ipv6TextOctets, writeIpv4, writeIpv6 } from '../../core/address.ts';
import { type ArrowColumn, type ArrowField, type ArrowType, batchMessage, endMark, schemaMessage } from './arrow-messages.ts';
import type { BlockPool } from './block.ts';
import { BlockQueue } from './block.ts';
import type { Encoder, Opening } from './encoder.ts';
import type { EncodedField } from './field.ts';
import { results, valueKernel } from './kernel/kernel.ts';
import type { Coded, Joined, RawColumn } from './raw-column.ts';
import { inlineOctets, isPresent } from './raw-column.ts';

/** Rows of a record batch: eight chunks, so that the first rows go out early and the messages still cost little. */
export const batchRows = 16384;

const types: Readonly<Record<EncodedField['type'], ArrowType>> = {
  UTINYINT: { bits: 8, signed: false },
  USMALLINT: { bits: 16, signed: false },
  UINTEGER: { bits: 32, signed: false },
  UBIGINT: { bits: 64, signed: false },
  BIGINT: { bits: 64, signed: true },
  TIMESTAMP: { unit: 'microsecond' },
  TIMESTAMP_NS: { unit: 'nanosecond' },
  VARCHAR: 'utf8',
  ADDRESS: 'utf8',
};

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

  /** The bits of so many rows: none at all where nothing is NULL. */
  of(count: number): Uint8Array {
    return this.bits.subarray(0, this.absentCount === 0 ? 0 : (count + 7) >> 3);
  }
}

/** A column of the batch at hand. `append` takes rows `[from, from + count)` of raw columns, to stand from `at` on. */
type Gathered = {
  reset(): void;
  append(columns: readonly RawColumn[], from: number, count: number, at: number): void;
  /** The first `count` rows, until the next `reset`. */
  column(count: number): ArrowColumn;
};

/** Numbers and instants: the octets of the vector as they are, with 0 in the place of NULL. */
class GatheredNumbers implements Gathered {
  readonly #presence = new Presence();
  readonly #octets: Uint8Array;
  readonly #width: number;

  constructor(type: ArrowType) {
    this.#width = typeof type === 'object' && 'bits' in type ? type.bits / 8 : 8;
    this.#octets = new Uint8Array(batchRows * this.#width);
  }

  reset(): void {
    this.#presence.reset();
  }

  append([column]: readonly [RawColumn], from: number, count: number, at: number): void {
    const width = this.#width;
    if (column.coded !== null && width === 8) {
      const { codes, entries } = column.coded;
      valueKernel.gatherPairs(codes.byteOffset + from * 4, entries.words.byteOffset, count, results.octets.byteOffset);
      this.#octets.set(results.octets.subarray(0, count * 8), at * 8);
      return;
    }
    column.expand();
    const octets = this.#octets;
    octets.set(column.u8.subarray(from * width, (from + count) * width), at * width);
    if (column.validity === null) return;
    for (let i = 0; i < count; i++) {
      if (isPresent(column, from + i)) continue;
      this.#presence.setAbsent(at + i);
      for (let octet = (at + i) * width, end = octet + width; octet < end; octet++) octets[octet] = 0;
    }
  }

  column(count: number): ArrowColumn {
    return { nulls: this.#presence.absentCount, buffers: [this.#presence.of(count), this.#octets.subarray(0, count * this.#width)] };
  }
}

/** Texts and addresses: their UTF-8, one after the other, and where each begins. */
class GatheredTexts implements Gathered {
  readonly #presence = new Presence();
  readonly #offsets = new Int32Array(batchRows + 1);
  #octets = new Uint8Array(batchRows * 16);
  #view = new DataView(this.#octets.buffer);

  reset(): void {
    this.#presence.reset();
  }

  append([text, high, low]: readonly RawColumn[], from: number, count: number, at: number): void {
    if (text!.joined !== null) {
      this.#appendJoined(text!.joined, from, count, at);
      return;
    }
    const isShort = text!.validity === null && text!.longTexts === null;
    if (isShort && text!.coded !== null) {
      this.#appendCoded(text!.coded, from, count, at);
      return;
    }
    for (const column of [text, high, low]) column?.expand();
    if (isShort) this.#appendShort(text!.u32, from, count, at);
    else this.#appendAny([text!, high, low], from, count, at);
  }

  /** Texts that lie one behind the other, as they do here. */
  #appendJoined({ bytes, at: begin, lengths, first }: Joined, from: number, count: number, at: number): void {
    let start = begin;
    for (let next = first; next < first + from; next++) start += lengths[next]!;
    const base = this.#offsets[at]!;
    const end = valueKernel.addLengths(lengths.byteOffset + (first + from) * 4, count, results.ends.byteOffset, base);
    this.#offsets.set(results.ends.subarray(0, count), at + 1);
    this.#reserve(end);
    this.#octets.set(bytes.subarray(start, start + end - base), base);
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

  /** The same by a dictionary. */
  #appendCoded({ codes, entries }: Coded, from: number, count: number, at: number): void {
    const begin = this.#offsets[at]!;
    const { octets, ends } = results;
    const address = codes.byteOffset + from * 4;
    const end = valueKernel.gatherTexts(address, entries.words.byteOffset, count, octets.byteOffset, ends.byteOffset, begin);
    this.#reserve(end);
    this.#octets.set(octets.subarray(0, end - begin), begin);
    this.#offsets.set(ends.subarray(0, count), at + 1);
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

  column(count: number): ArrowColumn {
    const offsets = new Uint8Array(this.#offsets.buffer, 0, (count + 1) * 4);
    const buffers = [this.#presence.of(count), offsets, this.#octets.subarray(0, this.#offsets[count])];
    return { nulls: this.#presence.absentCount, buffers };
  }
}

/** Encodes rows as an Arrow IPC stream. */
export class ArrowEncoder implements Encoder {
  readonly contentType: string;
  readonly opening: Opening = { text: new Uint8Array(0), replaces: 0 };
  readonly #gathered: readonly Gathered[];
  readonly #fields: readonly EncodedField[];
  readonly #blocks: BlockQueue;
  #count = 0;

  constructor(fields: readonly EncodedField[], contentType: string, pool: BlockPool) {
    this.contentType = contentType;
    this.#fields = fields;
    this.#gathered = fields.map(({ type }) => (types[type] === 'utf8' ? new GatheredTexts() : new GatheredNumbers(types[type])));
    this.#blocks = new BlockQueue(pool);
    this.#reset();
  }

  head(): Uint8Array {
    return schemaMessage(this.#fields.map(({ name, type }): ArrowField => ({ name, type: types[type] })));
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
    return endMark;
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
    const columns = this.#gathered.map((column) => column.column(count));
    for (const part of batchMessage(count, columns)) this.#blocks.append(part);
    this.#reset();
  }

  #reset(): void {
    this.#count = 0;
    for (const column of this.#gathered) column.reset();
  }
}
