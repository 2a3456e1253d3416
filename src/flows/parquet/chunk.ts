/**
 * One column of one row group: a dictionary page where it has one, a data page, and what the footer tells of both
 * (https://github.com/apache/parquet-format, parquet.thrift).
 */
import { constants, zstdCompressSync } from 'node:zlib';
import type { Column } from '../schema.ts';
import type { Bounds, Entries } from './entries.ts';
import { Octets } from './octets.ts';
import { bitsFor, writeDifferences, writePacked, writeRun } from './packing.ts';
import { type Struct, writeStruct } from './thrift.ts';
import { physical, typeOf } from './types.ts';

const encodings = { plain: 0, rle: 3, delta: 5, dictionary: 8 } as const;
const codecs = { none: 0, zstd: 6 } as const;
// Codes are packed already: level -1 makes them as small as level 1, in two thirds of the time.
const fast = { [constants.ZSTD_c_compressionLevel]: -1 };
/** Pages below so many octets are not worth the call. */
const smallOctets = 512;

/** In one piece: by default the output grows in pieces of 16 KiB. */
const compress = (octets: Uint8Array): Uint8Array =>
  zstdCompressSync(octets, { params: fast, chunkSize: octets.length + (octets.length >> 7) + 512 });

/** The octets of a chunk, and its entry in the footer for the place in the file where it comes to lie. */
export type Chunk = { pages: Uint8Array[]; octets: number; entry: (offset: number) => Struct };

const page = new Octets();
const header = new Octets();

/** The pages of a chunk, not compressed until it is known what they are, and what they add up to. */
class Pages {
  readonly parts: Uint8Array[] = [];
  packed = 0;
  plain = 0;
  readonly codec: number;

  constructor(codec: number) {
    this.codec = codec;
  }

  /** Takes what stands in `page`. */
  add(type: number, kind: Struct[number]): void {
    const packed = this.codec === codecs.zstd ? compress(page.written()) : page.written().slice();
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

/** A column without any value. */
export const emptyChunk = (column: Column, rows: number): Chunk => {
  const pages = new Pages(codecs.none);
  beginData(rows, 'none');
  pages.addData(rows, encodings.plain);
  return chunkOf(column, rows, pages, { encodings: [encodings.plain, encodings.rle], nulls: rows, bounds: undefined });
};

/** The values of a column that are not NULL, by their codes. */
export type Coded = { codes: Uint32Array; count: number; entries: Entries };

/** A column by its dictionary. */
export const dictionaryChunk = (column: Column, rows: number, { codes, count, entries }: Coded, levels: Levels): Chunk => {
  const { size } = entries;
  if (size === 0) return emptyChunk(column, rows);
  const width = Math.max(1, bitsFor(size - 1));
  const pages = new Pages((count * width) >> 3 < smallOctets || (size === 1 && typeof levels === 'string') ? codecs.none : codecs.zstd);
  page.clear();
  entries.write(page);
  pages.add(2, { id: 7, struct: [int32(1, size), int32(2, encodings.plain)] });
  const dictionaryOctets = pages.packed;
  beginData(rows, levels);
  page.byte(width);
  if (size === 1) writeRun(page, 0, count, width);
  else writePacked(page, codes, count, width);
  pages.addData(rows, encodings.dictionary);
  const facts = { encodings: [encodings.plain, encodings.rle, encodings.dictionary], nulls: rows - count, dictionaryOctets };
  return chunkOf(column, rows, pages, { ...facts, bounds: entries.bounds() });
};

/** Whole numbers of -2^52 to 2^52 as their differences; those beyond 32 bits are written plainly. */
export const numbersChunk = (column: Column, rows: number, values: Float64Array, count: number, levels: Levels): Chunk => {
  if (count === 0) return emptyChunk(column, rows);
  const bounds = boundsOf(values, count);
  // A 32-bit number with the upper bit set would be negative to a reader that adds differences up.
  const fits = typeOf(column) === physical.int64 || bounds.most <= 0x7fff_ffff;
  beginData(rows, levels);
  const nulls = rows - count;
  const limits = { min: octetsOf(column, bounds.least), max: octetsOf(column, bounds.most) };
  if (fits && writeDifferences(page, values, count)) {
    // Differences of a column that is in order are few and alike; all others are as good as random.
    const pages = new Pages(page.length * 8 < count * 4 && page.length > smallOctets ? codecs.zstd : codecs.none);
    pages.addData(rows, encodings.delta);
    return chunkOf(column, rows, pages, { encodings: [encodings.rle, encodings.delta], nulls, bounds: limits });
  }
  beginData(rows, levels);
  for (let i = 0; i < count; i++) writePlain(column, values[i] as number);
  return plainChunk(column, rows, count, limits);
};

/** Values of 64 bits that look random, as pairs of words. */
export const randomChunk = (column: Column, rows: number, words: Uint32Array, count: number, levels: Levels): Chunk => {
  if (count === 0) return emptyChunk(column, rows);
  beginData(rows, levels);
  const octets = new Uint8Array(words.buffer, words.byteOffset, count * 8);
  page.append(octets);
  let least = 0;
  let most = 0;
  for (let at = 1; at < count; at++) {
    if (isLess(words, at, least)) least = at;
    else if (isLess(words, most, at)) most = at;
  }
  return plainChunk(column, rows, count, { min: octets.slice(least * 8, least * 8 + 8), max: octets.slice(most * 8, most * 8 + 8) });
};

const isLess = (words: Uint32Array, a: number, b: number): boolean => {
  const upper = words[a * 2 + 1]!;
  const other = words[b * 2 + 1]!;
  return upper === other ? (words[a * 2] as number) < (words[b * 2] as number) : upper < other;
};

const plainChunk = (column: Column, rows: number, count: number, bounds: Bounds): Chunk => {
  const pages = new Pages(codecs.none);
  pages.addData(rows, encodings.plain);
  return chunkOf(column, rows, pages, { encodings: [encodings.plain, encodings.rle], nulls: rows - count, bounds });
};

const writePlain = (column: Column, value: number): void => {
  page.word(value); // typed arrays and shifts take the lower 32 bits
  if (typeOf(column) === physical.int64) page.word(Math.floor(value / 4294967296));
};

const boundsOf = (values: Float64Array, count: number): { least: number; most: number } => {
  let least = values[0] as number;
  let most = least;
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { least, most };
};

const octetsOf = (column: Column, value: number): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return typeOf(column) === physical.int64 ? bytes : bytes.subarray(0, 4);
};

type Facts = { encodings: number[]; nulls: number; bounds: Bounds; dictionaryOctets?: number };

const chunkOf = (column: Column, rows: number, pages: Pages, { dictionaryOctets = 0, ...facts }: Facts): Chunk => {
  const { codec, plain, packed } = pages;
  const entry = entryOf(column, { ...facts, dictionaryOctets, codec, rows, octets: packed, plainOctets: plain });
  return { pages: pages.parts, octets: packed, entry };
};

/** What a footer tells of a chunk; `dictionaryOctets` are 0 where it has no dictionary. */
export type ChunkFacts = {
  codec: number;
  encodings: readonly number[];
  rows: number;
  nulls: number | undefined;
  bounds: Bounds;
  octets: number;
  plainOctets: number;
  dictionaryOctets: number;
};

/** The entry of a chunk in the footer, for the place in the file where it comes to lie. */
export const entryOf = (column: Column, facts: ChunkFacts): Chunk['entry'] => {
  const { nulls, bounds, dictionaryOctets } = facts;
  const statistics: Struct = [
    nulls === undefined ? undefined : { id: 3, int64: nulls },
    bounds && { id: 5, binary: bounds.max },
    bounds && { id: 6, binary: bounds.min },
  ];
  return (offset) => [
    { id: 2, int64: offset },
    {
      id: 3,
      struct: [
        int32(1, typeOf(column)),
        { id: 2, int32s: facts.encodings },
        { id: 3, texts: [column.name] },
        int32(4, facts.codec),
        { id: 5, int64: facts.rows },
        { id: 6, int64: facts.plainOctets },
        { id: 7, int64: facts.octets },
        { id: 9, int64: offset + dictionaryOctets },
        dictionaryOctets === 0 ? undefined : { id: 11, int64: offset },
        { id: 12, struct: statistics },
      ],
    },
  ];
};
