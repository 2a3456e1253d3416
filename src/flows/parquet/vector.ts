/** The values of one column for some rows, in the shape that the encoders read; its memory is used again for the next rows. */
import { type LongTexts, type RawColumn, widths } from '../encode/raw-column.ts';
import type { ColumnType } from '../schema.ts';

/** Rows of a vector at most. */
export const vectorRows = 2048;

export class Vector implements RawColumn {
  readonly type: ColumnType;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  validity: Uint8Array | null = null;
  longTexts: LongTexts | null = null;
  /** What `validity` is where it is not null. */
  readonly bits = new Uint8Array(vectorRows / 8);
  #heap: Heap | undefined;

  constructor(type: ColumnType) {
    this.type = type;
    this.u8 = new Uint8Array(vectorRows * widths[type]);
    this.u16 = new Uint16Array(this.u8.buffer, 0, this.u8.length >> 1);
    this.u32 = new Uint32Array(this.u8.buffer, 0, this.u8.length >> 2);
  }

  /** Tells where the long texts of its rows lie: their entries have the place among `octets` in the third word. */
  holdTexts(octets: Uint8Array | undefined): void {
    if (octets === undefined) this.longTexts = null;
    else {
      this.#heap ??= new Heap(this.u32);
      this.#heap.bytes = octets;
      this.longTexts = this.#heap;
    }
  }

  /** Makes NULL of the rows whose bit is set. */
  removeWhere(bits: Uint8Array): void {
    if (this.validity === null) this.bits.fill(0xff);
    this.validity = this.bits;
    for (let at = 0; at < this.bits.length; at++) this.bits[at]! &= ~bits[at]!;
  }

  /** Makes NULL of all rows. */
  clear(): void {
    this.bits.fill(0);
    this.validity = this.bits;
    this.longTexts = null;
  }
}

class Heap implements LongTexts {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  readonly #words: Uint32Array;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  locate(row: number): void {
    this.at = this.#words[row * 4 + 2] as number;
  }
}
