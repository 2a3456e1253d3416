/** The entries of a dictionary page, least and greatest of which go to the footer. */
import type { Column } from '../schema.ts';
import type { Octets } from './octets.ts';
import { physical, typeOf } from './types.ts';

/** Least and greatest value as Parquet writes them; undefined where there is no value. */
export type Bounds = { min: Uint8Array; max: Uint8Array } | undefined;

/** The most entries of a dictionary: codes have 16 bits. */
export const mostEntries = 65_536;

export type Entries = {
  readonly size: number;
  /** Adds them to a page, in order of their codes. */
  write(page: Octets): void;
  /** Of what has been written. */
  bounds(): Bounds;
};

/** Octets of a text that lie in its place. */
const inlineOctets = 12;

/** Entries of four words each: numbers in the first two words, or texts as a batch has them, none of them longer than 12 octets. */
export const wordEntries = (column: Column, words: Uint32Array, size: number): Entries => {
  const type = typeOf(column);
  const width = type === physical.int64 ? 8 : 4;
  if (type === physical.text) return textEntries({ words, long: noOctets }, placesInOrder(), size);
  return {
    size,
    write: (page) => writeNumbers(page, words, size, width),
    bounds: () => numberBounds(words, size, width),
  };
};

/** Texts of four words, of which longer ones lie in `long`. */
type Words = { words: Uint32Array; long: Uint8Array };

const noOctets = new Uint8Array(0);
let inOrder: Uint32Array | undefined;

/** The places of entries that lie in order of their codes. */
const placesInOrder = (): Uint32Array => {
  if (inOrder !== undefined) return inOrder;
  inOrder = new Uint32Array(mostEntries);
  for (let code = 0; code < mostEntries; code++) inOrder[code] = code;
  return inOrder;
};

/** Entries that are texts of a table; `places` has the place of each. */
export const textEntries = (texts: Words, places: Uint32Array, size: number): Entries => {
  let bounds: Bounds;
  return {
    size,
    write: (page) => {
      bounds = writeTexts(page, texts, places, size);
    },
    bounds: () => bounds,
  };
};

const writeNumbers = (page: Octets, words: Uint32Array, size: number, width: number): void => {
  const values = new Uint32Array((size * width) / 4);
  if (width === 4) for (let code = 0; code < size; code++) values[code] = words[code * 4]!;
  else
    for (let code = 0; code < size; code++) {
      values[code * 2] = words[code * 4]!;
      values[code * 2 + 1] = words[code * 4 + 1]!;
    }
  page.append(new Uint8Array(values.buffer));
};

/** Answers the bounds as well: each text comes from memory that may be far, and is looked at once. */
const writeTexts = (page: Octets, texts: Words, places: Uint32Array, size: number): Bounds => {
  if (size === 0) return undefined;
  const { words, long } = texts;
  let least = places[0]!;
  let most = least;
  let leastHead = headOf(words, least);
  let mostHead = leastHead;
  // All three words of each text, of which the next overwrites what does not count.
  let at = page.reserve(size * 16);
  let view = new DataView(page.bytes.buffer, page.bytes.byteOffset);
  for (let code = 0; code < size; code++) {
    const place = places[code]!;
    const word = place * 4;
    const length = words[word]!;
    const head = headOf(words, place);
    if (head <= leastHead || head >= mostHead) {
      if (isLessText(texts, place, least)) least = place;
      else if (isLessText(texts, most, place)) most = place;
      leastHead = headOf(words, least);
      mostHead = headOf(words, most);
    }
    view.setUint32(at, length, true);
    if (length > inlineOctets) {
      page.length = at + 4;
      page.append(long.subarray(words[word + 2]!, words[word + 2]! + length));
      at = page.reserve((size - code) * 16);
      view = new DataView(page.bytes.buffer, page.bytes.byteOffset);
      continue;
    }
    view.setUint32(at + 4, words[word + 1]!, true);
    if (length > 4) {
      view.setUint32(at + 8, words[word + 2]!, true);
      view.setUint32(at + 12, words[word + 3]!, true);
    }
    at += 4 + length;
  }
  page.length = at;
  return { min: textAt(texts, least).slice(), max: textAt(texts, most).slice() };
};

const octetsAt = (words: Uint32Array, code: number, octets: number): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset + code * 16, octets);

const numberBounds = (words: Uint32Array, size: number, width: number): Bounds => {
  if (size === 0) return undefined;
  let least = 0;
  let most = 0;
  for (let code = 1; code < size; code++) {
    if (isLessNumber(words, code * 4, least * 4)) least = code;
    else if (isLessNumber(words, most * 4, code * 4)) most = code;
  }
  return { min: octetsAt(words, least, width).slice(), max: octetsAt(words, most, width).slice() };
};

/** The bounds of at least one number of 64 bits, one behind the other. */
export const longBounds = (words: Uint32Array): Bounds => {
  let least = 0;
  let most = 0;
  for (let at = 2; at < words.length; at += 2) {
    if (isLessNumber(words, at, least)) least = at;
    else if (isLessNumber(words, most, at)) most = at;
  }
  const octets = (at: number): Uint8Array => new Uint8Array(words.slice(at, at + 2).buffer);
  return { min: octets(least), max: octets(most) };
};

/** The octets of the text at a place. */
const textAt = ({ words, long }: Words, place: number): Uint8Array => {
  const length = words[place * 4]!;
  const start = words[place * 4 + 2]!;
  return length > inlineOctets ? long.subarray(start, start + length) : octetsAt(words, place, length + 4).subarray(4);
};

/** The first four octets of a text, as a number that is in order with them. Those behind the end are 0. */
const headOf = (words: Uint32Array, place: number): number => {
  const word = words[place * 4 + 1]!;
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
};

/** In order of octets. */
const isLessText = (texts: Words, a: number, b: number): boolean => {
  const one = headOf(texts.words, a);
  const other = headOf(texts.words, b);
  return one === other ? Buffer.compare(textAt(texts, a), textAt(texts, b)) < 0 : one < other;
};

/** Whether the number at a word is less than another. Without sign: numbers of the columns with sign are never negative here. */
const isLessNumber = (words: Uint32Array, a: number, b: number): boolean => {
  const upper = words[a + 1]!;
  const other = words[b + 1]!;
  return upper === other ? (words[a] as number) < (words[b] as number) : upper < other;
};

/** Octets that a text may have here: those of an address and more. */
const mostOctets = 64;

/**
 * Short texts as plain values: four octets of length, then the text, one after the other. To add one, write it into `room()`
 * from `begin` on and tell `end`.
 */
export class TextEntries implements Entries {
  size = 0;
  /** Where the next text begins, and each of them in `#octets`, behind its length. */
  begin = 4;
  readonly #starts: Uint32Array;
  /** The first six octets of each as a number, which decides most comparisons. */
  readonly #heads: Float64Array;
  #octets = new Uint8Array(65_536);

  /** For up to `most` texts. */
  constructor(most: number) {
    this.#starts = new Uint32Array(most);
    this.#heads = new Float64Array(most);
  }

  clear(): void {
    this.size = 0;
    this.begin = 4;
  }

  /** Where to write the next text. */
  room(): Uint8Array {
    if (this.#octets.length - this.begin < mostOctets + 8) this.#grow();
    return this.#octets;
  }

  end(end: number): void {
    const octets = this.#octets;
    const start = this.begin;
    const length = end - start;
    octets[start - 4] = length;
    octets[start - 3] = 0;
    octets[start - 2] = 0;
    octets[start - 1] = 0;
    let head = 0;
    for (let i = 0; i < 6; i++) head = head * 256 + (i < length ? octets[start + i]! : 0);
    this.#heads[this.size] = head;
    this.#starts[this.size++] = start;
    this.begin = end + 4;
  }

  write(page: Octets): void {
    page.append(this.#octets.subarray(0, this.begin - 4));
  }

  bounds(): Bounds {
    if (this.size === 0) return undefined;
    let least = 0;
    let most = 0;
    const heads = this.#heads;
    for (let code = 1; code < this.size; code++) {
      const head = heads[code]!;
      if (head < heads[least]! || (head === heads[least]! && this.#isLess(code, least))) least = code;
      else if (head > heads[most]! || (head === heads[most]! && this.#isLess(most, code))) most = code;
    }
    return { min: this.#text(least), max: this.#text(most) };
  }

  #text(code: number): Uint8Array {
    const start = this.#starts[code]!;
    return this.#octets.slice(start, start + this.#octets[start - 4]!);
  }

  #isLess(code: number, than: number): boolean {
    const octets = this.#octets;
    const from = this.#starts[code]!;
    const other = this.#starts[than]!;
    const length = octets[from - 4]!;
    const otherLength = octets[other - 4]!;
    const both = Math.min(length, otherLength);
    for (let i = 0; i < both; i++) {
      const difference = octets[from + i]! - octets[other + i]!;
      if (difference !== 0) return difference < 0;
    }
    return length < otherLength;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#octets.length * 2);
    grown.set(this.#octets);
    this.#octets = grown;
  }
}
