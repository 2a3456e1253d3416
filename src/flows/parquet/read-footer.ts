/** The footer of a Parquet file: which columns it has, and where those that are asked for lie in each row group (FileMetaData). */
import { readSync } from 'node:fs';
import { Unreadable } from './read-fault.ts';
import { ThriftReader } from './read-thrift.ts';

/** A footer larger than this is not read here; that of a file of 56 columns has 8 KB for each row group. */
const mostFooterOctets = 64 * 1024 * 1024;
/** What is read at first: mostly it has the whole footer. */
const tailOctets = 16 * 1024;
const magic = 'PAR1';

/** The pages of one column in one row group. */
export type ColumnChunk = {
  /** Physical type. */
  type: number;
  codec: number;
  /** Values, NULL too. */
  values: number;
  /** Where its first page begins, and the octets of all; how many they would be unpacked. */
  offset: number;
  octets: number;
  plainOctets: number;
  /** Octets of the dictionary, which comes first; 0 where there is none. */
  dictionaryOctets: number;
  /** Ways in which values and levels are written. */
  encodings: number[];
  /** How many NULLs there are; undefined where the file does not tell. */
  nulls: number | undefined;
  /** Least and greatest value as PLAIN octets, where the file tells. */
  min: Uint8Array | undefined;
  max: Uint8Array | undefined;
};

/** A row group with the chunks of the columns that were asked for; those that the file lacks are missing. */
export type RowGroup = { rows: number; chunks: Map<string, ColumnChunk> };

/** What a footer says: all rows of the file and its row groups in order; whether each column may have NULLs. */
export type Footer = { rows: number; groups: RowGroup[]; optional: ReadonlyMap<string, boolean> };

/** Reads the footer of an open file of `size` octets, for columns of these names. */
export const readFooter = (descriptor: number, size: number, wanted: ReadonlySet<string>): Footer => {
  const tail = readRange(descriptor, Math.max(0, size - tailOctets), Math.min(size, tailOctets));
  if (size < 12 || tail.subarray(-4).toString('latin1') !== magic) throw new Unreadable('not a Parquet file, or one cut short');
  const length = tail.readUInt32LE(tail.length - 8);
  if (length > size - 12 || length > mostFooterOctets) throw new Unreadable(`a footer of ${length} octets`);
  if (length + 8 <= tail.length) return parseFooter(tail.subarray(tail.length - 8 - length, -8), size, wanted);
  return parseFooter(readRange(descriptor, size - 8 - length, length), size, wanted);
};

/** Fills `octets` from a place in the file. */
export const readOctets = (descriptor: number, offset: number, octets: Uint8Array): void => {
  for (let read = 0; read < octets.length; ) {
    const count = readSync(descriptor, octets, read, octets.length - read, offset + read);
    if (count === 0) throw new Unreadable('a file was cut short');
    read += count;
  }
};

const readRange = (descriptor: number, offset: number, length: number): Buffer => {
  const octets = Buffer.allocUnsafe(length);
  readOctets(descriptor, offset, octets);
  return octets;
};

const parseFooter = (octets: Uint8Array, size: number, wanted: ReadonlySet<string>): Footer => {
  const reader = new ThriftReader(octets);
  let rows = -1;
  let leaves: Leaf[] = [];
  const groups: RowGroup[] = [];
  reader.struct((id) => {
    if (id === 2) leaves = readSchema(reader);
    else if (id === 3) rows = reader.integer();
    else if (id === 4) reader.list(() => groups.push(readGroup(reader, leaves, size, wanted)));
    else if (id === 8) throw new Unreadable('the file is encrypted');
    else return false;
    return true;
  });
  if (rows !== groups.reduce((sum, group) => sum + group.rows, 0)) throw new Unreadable('the row groups have other rows than the file');
  return { rows, groups, optional: new Map(leaves.map(({ name, isOptional }) => [name, isOptional])) };
};

type Leaf = { name: string; isOptional: boolean };

/** The columns, in the order in which row groups have them. Only flat tables are read. */
const readSchema = (reader: ThriftReader): Leaf[] => {
  const leaves: Leaf[] = [];
  reader.list((at) => {
    const leaf = { name: '', isOptional: false };
    let children = 0;
    let repetition = 0;
    reader.struct((id) => {
      if (id === 3) repetition = reader.integer();
      else if (id === 4) leaf.name = reader.text();
      else if (id === 5) children = reader.integer();
      else return false;
      return true;
    });
    if (at === 0) return; // the root
    if (children > 0 || repetition > 1) throw new Unreadable(`the column ${leaf.name} is nested`);
    leaf.isOptional = repetition === 1;
    leaves.push(leaf);
  });
  return leaves;
};

const readGroup = (reader: ThriftReader, leaves: readonly Leaf[], size: number, wanted: ReadonlySet<string>): RowGroup => {
  const group: RowGroup = { rows: -1, chunks: new Map() };
  reader.struct((id) => {
    if (id === 3) group.rows = reader.integer();
    else if (id !== 1) return false;
    else
      reader.list((at) => {
        const name = leaves[at]?.name;
        if (name === undefined || !wanted.has(name)) reader.struct(() => false);
        else group.chunks.set(name, readChunk(reader, size));
      });
    return true;
  });
  if (group.rows < 0) throw new Unreadable('a row group has no number of rows');
  for (const { values } of group.chunks.values()) {
    if (values !== group.rows) throw new Unreadable('a column has other rows than its row group');
  }
  return group;
};

const readChunk = (reader: ThriftReader, size: number): ColumnChunk => {
  const known = { type: -1, codec: -1, values: -1, offset: -1, octets: -1, plainOctets: -1, dictionaryOctets: 0, encodings: [] };
  const chunk: ColumnChunk = { ...known, nulls: undefined, min: undefined, max: undefined };
  reader.struct((id) => {
    if (id === 1) throw new Unreadable('a column lies in another file');
    if (id !== 3) return false;
    readMetaData(reader, chunk);
    return true;
  });
  const { offset, octets } = chunk;
  if (offset < magic.length || octets < 0 || offset + octets > size) throw new Unreadable('a column lies outside of its file');
  return chunk;
};

const readMetaData = (reader: ThriftReader, chunk: ColumnChunk): void => {
  let data = -1;
  let dictionary = 0;
  reader.struct((id) => {
    if (id === 1) chunk.type = reader.integer();
    else if (id === 2) reader.list(() => chunk.encodings.push(reader.integer()));
    else if (id === 4) chunk.codec = reader.integer();
    else if (id === 5) chunk.values = reader.integer();
    else if (id === 6) chunk.plainOctets = reader.integer();
    else if (id === 7) chunk.octets = reader.integer();
    else if (id === 9) data = reader.integer();
    else if (id === 11) dictionary = reader.integer();
    else if (id === 12) readStatistics(reader, chunk);
    else return false;
    return true;
  });
  // Some writers have 0 in the place of "no dictionary".
  chunk.offset = dictionary > 0 ? Math.min(dictionary, data) : data;
  chunk.dictionaryOctets = data - chunk.offset;
};

const readStatistics = (reader: ThriftReader, chunk: ColumnChunk): void =>
  reader.struct((id) => {
    if (id === 3) chunk.nulls = reader.integer();
    else if (id === 5) chunk.max = reader.binary();
    else if (id === 6) chunk.min = reader.binary();
    else return false;
    return true;
  });
