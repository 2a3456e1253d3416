/**
 * Small answers of DuckDB as plain objects: counts, bounds, the catalog, top lists. Written here over the raw binding
 * since the comfortable one takes a fifth of a second to load, in every thread, for each command.
 */
import duckdb from '@duckdb/node-bindings';

/** A row of a small answer: 64-bit integers are numbers when exact and BigInt otherwise. */
export type Row = Record<string, string | number | bigint | boolean | null>;

type Value = Row[string];
/** Reads the value at an offset of a vector's memory. */
type Read = (view: DataView, at: number) => Value;

const exact = (value: bigint): Value => (BigInt.asIntN(54, value) === value ? Number(value) : value);

const { Type } = duckdb;
const readers = new Map<number, { width: number; read: Read }>([
  [Type.BOOLEAN, { width: 1, read: (view, at) => view.getUint8(at) !== 0 }],
  [Type.TINYINT, { width: 1, read: (view, at) => view.getInt8(at) }],
  [Type.UTINYINT, { width: 1, read: (view, at) => view.getUint8(at) }],
  [Type.SMALLINT, { width: 2, read: (view, at) => view.getInt16(at, true) }],
  [Type.USMALLINT, { width: 2, read: (view, at) => view.getUint16(at, true) }],
  [Type.INTEGER, { width: 4, read: (view, at) => view.getInt32(at, true) }],
  [Type.UINTEGER, { width: 4, read: (view, at) => view.getUint32(at, true) }],
  [Type.BIGINT, { width: 8, read: (view, at) => exact(view.getBigInt64(at, true)) }],
  [Type.UBIGINT, { width: 8, read: (view, at) => exact(view.getBigUint64(at, true)) }],
  [Type.HUGEINT, { width: 16, read: (view, at) => exact((view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true)) }],
  [Type.FLOAT, { width: 4, read: (view, at) => view.getFloat32(at, true) }],
  [Type.DOUBLE, { width: 8, read: (view, at) => view.getFloat64(at, true) }],
  [Type.VARCHAR, { width: 16, read: (view, at) => readText(view, at) }],
  [Type.SQLNULL, { width: 1, read: () => null }],
]);

/** A 32-bit length, then up to 12 octets in place, or 4 octets and a pointer (see `encode/chunk.ts`). */
const readText = (view: DataView, at: number): string => {
  const length = view.getUint32(at, true);
  const bytes =
    length <= 12
      ? new Uint8Array(view.buffer, view.byteOffset + at + 4, length)
      : duckdb.get_data_from_pointer(view.buffer as ArrayBuffer, view.byteOffset + at + 8, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('utf8');
};

/** All rows of a result. A column of a type that is not in the table above is a TypeError: cast it in the statement. */
export const readRows = async (result: duckdb.Result): Promise<Row[]> => {
  const columns = Array.from({ length: duckdb.column_count(result) }, (_, at) => {
    const type = duckdb.column_type(result, at);
    const reader = readers.get(type);
    const name = duckdb.column_name(result, at);
    if (reader === undefined) throw new TypeError(`column ${name} has type ${Type[type]}: cast it to one that readRows knows`);
    return { name, ...reader };
  });
  const rows: Row[] = [];
  for (let chunk = await duckdb.fetch_chunk(result); chunk !== null; chunk = await duckdb.fetch_chunk(result)) {
    const count = duckdb.data_chunk_get_size(chunk);
    if (count === 0) break;
    const start = rows.length;
    for (let row = 0; row < count; row++) rows.push({});
    for (const [at, column] of columns.entries()) fillColumn(rows, start, count, duckdb.data_chunk_get_vector(chunk, at), column);
  }
  return rows;
};

const fillColumn = (
  rows: Row[],
  start: number,
  count: number,
  vector: duckdb.Vector,
  { name, width, read }: { name: string; width: number; read: Read },
): void => {
  const data = duckdb.vector_get_data(vector, count * width);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const validity = duckdb.vector_get_validity(vector, Math.ceil(count / 64) * 8) as Uint8Array | null;
  for (let row = 0; row < count; row++) {
    const isNull = validity !== null && ((validity[row >> 3] as number) & (1 << (row & 7))) === 0;
    (rows[start + row] as Row)[name] = isNull ? null : read(view, row * width);
  }
};
