/** What files of metered flows have in common, whether these come as rows (run-metered.ts) or as records (record-group.ts). */
import { dictionaryChunk, fast, type OpenChunk, packChunkBy } from '../parquet/chunk.ts';
import { mostRows } from '../parquet/dictionary.ts';
import { wordEntries } from '../parquet/entries.ts';
import { ParquetFile } from '../parquet/file.ts';
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

/** The files before may be on their way to the disk still, so that each page has memory of its own. */
const pack = (octets: Uint8Array): Uint8Array => {
  packer.clear();
  return packer.pack(octets).slice();
};

/** Gives up to `mostRows` rows as chunks of all columns; undefined where a value is none that a meter of our days would give, such as a time of the year 2200. */
export type EncodeGroup = (places: Uint32Array) => OpenChunk[] | undefined;

/** The Parquet file of the rows at these places, which are in order of time, in parts; undefined where a row group is. */
export const encodeFile = (places: Uint32Array, encodeGroup: EncodeGroup): Uint8Array[] | undefined => {
  const file = new ParquetFile(fileColumns);
  for (let from = 0; from < places.length; from += mostRows) {
    const group = places.subarray(from, from + mostRows);
    const chunks = encodeGroup(group);
    if (chunks === undefined) return undefined;
    file.addRowGroup(
      chunks.map((chunk) => packChunkBy(pack, chunk)),
      group.length,
    );
  }
  return file.end();
};
