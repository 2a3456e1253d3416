/**
 * One column of one row group: a dictionary page where it has one, a data page, and what the footer tells of both
 * (https://github.com/apache/parquet-format, parquet.thrift).
 */
import { constants, type ZstdOptions, zstdCompressSync } from 'node:zlib';
import type { Column } from '../schema.ts';
import type { Bounds, Entries } from './entries.ts';
import { Octets } from './octets.ts';
import { beginDifferences, bitsFor, type Packer, writeCount, writeDifferences, writePacked, writeRun } from './packing.ts';
import { storedFrame } from './stored-frame.ts';
import { type Struct, writeStruct } from './thrift.ts';
import { physical, typeOf } from './types.ts';

const encodings = { plain: 0, rle: 3, delta: 5, dictionary: 8 } as const;
const codecs = { none: 0, zstd: 6 } as const;
const pageTypes = { data: 0, dictionary: 2 } as const;
// What is compressed are numbers in few bits and short texts, which repeat close by: level 1 with a table that fits the first cache takes two thirds of
// the time of the default, 3, and makes them a twentieth larger. (Levels below 0 are not to be had: Node takes -1 for "not set".)
export const fast = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_hashLog]: 12, [constants.ZSTD_c_minMatch]: 5 };
/** Pages below so many octets are not worth the call. */
const smallOctets = 512;
/** Codes of values that have fewer rows than so many each: nothing in them comes again in the same octets, and zstd would find 3 in 100. */
const fewRows = 8;
/** The output in one piece, which is half of the input at most where it pays; by default it grows in pieces of 16 KiB. */
const optionsFor = ({ length }: Uint8Array): ZstdOptions => ({ params: fast, chunkSize: (length >> 1) + 512, pledgedSrcSize: length });

/** The octets of a chunk, and its entry in the footer for the place in the file where it comes to lie. */
export type Chunk = { pages: Uint8Array[]; octets: number; entry: (offset: number) => Struct };

/** A page: its type, what else its header tells, its octets, how many they are unpacked, and whether they are packed already. */
type Page = { type: number; kind: Struct[number]; octets: Uint8Array; plainOctets: number; isPacked: boolean };

/** A chunk whose pages are not packed yet, and in memory that the next chunk takes. */
export type OpenChunk = { column: Column; rows: number; codec: number; pages: readonly Page[]; facts: Facts };

/** Octets as a frame of zstd. */
export type Pack = (octets: Uint8Array) => Uint8Array;

const page = new Octets();
const dictionaryPage = new Octets();
const stored = new Octets();
const header = new Octets();

const packAnew: Pack = (octets) => zstdCompressSync(octets, optionsFor(octets));

/** Packs the pages of a chunk, into memory of their own. */
export const packChunk = (chunk: OpenChunk): Chunk => {
  const packed = packChunkBy(packAnew, chunk);
  return { ...packed, pages: packed.pages.map((octets) => octets.slice()) };
};

/** The same by another way of packing; what is packed already stays where it is. */
export const packChunkBy = (pack: Pack, chunk: OpenChunk): Chunk =>
  closeChunk(
    chunk,
    chunk.pages.map(({ octets, isPacked }) => (isPacked ? octets : pack(octets))),
  );

const closeChunk = ({ column, rows, codec, pages, facts }: OpenChunk, packed: readonly Uint8Array[]): Chunk => {
  const parts: Uint8Array[] = [];
  let octets = 0;
  let plainOctets = 0;
  let dictionaryOctets = 0;
  for (const [at, body] of packed.entries()) {
    const page = pages[at] as Page;
    writeStruct(header.clear(), [
      { id: 1, int32: page.type },
      { id: 2, int32: page.plainOctets },
      { id: 3, int32: body.length },
      page.kind,
    ]);
    parts.push(header.written().slice(), body);
    octets += header.length + body.length;
    plainOctets += header.length + page.plainOctets;
    if (page.type === pageTypes.dictionary) dictionaryOctets = octets;
  }
  return { pages: parts, octets, entry: entryOf(column, { ...facts, dictionaryOctets, codec, rows, octets, plainOctets }) };
};

/** What stands in `page` as a page of a chunk with that codec; `isRandom` tells that there is nothing to be found in it. */
const takeData = (rows: number, encoding: number, codec: number, isRandom = false): Page => {
  const plain = page.written();
  const octets = codec === codecs.zstd && isRandom ? storedFrame(plain, stored) : plain;
  const isPacked = codec === codecs.none || isRandom;
  return { type: pageTypes.data, kind: dataKind(rows, encoding), octets, plainOctets: plain.length, isPacked };
};

/** The same of what stands in `dictionaryPage`. */
const takeDictionary = (size: number, codec: number): Page => {
  const octets = dictionaryPage.written();
  const isPacked = codec === codecs.none;
  return { type: pageTypes.dictionary, kind: dictionaryKind(size), octets, plainOctets: octets.length, isPacked };
};

const dictionaryKind = (size: number): Struct[number] => ({ id: 7, struct: [int32(1, size), int32(2, encodings.plain)] });

const dataKind = (rows: number, encoding: number): Struct[number] => {
  const rle = encodings.rle;
  return { id: 5, struct: [int32(1, rows), int32(2, encoding), int32(3, rle), int32(4, rle)] };
};

const int32 = (id: number, value: number) => ({ id, int32: value });

/** Which rows have a value: all, none, or those whose level is 1. */
export type Levels = 'all' | 'none' | Uint32Array | Packer;

/** Levels as a run, with their length in front; the page is begun with them. */
const beginData = (rows: number, levels: Levels): void => {
  page.clear().word(0);
  if (typeof levels === 'string') writeRun(page, levels === 'all' ? 1 : 0, rows, 1);
  else writePacked(page, levels, rows, 1);
  const length = page.length - 4;
  for (let i = 0; i < 4; i++) page.bytes[i] = length >>> (8 * i);
};

/** A column without any value. */
export const emptyChunk = (column: Column, rows: number): OpenChunk => {
  beginData(rows, 'none');
  const pages = [takeData(rows, encodings.plain, codecs.none)];
  const facts = { encodings: [encodings.plain, encodings.rle], nulls: rows, bounds: undefined };
  return { column, rows, codec: codecs.none, pages, facts };
};

/** The values of a column that are not NULL, by their codes. */
export type Coded = { codes: Uint32Array | Packer; count: number; entries: Entries };

/** A column by its dictionary. */
export const dictionaryChunk = (column: Column, rows: number, { codes, count, entries }: Coded, levels: Levels): OpenChunk => {
  const { size } = entries;
  if (size === 0) return emptyChunk(column, rows);
  const width = Math.max(1, bitsFor(size - 1));
  const isSmall = (count * width) >> 3 < smallOctets || (size === 1 && typeof levels === 'string');
  const codec = isSmall ? codecs.none : codecs.zstd;
  entries.write(dictionaryPage.clear());
  const dictionary = takeDictionary(size, codec);
  beginData(rows, levels);
  page.byte(width);
  if (size === 1) writeRun(page, 0, count, width);
  else writePacked(page, codes, count, width);
  const pages = [dictionary, takeData(rows, encodings.dictionary, codec, size * fewRows > count)];
  const facts = { encodings: [encodings.plain, encodings.rle, encodings.dictionary], nulls: rows - count, bounds: entries.bounds() };
  return { column, rows, codec, pages, facts };
};

/** The entries of a dictionary as they are written, or their frame of zstd. */
export type DictionaryPage = { octets: Uint8Array; plainOctets: number; isPacked: boolean };

/** A column whose codes are packed already, all rows of it. */
export type PackedCodes = { size: number; dictionary: DictionaryPage; codes: Uint8Array; bounds: Bounds };

/** Such a column; `dictionary` stays where it was. */
export const packedCodesChunk = (column: Column, rows: number, { size, dictionary, codes, bounds }: PackedCodes): OpenChunk => {
  const width = Math.max(1, bitsFor(size - 1));
  const isSmall = !dictionary.isPacked && (codes.length < smallOctets || size === 1);
  beginData(rows, 'all');
  page.byte(width);
  if (size === 1) writeRun(page, 0, rows, width);
  else {
    page.varint(((rows + 7) >> 3) * 2 + 1);
    page.append(codes);
  }
  const codec = isSmall ? codecs.none : codecs.zstd;
  const pages: Page[] = [
    { ...dictionary, type: pageTypes.dictionary, kind: dictionaryKind(size), isPacked: isSmall || dictionary.isPacked },
    takeData(rows, encodings.dictionary, codec, size * fewRows > rows),
  ];
  const facts = { encodings: [encodings.plain, encodings.rle, encodings.dictionary], nulls: 0, bounds };
  return { column, rows, codec, pages, facts };
};

/** A 32-bit number with the upper bit set would be negative to a reader that adds differences up. */
const mostDifference = 0x7fff_ffff;

/** Whole numbers of -2^52 to 2^52 as their differences; those beyond 32 bits are written plainly. */
export const numbersChunk = (column: Column, rows: number, values: Float64Array, count: number, levels: Levels): OpenChunk => {
  if (count === 0) return emptyChunk(column, rows);
  const bounds = boundsOf(values, count);
  const fits = typeOf(column) === physical.int64 || bounds.most <= mostDifference;
  beginData(rows, levels);
  const limits = { min: octetsOf(column, bounds.least), max: octetsOf(column, bounds.most) };
  if (fits && writeDifferences(page, values, count)) return takeDifferences(column, rows, count, limits);
  beginData(rows, levels);
  for (let i = 0; i < count; i++) writePlain(column, values[i] as number);
  return plainChunk(column, rows, count, limits);
};

/** Whole numbers that do not fall, from `first` to `last`, in all rows of a column of 64 bits, by the blocks of their differences. */
export const risingChunk = (column: Column, rows: number, first: number, last: number, blocks: Uint8Array): OpenChunk => {
  beginData(rows, 'all');
  beginDifferences(page, first, rows);
  page.append(blocks);
  const facts = {
    encodings: [encodings.rle, encodings.delta],
    nulls: 0,
    bounds: { min: octetsOf(column, first), max: octetsOf(column, last) },
  };
  const codec = page.length > smallOctets ? codecs.zstd : codecs.none;
  return { column, rows, codec, pages: [takeData(rows, encodings.delta, codec)], facts };
};

/** The same that somebody else has written as differences; undefined where they must not be. */
export const writtenNumbersChunk = (column: Column, rows: number, written: WrittenNumbers, levels: Levels): OpenChunk | undefined => {
  const { octets, count, least, most } = written;
  if (typeOf(column) !== physical.int64 && most > mostDifference) return undefined;
  beginData(rows, levels);
  page.append(octets);
  return takeDifferences(column, rows, count, { min: octetsOf(column, least), max: octetsOf(column, most) });
};

/** Differences as `writeDifferences` writes them, of so many numbers between two. */
export type WrittenNumbers = { octets: Uint8Array; count: number; least: number; most: number };

/** What was written behind the levels. */
const takeDifferences = (column: Column, rows: number, count: number, bounds: Bounds): OpenChunk => {
  // Differences of a column that is in order are few and alike; all others are as good as random.
  const codec = page.length * 8 < count * 4 && page.length > smallOctets ? codecs.zstd : codecs.none;
  const facts = { encodings: [encodings.rle, encodings.delta], nulls: rows - count, bounds };
  return { column, rows, codec, pages: [takeData(rows, encodings.delta, codec)], facts };
};

/** Whole numbers from `first` on, each one more than the one before, in all rows of a column of 64 bits. */
export const countChunk = (column: Column, rows: number, first: number): OpenChunk => {
  beginData(rows, 'all');
  writeCount(page, first, rows);
  const bounds = { min: octetsOf(column, first), max: octetsOf(column, first + rows - 1) };
  const facts = { encodings: [encodings.rle, encodings.delta], nulls: 0, bounds };
  const codec = page.length > smallOctets ? codecs.zstd : codecs.none;
  return { column, rows, codec, pages: [takeData(rows, encodings.delta, codec)], facts };
};

/** Values of 64 bits that look random, as octets, of which those from `leastAt` and from `mostAt` on are the least and the greatest. */
export const writtenRandomChunk = (
  column: Column,
  rows: number,
  octets: Uint8Array,
  at: { least: number; most: number },
  levels: Levels,
) => {
  beginData(rows, levels);
  page.append(octets);
  const bounds = { min: octets.slice(at.least, at.least + 8), max: octets.slice(at.most, at.most + 8) };
  return plainChunk(column, rows, octets.length / 8, bounds);
};

/** Values of 64 bits that look random, as pairs of words. */
export const randomChunk = (column: Column, rows: number, words: Uint32Array, count: number, levels: Levels): OpenChunk => {
  if (count === 0) return emptyChunk(column, rows);
  let least = 0;
  let most = 0;
  for (let at = 1; at < count; at++) {
    if (isLess(words, at, least)) least = at;
    else if (isLess(words, most, at)) most = at;
  }
  const octets = new Uint8Array(words.buffer, words.byteOffset, count * 8);
  return writtenRandomChunk(column, rows, octets, { least: least * 8, most: most * 8 }, levels);
};

const isLess = (words: Uint32Array, a: number, b: number): boolean => {
  const upper = words[a * 2 + 1]!;
  const other = words[b * 2 + 1]!;
  return upper === other ? (words[a * 2] as number) < (words[b * 2] as number) : upper < other;
};

const plainChunk = (column: Column, rows: number, count: number, bounds: Bounds): OpenChunk => {
  const facts = { encodings: [encodings.plain, encodings.rle], nulls: rows - count, bounds };
  return { column, rows, codec: codecs.none, pages: [takeData(rows, encodings.plain, codecs.none)], facts };
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

type Facts = { encodings: number[]; nulls: number; bounds: Bounds };

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
