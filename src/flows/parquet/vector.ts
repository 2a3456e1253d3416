/** The values of one column for some rows, in the shape that the encoders read; its memory is used again for the next rows. */
import { resultRows } from '../encode/kernel/kernel.ts';
import { type Coded, type Entries, type Joined, type LongTexts, type RawColumn, widths } from '../encode/raw-column.ts';
import type { ColumnType } from '../schema.ts';
import { writeJoined } from './read-texts.ts';

/** Rows of a vector at most. */
export const vectorRows = resultRows;

export class Vector implements RawColumn {
  readonly type: ColumnType;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  validity: Uint8Array | null = null;
  longTexts: LongTexts | null = null;
  coded: Coded | null = null;
  joined: Joined | null = null;
  /** What `validity` is where it is not null. */
  readonly bits = new Uint8Array(vectorRows / 8);
  #count = 0;
  #heap: Heap | undefined;

  constructor(type: ColumnType) {
    this.type = type;
    this.u8 = new Uint8Array(vectorRows * widths[type]);
    this.u16 = new Uint16Array(this.u8.buffer, 0, this.u8.length >> 1);
    this.u32 = new Uint32Array(this.u8.buffer, 0, this.u8.length >> 2);
  }

  /** Makes the first `count` rows the entries whose codes are in `codes`. */
  hold(entries: Entries, codes: Uint32Array, count: number): void {
    this.coded = { codes, entries };
    this.joined = null;
    this.validity = null;
    this.holdTexts(entries.heap);
    this.#count = count;
  }

  /** Makes the first `count` rows these texts. */
  holdJoined(joined: Joined, count: number): void {
    this.joined = joined;
    this.coded = null;
    this.validity = null;
    this.#count = count;
  }

  /** Takes back what `hold` and `holdJoined` have told: the arrays get values of their own. */
  holdNone(): void {
    this.coded = null;
    this.joined = null;
    this.validity = null;
  }

  expand(): void {
    if (this.coded !== null) gather(this, this.coded, this.#count);
    else if (this.joined !== null) this.holdTexts(writeJoined(this.u32, this.joined, this.#count));
    this.coded = null;
    this.joined = null;
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
    this.expand();
    if (this.validity === null) this.bits.fill(0xff);
    this.validity = this.bits;
    for (let at = 0; at < this.bits.length; at++) this.bits[at]! &= ~bits[at]!;
  }

  /** Makes NULL of all rows. */
  clear(): void {
    this.holdNone();
    this.bits.fill(0);
    this.validity = this.bits;
    this.longTexts = null;
  }
}

/** Writes the values of codes into the arrays. */
const gather = ({ type, u8, u16, u32 }: Vector, { codes, entries: { words } }: Coded, count: number): void => {
  if (type === 'VARCHAR') gatherTexts(u32, words, codes, count);
  else if (widths[type] === 8) gatherPairs(u32, words, codes, count);
  else {
    const target = type === 'UTINYINT' ? u8 : type === 'USMALLINT' ? u16 : u32;
    for (let i = 0; i < count; i++) target[i] = words[codes[i]!]!;
  }
};

const gatherPairs = (target: Uint32Array, words: Uint32Array, codes: Uint32Array, count: number): void => {
  for (let i = 0, to = 0; i < count; i++, to += 2) {
    const from = codes[i]! * 2;
    target[to] = words[from]!;
    target[to + 1] = words[from + 1]!;
  }
};

const gatherTexts = (target: Uint32Array, words: Uint32Array, codes: Uint32Array, count: number): void => {
  for (let i = 0, to = 0; i < count; i++, to += 4) {
    const from = codes[i]! * 4;
    target[to] = words[from]!;
    target[to + 1] = words[from + 1]!;
    target[to + 2] = words[from + 2]!;
    target[to + 3] = words[from + 3]!;
  }
};

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
