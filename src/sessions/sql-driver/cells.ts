/** The values of a column as JSON, straight from the memory of the engine where its layout is a plain one. */
import { type DuckDBDataChunk, DuckDBDecimalValue, DuckDBTypeId } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { JsonText } from './json-text.ts';

/** Writes the value of a row that has one. */
type Cell = (row: number) => void;

/** Writes the value of a row, `null` where there is none. */
export type Column = (row: number) => void;

/** The column of a chunk; it is read while the chunk is there. */
export function columnOf(chunk: DuckDBDataChunk, at: number, type: DuckDBTypeId, text: JsonText): Column {
  const plain = layouts[type];
  if (plain === undefined) {
    const vector = chunk.getColumnVector(at);
    return (row) => text.json(jsonOf(vector.getItem(row)));
  }
  const vector = duckdb.data_chunk_get_vector(chunk.chunk, at);
  const cell = plain.cellOf(duckdb.vector_get_data(vector, chunk.rowCount * plain.width), text);
  const present = duckdb.vector_get_validity(vector, Math.ceil(chunk.rowCount / 64) * 8) as Uint8Array | null;
  if (present === null) return cell;
  return (row) => {
    if (((present[row >> 3] as number) & (1 << (row & 7))) !== 0) cell(row);
    else text.json('null');
  };
}

/** Octets of a value, and how values are read. */
type Layout = { width: number; cellOf(octets: Uint8Array, text: JsonText): Cell };

const wholes = (width: number, read: (view: DataView, at: number) => number): Layout => ({
  width,
  cellOf: (octets, text) => {
    const view = viewOf(octets);
    return (row) => text.whole(read(view, row * width));
  },
});

const large = (readHigh: (view: DataView, at: number) => number, readExact: (view: DataView, at: number) => bigint): Layout => ({
  width: 8,
  cellOf: (octets, text) => {
    const view = viewOf(octets);
    return (row) => {
      const high = readHigh(view, row * 8 + 4);
      // Doubles hold 53 bits and the sign.
      if (high < 2 ** 21 && high > -(2 ** 21)) text.whole(high * 2 ** 32 + view.getUint32(row * 8, true));
      else text.json(String(readExact(view, row * 8)));
    };
  },
});

/** A length of 32 bits, then up to 12 octets in their place, or four of them and where all are. */
const texts: Layout = {
  width: 16,
  cellOf: (octets, text) => {
    const view = viewOf(octets);
    return (row) => {
      const length = view.getUint32(row * 16, true);
      if (length <= 12) text.quoted(octets, row * 16 + 4, length);
      else text.quoted(duckdb.get_data_from_pointer(octets.buffer as ArrayBuffer, octets.byteOffset + row * 16 + 8, length), 0, length);
    };
  },
};

const layouts: Partial<Record<DuckDBTypeId, Layout>> = {
  [DuckDBTypeId.TINYINT]: wholes(1, (view, at) => view.getInt8(at)),
  [DuckDBTypeId.SMALLINT]: wholes(2, (view, at) => view.getInt16(at, true)),
  [DuckDBTypeId.INTEGER]: wholes(4, (view, at) => view.getInt32(at, true)),
  [DuckDBTypeId.UTINYINT]: wholes(1, (view, at) => view.getUint8(at)),
  [DuckDBTypeId.USMALLINT]: wholes(2, (view, at) => view.getUint16(at, true)),
  [DuckDBTypeId.UINTEGER]: wholes(4, (view, at) => view.getUint32(at, true)),
  [DuckDBTypeId.BIGINT]: large(
    (view, at) => view.getInt32(at, true),
    (view, at) => view.getBigInt64(at, true),
  ),
  [DuckDBTypeId.UBIGINT]: large(
    (view, at) => view.getUint32(at, true),
    (view, at) => view.getBigUint64(at, true),
  ),
  [DuckDBTypeId.VARCHAR]: texts,
};

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength);

/** Any other value: a number with all its digits, or the text that the engine has for it. */
function jsonOf(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (value === null || value === undefined) return 'null';
      return value instanceof DuckDBDecimalValue ? value.toString() : JSON.stringify(String(value));
  }
}
