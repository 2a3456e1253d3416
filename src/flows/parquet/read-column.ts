/** One column of one row group, read forwards: some rows at a time into a vector, or passed over. */
import type { Entries } from '../encode/raw-column.ts';
import type { ColumnType } from '../schema.ts';
import { Codes } from './read-codes.ts';
import { Deltas } from './read-deltas.ts';
import { Unreadable } from './read-fault.ts';
import type { ColumnChunk } from './read-footer.ts';
import { type Page, Pages } from './read-pages.ts';
import { DeltaTexts, PlainTexts, type Texts } from './read-texts.ts';
import type { Scratch } from './scratch.ts';
import { physical } from './types.ts';
import { type Vector, vectorRows } from './vector.ts';

const encodings = { plain: 0, oldDictionary: 2, delta: 5, deltaLength: 6, dictionary: 8 } as const;

/** 32-bit words of a value: those of a text are an entry of a vector. */
const wordsOf = (type: number): 1 | 2 | 4 => {
  if (type === physical.int32) return 1;
  if (type === physical.int64) return 2;
  if (type === physical.text) return 4;
  throw new Unreadable(`the physical type ${type}`);
};

/** The physical type in which a column lies in the store's files. */
const physicalOf = (type: ColumnType): number => {
  if (type === 'VARCHAR') return physical.text;
  return type === 'UINTEGER' || type === 'USMALLINT' || type === 'UTINYINT' ? physical.int32 : physical.int64;
};

/** Values of a page that are not NULL, in order. */
type Values = {
  /** The next `count` values as words from the begin of `target` on. */
  read(target: Uint32Array, count: number): void;
  skip(count: number): void;
  /** Where long texts lie. */
  readonly heap: Uint8Array | undefined;
};

/** Values before they are narrowed to 16 or 8 bits, and codes or levels. Nothing is kept in them between two calls. */
const wide = new Uint32Array(vectorRows);
const codes = new Uint32Array(vectorRows);
const levels = new Uint32Array(vectorRows);

/** As what a column is read, and how many rows of it. */
type Reading = { type: ColumnType; isOptional: boolean; rows: number };

export class ColumnReader {
  readonly #pages: Pages;
  readonly #type: number;
  readonly #isOptional: boolean;
  readonly #scratch: Scratch;
  /** Rows that will be read of the row group. */
  readonly #rows: number;
  #entries: Entries | undefined;
  /** Where the codes of a vector are. */
  #codes: Uint32Array | undefined;
  #page: Page | undefined;
  #values: Values | undefined;
  /** Levels of the page: undefined where it has no NULL. */
  #levels: Codes | undefined;
  /** Rows of the page that are left, and rows of all pages that are still to be passed over. */
  #left = 0;
  #toSkip = 0;

  /** `octets` are those of the chunk in the file, `scratch` is for what is unpacked of them. */
  constructor(octets: Uint8Array, chunk: ColumnChunk, { type, isOptional, rows }: Reading, scratch: Scratch) {
    if (chunk.type !== physicalOf(type)) throw new Unreadable(`a column has the physical type ${chunk.type}`);
    this.#pages = new Pages(octets, chunk);
    this.#type = chunk.type;
    this.#isOptional = isOptional;
    this.#rows = rows;
    this.#scratch = scratch;
  }

  /** Passes over rows of the row group; they are unpacked only if they share a page with rows that are read. */
  skip(rows: number): void {
    this.#toSkip += rows;
  }

  /** Rows that can be read at once; there must be some left in the row group. */
  ready(): number {
    while (this.#left === 0 || this.#toSkip >= this.#left) {
      this.#toSkip -= this.#left;
      this.#turnPage();
    }
    return this.#left - this.#toSkip;
  }

  /** Reads `rows`, at most `ready()` and `vectorRows`. */
  read(rows: number, target: Vector): void {
    this.ready();
    if (this.#page !== undefined) this.#open(this.#page);
    const values = this.#values as Values;
    if (this.#toSkip > 0) this.#passOver(values);
    this.#left -= rows;
    if (this.#levels === undefined && values instanceof CodedValues) {
      this.#codes ??= this.#scratch.words(vectorRows);
      values.readCodes(this.#codes, rows);
      target.hold(values.entries, this.#codes, rows);
      return;
    }
    if (this.#levels === undefined && values instanceof TextValues && values.hold(target, rows)) return;
    target.holdNone();
    const present = this.#levels === undefined ? rows : readLevels(this.#levels, rows, target);
    const words = wordsOf(this.#type);
    if (words === 1) {
      const wanted = target.type === 'UINTEGER' ? target.u32 : wide;
      values.read(wanted, present);
      if (wanted === wide) narrow(target.type === 'UTINYINT' ? target.u8 : target.u16, present);
    } else values.read(target.u32, present);
    target.holdTexts(values.heap);
    if (present < rows) spread(target, rows, present);
  }

  /** Opens the header of the next page with rows. */
  #turnPage(): void {
    let page = this.#pages.next();
    if (Pages.isDictionary(page)) {
      if (this.#entries !== undefined) throw new Unreadable('a column has two dictionaries');
      this.#entries = this.#readDictionary(page);
      page = this.#pages.next();
    }
    if (Pages.isDictionary(page)) throw new Unreadable('a column has two dictionaries');
    this.#page = page;
    this.#left = page.values;
  }

  #open(page: Page): void {
    this.#page = undefined;
    const bytes = page.open(this.#scratch);
    let at = 0;
    this.#levels = undefined;
    if (page.levels !== undefined || this.#isOptional) {
      const begin = page.levels === undefined ? 4 : 0;
      if (bytes.length < begin) throw new Unreadable('a page has no levels');
      at = begin + (page.levels ?? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
      if (at > bytes.length) throw new Unreadable('levels are longer than their page');
      if (this.#isOptional && page.values > 0) this.#levels = new Codes(bytes, begin, at, 1);
      if (this.#levels?.sameFor(page.values) === 1) this.#levels = undefined;
    }
    this.#values = this.#openValues(page, bytes, at);
  }

  #openValues({ encoding, values }: Page, bytes: Uint8Array, at: number): Values {
    // Of a page of NULLs there may be no values at all, not even the width of codes.
    if (this.#levels?.sameFor(values) === 0) return noValues;
    if (encoding === encodings.dictionary || encoding === encodings.oldDictionary) {
      if (this.#entries === undefined) throw new Unreadable('a column has codes without a dictionary');
      const width = bytes[at];
      if (width === undefined) throw new Unreadable('codes end too early');
      return new CodedValues(new Codes(bytes, at + 1, bytes.length, width), this.#entries, wordsOf(this.#type));
    }
    if (this.#type === physical.text) {
      if (encoding === encodings.plain) return new TextValues(new PlainTexts(bytes, at));
      if (encoding === encodings.deltaLength) return new TextValues(new DeltaTexts(bytes, at, values, this.#scratch));
    } else {
      const words = wordsOf(this.#type) as 1 | 2;
      if (encoding === encodings.plain) return new PlainValues(bytes, at, words);
      if (encoding === encodings.delta) return new DeltaValues(new Deltas(bytes, at), words);
    }
    throw new Unreadable(`the encoding ${encoding}`);
  }

  #readDictionary(page: Page): Entries {
    const bytes = page.open(this.#scratch);
    const words = wordsOf(this.#type);
    if (page.values > bytes.length / 4) throw new Unreadable('a dictionary has fewer values than it says');
    const target = this.#scratch.words(page.values * words);
    const values = words === 4 ? new TextValues(new PlainTexts(bytes, 0)) : new PlainValues(bytes, 0, words);
    values.read(target, page.values);
    return { words: target, size: page.values, heap: values.heap, rows: this.#rows };
  }

  #passOver(values: Values): void {
    const rows = this.#toSkip;
    this.#left -= rows;
    this.#toSkip = 0;
    if (this.#levels === undefined) {
      values.skip(rows);
      return;
    }
    for (let rest = rows; rest > 0; ) {
      const taken = Math.min(rest, vectorRows);
      this.#levels.read(levels, taken);
      let present = 0;
      for (let i = 0; i < taken; i++) present += levels[i]!;
      values.skip(present);
      rest -= taken;
    }
  }
}

/** Reads which rows have a value, notes it in the vector if not all of them do, and returns their number. */
const readLevels = (source: Codes, rows: number, target: Vector): number => {
  source.read(levels, rows);
  const { bits } = target;
  bits.fill(0);
  let present = 0;
  for (let row = 0; row < rows; row++) {
    const level = levels[row]! & 1;
    present += level;
    bits[row >> 3]! |= level << (row & 7);
  }
  if (present < rows) target.validity = bits;
  return present;
};

/** Puts the values, which lie at the begin, in the places of their rows. */
const spread = ({ type, bits, u8, u16, u32 }: Vector, rows: number, present: number): void => {
  const words = type === 'VARCHAR' ? 4 : type === 'UINTEGER' || type === 'USMALLINT' || type === 'UTINYINT' ? 1 : 2;
  const cells = type === 'UTINYINT' ? u8 : type === 'USMALLINT' ? u16 : u32;
  let from = present;
  for (let row = rows - 1; from < row + 1 && row >= 0; row--) {
    if ((bits[row >> 3]! & (1 << (row & 7))) === 0) continue;
    from--;
    for (let word = 0; word < words; word++) cells[row * words + word] = cells[from * words + word]!;
  }
};

const narrow = (target: Uint8Array | Uint16Array, count: number): void => {
  for (let i = 0; i < count; i++) target[i] = wide[i]!;
};

const noValues: Values = {
  heap: undefined,
  read: (_, count) => {
    if (count > 0) throw new Unreadable('values end too early');
  },
  skip: () => undefined,
};

class CodedValues implements Values {
  readonly entries: Entries;
  readonly #codes: Codes;
  readonly #words: 1 | 2 | 4;

  constructor(source: Codes, entries: Entries, words: 1 | 2 | 4) {
    this.#codes = source;
    this.entries = entries;
    this.#words = words;
  }

  get heap(): Uint8Array | undefined {
    return this.entries.heap;
  }

  readCodes(target: Uint32Array, count: number): void {
    if (this.#codes.read(target, count, this.entries.size - 1) < 0) throw new Unreadable('a code is not in its dictionary');
  }

  read(target: Uint32Array, count: number): void {
    this.readCodes(codes, count);
    const { words } = this.entries;
    const step = this.#words;
    for (let i = 0, to = 0; i < count; i++) {
      const from = codes[i]! * step;
      for (let word = 0; word < step; word++) target[to++] = words[from + word]!;
    }
  }

  skip(count: number): void {
    this.#codes.skip(count);
  }
}

class PlainValues implements Values {
  readonly heap = undefined;
  readonly #view: DataView;
  readonly #words: 1 | 2;
  #at = 0;

  constructor(bytes: Uint8Array, at: number, words: 1 | 2) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    this.#words = words;
  }

  read(target: Uint32Array, count: number): void {
    const all = count * this.#words;
    if (this.#at + all * 4 > this.#view.byteLength) throw new Unreadable('values end too early');
    const view = this.#view;
    for (let i = 0, at = this.#at; i < all; i++, at += 4) target[i] = view.getUint32(at, true);
    this.#at += all * 4;
  }

  skip(count: number): void {
    this.#at += count * this.#words * 4;
  }
}

class DeltaValues implements Values {
  readonly heap = undefined;
  readonly #deltas: Deltas;
  readonly #words: 1 | 2;

  constructor(deltas: Deltas, words: 1 | 2) {
    this.#deltas = deltas;
    this.#words = words;
  }

  read(target: Uint32Array, count: number): void {
    this.#deltas.read(target, 0, count, this.#words);
  }

  skip(count: number): void {
    for (let rest = count; rest > 0; rest -= vectorRows) this.#deltas.read(codes, 0, Math.min(rest, vectorRows), 1);
  }
}

class TextValues implements Values {
  readonly #texts: Texts;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  get heap(): Uint8Array | undefined {
    return this.#texts.heap;
  }

  /** Whether the next texts could be left where they are. */
  hold(target: Vector, rows: number): boolean {
    const texts = this.#texts;
    if (!(texts instanceof DeltaTexts)) return false;
    target.holdJoined(texts.take(rows), rows);
    return true;
  }

  read(target: Uint32Array, count: number): void {
    this.#texts.read(target, 0, count);
  }

  skip(count: number): void {
    this.#texts.skip(count);
  }
}
