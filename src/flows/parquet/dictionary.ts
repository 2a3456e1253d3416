/**
 * The distinct values of a column of one row group, each with a code by order of appearance. An entry is four 32-bit words:
 * a text as a batch has it (length and up to 12 octets in place), or the lower and upper half of a number and zeros. So
 * texts are compared as words, never octet by octet. Small numbers, and texts that have a number already, are not compared at all.
 */

import type { Column } from '../schema.ts';
import { mostTexts, type Texts } from '../texts.ts';
import type { Coded } from './chunk.ts';
import { mostEntries, textEntries, wordEntries } from './entries.ts';

/** The most values of a row group; codes have 16 bits. */
export const mostRows = mostEntries;

const slots = mostRows * 2;
/** The last code: only the last row of a full row group can get it, and nobody looks for it after that. */
export const noCode = 0xffff;
/** Numbers below this are found without hashing; so are all texts by their codes. */
const small = mostTexts;
/** The last base to which all codes can be added. */
const lastBase = 2 ** 31 - mostRows;

export class Dictionary {
  /** Entries by code, but for texts that came as codes. */
  readonly words = new Uint32Array(mostRows * 4);
  /** The codes of the values, in order. */
  readonly codes = new Uint32Array(mostRows);
  /** Values so far. */
  count = 0;
  /** Distinct values so far. */
  size = 0;
  /** Codes by hash, in 16 bits so that they stay in the cache; `noCode` where there is none. */
  readonly #slots = new Uint16Array(slots).fill(noCode);
  #isHashed = false;
  /** For each small number its code plus a base, which rises with every `clear`: what is below it is of earlier row groups. */
  readonly #known = new Int32Array(small);
  #base = mostRows;
  /** Where texts that came as codes lie, and the codes of those that were found. */
  #texts: Texts | undefined;
  readonly #places = new Uint32Array(mostRows + 1);

  /** The values and what they stand for, until the next `clear`. */
  coded(column: Column): Coded {
    const { codes, count, size } = this;
    const texts = this.#texts;
    return { codes, count, entries: texts ? textEntries(texts, this.#places, size) : wordEntries(column, this.words, size) };
  }

  clear(): void {
    if (this.#base === lastBase) this.#known.fill(0);
    this.#base = this.#base === lastBase ? mostRows : this.#base + mostRows;
    if (this.#isHashed) this.#slots.fill(noCode);
    this.#isHashed = false;
    this.#texts = undefined;
    this.count = 0;
    this.size = 0;
  }

  /** Adds rows of texts that are all in place, from the words of a batch's column. */
  addTexts(column: Uint32Array, from: number, to: number): void {
    const { codes } = this;
    let count = this.count;
    for (let at = from * 4; at < to * 4; at += 4) {
      codes[count++] = this.#find(column[at] as number, column[at + 1] as number, column[at + 2] as number, column[at + 3] as number);
    }
    this.count = count;
  }

  /** Adds rows of codes of texts; all values until the next `clear` are of the same texts. */
  addCodes(column: Uint32Array, from: number, to: number, texts: Texts): void {
    this.#texts = texts;
    const { codes } = this;
    const places = this.#places;
    const known = this.#known;
    const base = this.#base;
    let { count, size } = this;
    // Every third text is new, which nobody foresees, and a branch would wait each time until the memory has told. So all is written as if the
    // text were new, behind the last entry, and that counts only where it is.
    for (let row = from; row < to; row++) {
      const text = column[row]!;
      const before = known[text]! - base;
      const isNew = before >> 31; // -1 or 0
      const code = (before & ~isNew) | (size & isNew);
      places[size] = text;
      known[text] = base + code;
      codes[count++] = code;
      size -= isNew;
    }
    this.count = count;
    this.size = size;
  }

  /** Adds one value of 64 bits. */
  addLong(low: number, high: number): void {
    this.codes[this.count++] = high === 0 && low < small ? this.#findSmall(low) : this.#find(low, high, 0, 0);
  }

  /** Adds rows of a column of 64 bits. */
  addLongs(column: Uint32Array, from: number, to: number): void {
    const { codes } = this;
    const known = this.#known;
    const base = this.#base;
    let count = this.count;
    for (let row = from; row < to; row++) {
      const low = column[row * 2]!;
      const high = column[row * 2 + 1]!;
      const code = high === 0 && low < small ? known[low]! - base : -1;
      codes[count++] = code >= 0 ? code : high === 0 && low < small ? this.#findSmall(low) : this.#find(low, high, 0, 0);
    }
    this.count = count;
  }

  /** Adds rows of a column of at most 32 bits. */
  addSmall(column: Uint8Array | Uint16Array | Uint32Array, from: number, to: number): void {
    const { codes } = this;
    const known = this.#known;
    const base = this.#base;
    let count = this.count;
    for (let row = from; row < to; row++) {
      const value = column[row]!;
      const code = value < small ? known[value]! - base : -1;
      codes[count++] = code >= 0 ? code : value < small ? this.#findSmall(value) : this.#find(value, 0, 0, 0);
    }
    this.count = count;
  }

  /** Adds one value of up to 64 bits `count` times; the only one since `clear`. */
  addConstant(low: number, high: number, count: number): void {
    this.#find(low, high, 0, 0);
    this.count = count; // codes are not looked at where there is one value
  }

  #findSmall(value: number): number {
    const known = this.#known[value]! - this.#base;
    if (known >= 0) return known;
    this.#known[value] = this.#base + this.size;
    return this.#found(value, 0, 0, 0);
  }

  /** The code of a value. */
  #find(a: number, b: number, c: number, d: number): number {
    const table = this.#slots;
    const { words } = this;
    let hash = Math.imul(a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35), 0x27d4eb2f);
    hash ^= hash >>> 15;
    for (let slot = hash & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const code = table[slot] as number;
      if (code === noCode) {
        this.#isHashed = true;
        table[slot] = this.size;
        return this.#found(a, b, c, d);
      }
      const at = code * 4;
      if (words[at + 1] === b && words[at + 2] === c && words[at] === a && words[at + 3] === d) return code;
    }
  }

  #found(a: number, b: number, c: number, d: number): number {
    const code = this.size++;
    const { words } = this;
    words[code * 4] = a;
    words[code * 4 + 1] = b;
    words[code * 4 + 2] = c;
    words[code * 4 + 3] = d;
    return code;
  }
}
