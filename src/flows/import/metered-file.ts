/** What files of metered flows have in common, whether these come as rows (run-metered.ts) or as records (record-group.ts). */
import { type Chunk, dictionaryChunk, fast, type OpenChunk, packChunkBy } from '../parquet/chunk.ts';
import { mostRows } from '../parquet/dictionary.ts';
import { wordEntries } from '../parquet/entries.ts';
import { magic, ParquetFooter } from '../parquet/file.ts';
import { Octets } from '../parquet/octets.ts';
import { ZstdPacker } from '../parquet/zstd.ts';
import { type Column, columnsOf } from '../schema.ts';
import { remainderColumn } from '../store/file-layout.ts';

/** The columns of a file, but for the last. */
export const addressed = columnsOf('addressed');
/** What is left of the three times below a microsecond; NULL for nothing. */
export const remainder: Column = { name: remainderColumn, type: 'UINTEGER', nullable: true, named: false, doc: '' };
const fileColumns = [...addressed, remainder];

/** The place of a column in the file. */
export const placeOf = (name: string): number => addressed.findIndex((column) => column.name === name);

/** Microseconds or counters beyond this are no whole numbers of a double any more (or not for their differences). */
export const mostExact = 2 ** 52;

const noCodes = new Uint32Array(0);

/** The same value of up to 64 bits in all rows. */
export const constantChunk = (column: Column, rows: number, low: number, high = 0): OpenChunk =>
  dictionaryChunk(column, rows, { codes: noCodes, count: rows, entries: wordEntries(column, Uint32Array.of(low, high, 0, 0), 1) }, 'all');

const packer = new ZstdPacker(fast);
/** The packed pages of the row group at hand. */
const groupOctets = new Octets();

/** Packs a chunk, whose pages go into the memory of its row group, and tells where. */
const packIntoGroup = (chunk: OpenChunk): Omit<Chunk, 'pages'> & { from: number } => {
  packer.clear();
  const { pages, ...packed } = packChunkBy(packer.pack, chunk);
  const from = groupOctets.length;
  for (const octets of pages) groupOctets.append(octets);
  return { ...packed, from };
};

/** Takes the chunk of the column at a place. They may come in any order, and each is packed at once: the next is made in the same memory. */
export type PutChunk = (at: number, chunk: OpenChunk) => void;

/** Puts up to `mostRows` rows as chunks of all columns; false where a value is none that a meter of our days would give, such as a time of the year 2200. */
export type EncodeGroup = (places: Uint32Array, put: PutChunk) => boolean;

/** The Parquet file of the rows at these places, which are in order of time; undefined where a row group is false. It is in `memory` until that is used again. */
export const encodeFile = (places: Uint32Array, memory: Octets, encodeGroup: EncodeGroup): Uint8Array | undefined => {
  const footer = new ParquetFooter(fileColumns);
  memory.clear().append(magic);
  for (let from = 0; from < places.length; from += mostRows) {
    const group = places.subarray(from, from + mostRows);
    const chunks: ReturnType<typeof packIntoGroup>[] = [];
    groupOctets.clear();
    const isWhole = encodeGroup(group, (at, chunk) => {
      chunks[at] = packIntoGroup(chunk);
    });
    if (!isWhole) return undefined;
    for (const { from, octets } of chunks) memory.append(groupOctets.bytes.subarray(from, from + octets));
    footer.addRowGroup(chunks, group.length);
  }
  for (const octets of footer.end()) memory.append(octets);
  return memory.written();
};
