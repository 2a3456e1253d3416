/**
 * One column of one row group: a dictionary page where it has one, a data page, and what the footer tells of both
 * (https://github.com/apache/parquet-format, parquet.thrift).
 */
import { constants, zstdCompressSync } from 'node:zlib';
import type { Column } from '../schema.ts';
import type { Dictionary } from './dictionary.ts';
import { Octets } from './octets.ts';
import { bitsFor, writePacked, writeRising, writeRun } from './packing.ts';
import { type Struct, writeStruct } from './thrift.ts';
import { physical, typeOf } from './types.ts';

const encodings = { plain: 0, rle: 3, delta: 5, dictionary: 8 } as const;
const zstd = 6;
// Codes are packed already: level -1 makes them as small as level 1, in two thirds of the time.
const fast = { [constants.ZSTD_c_compressionLevel]: -1 };

/** In one piece: by default the output grows in pieces of 16 KiB. */
const compress = (octets: Uint8Array): Uint8Array =>
  zstdCompressSync(octets, { params: fast, chunkSize: octets.length + (octets.length >> 7) + 512 });

/** The octets of a chunk, and its entry in the footer for the place in the file where it comes to lie. */
export type Chunk = { pages: Uint8Array[]; octets: number; entry: (offset: number) => Struct };

/** Least and greatest value as Parquet writes them, and how many are NULL. */
type Bounds = { min: Uint8Array; max: Uint8Array } | undefined;

const page = new Octets();
const header = new Octets();

/** What the pages of a chunk add up to. */
class Pages {
  readonly parts: Uint8Array[] = [];
  packed = 0;
  plain = 0;

  /** Takes what stands in `page`. */
  add(type: number, kind: Struct[number]): void {
    const packed = compress(page.written());
    writeStruct(header.clear(), [{ id: 1, int32: type }, { id: 2, int32: page.length }, { id: 3, int32: packed.length }, kind]);
    this.parts.push(header.written().slice(), packed);
    this.packed += header.length + packed.length;
    this.plain += header.length + page.length;
  }

  addData(rows: number, encoding: number): void {
    const rle = encodings.rle;
    this.add(0, { id: 5, struct: [int32(1, rows), int32(2, encoding), int32(3, rle), int32(4, rle)] });
  }
}

const int32 = (id: number, value: number) => ({ id, int32: value });

/** Which rows have a value: all, none, or those whose level is 1. */
export type Levels = 'all' | 'none' | Uint32Array;

/** Levels as a run, with their length in front; the page is begun with them. */
const beginData = (rows: number, levels: Levels): void => {
  page.clear().word(0);
  if (typeof levels === 'string') writeRun(page, levels === 'all' ? 1 : 0, rows, 1);
  else writePacked(page, levels, rows, 1);
  const length = page.length - 4;
  for (let i = 0; i < 4; i++) page.bytes[i] = length >>> (8 * i);
};

/** A column by its dictionary, which holds the values that are not NULL. */
export const dictionaryChunk = (column: Column, rows: number, dictionary: Dictionary, levels: Levels): Chunk => {
  const pages = new Pages();
  if (dictionary.size === 0) {
    beginData(rows, 'none');
    pages.addData(rows, encodings.plain);
    return chunkOf(column, rows, pages, { encodings: [encodings.plain, encodings.rle], nulls: rows, bounds: undefined });
  }
  const { words, codes, count, size } = dictionary;
  writeEntries(column, words, size);
  pages.add(2, { id: 7, struct: [int32(1, size), int32(2, encodings.plain)] });
  const dictionaryOctets = pages.packed;
  beginData(rows, levels);
  const width = Math.max(1, bitsFor(size - 1));
  page.byte(width);
  if (size === 1) writeRun(page, 0, count, width);
  else writePacked(page, codes, count, width);
  pages.addData(rows, encodings.dictionary);
  const facts = { encodings: [encodings.plain, encodings.rle, encodings.dictionary], nulls: rows - count, dictionaryOctets };
  return chunkOf(column, rows, pages, { ...facts, bounds: boundsOf(column, words, size) });
};

/** A column of numbers that only rise, all of up to 2^52. */
export const risingChunk = (column: Column, values: Float64Array, rows: number): Chunk => {
  const pages = new Pages();
  beginData(rows, 'all');
  writeRising(page, values, rows);
  pages.addData(rows, encodings.delta);
  const bounds = { min: longOf(values[0] as number), max: longOf(values[rows - 1] as number) };
  return chunkOf(column, rows, pages, { encodings: [encodings.rle, encodings.delta], nulls: 0, bounds });
};

type Facts = { encodings: number[]; nulls: number; bounds: Bounds; dictionaryOctets?: number };

const chunkOf = (column: Column, rows: number, pages: Pages, facts: Facts): Chunk => {
  const { nulls, bounds, dictionaryOctets } = facts;
  const statistics: Struct = [{ id: 3, int64: nulls }, bounds && { id: 5, binary: bounds.max }, bounds && { id: 6, binary: bounds.min }];
  const entry = (offset: number): Struct => [
    { id: 2, int64: offset },
    {
      id: 3,
      struct: [
        int32(1, typeOf(column)),
        { id: 2, int32s: facts.encodings },
        { id: 3, texts: [column.name] },
        int32(4, zstd),
        { id: 5, int64: rows },
        { id: 6, int64: pages.plain },
        { id: 7, int64: pages.packed },
        { id: 9, int64: offset + (dictionaryOctets ?? 0) },
        dictionaryOctets === undefined ? undefined : { id: 11, int64: offset },
        { id: 12, struct: statistics },
      ],
    },
  ];
  return { pages: pages.parts, octets: pages.packed, entry };
};

/** The entries of a dictionary page, as plain values. */
const writeEntries = (column: Column, words: Uint32Array, size: number): void => {
  page.clear();
  const type = typeOf(column);
  if (type === physical.text) {
    writeTexts(words, size);
    return;
  }
  const width = type === physical.int64 ? 8 : 4;
  page.reserve(size * width);
  for (let code = 0; code < size; code++) {
    page.word(words[code * 4] as number);
    if (width === 8) page.word(words[code * 4 + 1] as number);
  }
};

const writeTexts = (words: Uint32Array, size: number): void => {
  let at = page.reserve(size * 16);
  const { bytes } = page;
  const octets = new Uint8Array(words.buffer, words.byteOffset, size * 16);
  for (let code = 0; code < size; code++) {
    const from = code * 16;
    const length = words[code * 4] as number;
    bytes[at] = length;
    bytes[at + 1] = 0;
    bytes[at + 2] = 0;
    bytes[at + 3] = 0;
    at += 4;
    for (let i = 0; i < length; i++) bytes[at + i] = octets[from + 4 + i] as number;
    at += length;
  }
  page.length = at;
};

const longOf = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
};

const boundsOf = (column: Column, words: Uint32Array, size: number): Bounds => {
  const type = typeOf(column);
  const isLess = type === physical.text ? isLessText : isLessNumber;
  let least = 0;
  let most = 0;
  for (let code = 1; code < size; code++) {
    if (isLess(words, code, least)) least = code;
    else if (isLess(words, most, code)) most = code;
  }
  const octets = new Uint8Array(words.buffer, words.byteOffset, size * 16);
  const value = (code: number): Uint8Array => {
    const at = code * 16;
    if (type === physical.text) return octets.slice(at + 4, at + 4 + (words[code * 4] as number));
    return octets.slice(at, at + (type === physical.int64 ? 8 : 4));
  };
  return { min: value(least), max: value(most) };
};

/** Without sign: numbers of the columns with sign are never negative here. */
const isLessNumber = (words: Uint32Array, a: number, b: number): boolean => {
  const [upper, other] = [words[a * 4 + 1] as number, words[b * 4 + 1] as number];
  return upper === other ? (words[a * 4] as number) < (words[b * 4] as number) : upper < other;
};

/** In order of octets: each word holds four, the first of them lowest. Octets behind the end are 0; then the length decides. */
const isLessText = (words: Uint32Array, a: number, b: number): boolean => {
  for (let i = 1; i < 4; i++) {
    const [one, other] = [swapped(words[a * 4 + i] as number), swapped(words[b * 4 + i] as number)];
    if (one !== other) return one < other;
  }
  return (words[a * 4] as number) < (words[b * 4] as number);
};

const swapped = (word: number): number => ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
