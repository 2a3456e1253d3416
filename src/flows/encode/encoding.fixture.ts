/** What the tests of encoders share: a table made of given rows, its answer in a format, and questions to DuckDB. */
import duckdb from '@duckdb/node-bindings';
import fc from 'fast-check';
import type { ColumnType } from '../schema.ts';
import { BlockPool } from './block.ts';
import { readChunk, releaseColumns } from './chunk.ts';
import type { EncodedFormat, EncodeOptions } from './encode.ts';
import { createEncoder } from './encode.ts';
import type { EncodedField } from './field.ts';
import { addressField, plainField, rawTypes, selectList } from './field.ts';

export type Value = bigint | string | null;
export type Row = Readonly<Record<string, Value>>;

const columnTypes = {
  id: 'BIGINT',
  wide: 'UBIGINT',
  word: 'UINTEGER',
  half: 'USMALLINT',
  octet: 'UTINYINT',
  text: 'VARCHAR',
  at_ns: 'TIMESTAMP_NS',
  at_us: 'TIMESTAMP',
  comp: 'VARCHAR',
  addr_hi: 'UBIGINT',
  addr_lo: 'UBIGINT',
} as const satisfies Record<string, ColumnType>;

/** The fields of the test table: every type of column, and an address. */
export const allFields: readonly EncodedField[] = [
  plainField('id', 'BIGINT'),
  plainField('wide', 'UBIGINT'),
  plainField('word', 'UINTEGER'),
  plainField('half', 'USMALLINT'),
  plainField('octet', 'UTINYINT'),
  plainField('text', 'VARCHAR'),
  plainField('at_ns', 'TIMESTAMP_NS'),
  plainField('at_us', 'TIMESTAMP'),
  addressField('comp', 'comp', 'addr_hi', 'addr_lo'),
];

const literal = (type: ColumnType, value: Value): string => {
  if (value === null) return `NULL::${type}`;
  if (type === 'VARCHAR') return `decode(unhex('${Buffer.from(value as string).toString('hex')}'))`;
  if (type === 'TIMESTAMP_NS') return `make_timestamp_ns(${value})`;
  if (type === 'TIMESTAMP') return `make_timestamp(${value})`;
  return `(${value})::${type}`;
};

/** An empty database in memory. */
export const openDatabase = async (): Promise<duckdb.Connection> => duckdb.connect(await duckdb.open(':memory:'));

/** Makes the table `t` anew with these rows, in this order. */
export const fillTable = async (connection: duckdb.Connection, rows: readonly Row[]): Promise<void> => {
  const entries = Object.entries(columnTypes);
  await duckdb.query(connection, `CREATE OR REPLACE TABLE t (${entries.map(([name, type]) => `${name} ${type}`).join(', ')})`);
  if (rows.length === 0) return;
  const tuples = rows.map((row) => `(${entries.map(([name, type]) => literal(type, row[name] ?? null)).join(', ')})`);
  await duckdb.query(connection, `INSERT INTO t VALUES ${tuples.join(', ')}`);
};

const hasRows = (chunk: duckdb.DataChunk | null): chunk is duckdb.DataChunk => chunk !== null && duckdb.data_chunk_get_size(chunk) > 0;

/** The answer to `SELECT fields FROM source` in a format, and the blocks it came in. */
export const encodeQuery = async (
  connection: duckdb.Connection,
  format: EncodedFormat,
  fields: readonly EncodedField[],
  options: EncodeOptions & { source?: string; blockOctets?: number } = {},
): Promise<{ bytes: Buffer; blocks: readonly number[]; contentType: string }> => {
  const pool = new BlockPool(options.blockOctets);
  const encoder = await createEncoder(format, fields, { ...options, pool });
  const parts = [Buffer.from(encoder.head())];
  const blocks: number[] = [];
  const drain = () => {
    for (let block = encoder.take(); block !== null; block = encoder.take()) {
      blocks.push(block.length);
      parts.push(Buffer.from(block));
      pool.give(block.buffer as ArrayBuffer);
    }
  };
  const statement = await duckdb.prepare(connection, `SELECT ${selectList(fields)} FROM ${options.source ?? 't'}`);
  const result = await duckdb.execute_prepared_streaming(statement);
  // A streaming result ends with an empty chunk, again and again.
  for (let chunk = await duckdb.fetch_chunk(result); hasRows(chunk); chunk = await duckdb.fetch_chunk(result)) {
    const columns = readChunk(chunk, rawTypes(fields));
    encoder.rows(columns, duckdb.data_chunk_get_size(chunk));
    releaseColumns(columns);
    drain();
  }
  encoder.flush();
  drain();
  parts.push(Buffer.from(encoder.tail()));
  return { bytes: Buffer.concat(parts), blocks, contentType: encoder.contentType };
};

/** The one number that a query gives. */
export const ask = async (connection: duckdb.Connection, sql: string): Promise<number> => {
  const result = await duckdb.query(connection, `SELECT (${sql})::BIGINT`);
  const chunk = await duckdb.fetch_chunk(result);
  return readChunk(chunk!, ['BIGINT'])[0]!.u32[0]!;
};

const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 5 });
const unsigned = (bits: number): fc.Arbitrary<bigint> => {
  const most = 2n ** BigInt(bits) - 1n;
  const edges = [
    0n,
    9n,
    10n,
    9999n,
    10000n,
    99999999n,
    100000000n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 53n + 1n,
    10n ** 16n,
    10n ** 16n - 1n,
    most,
  ];
  return fc.oneof(
    fc.bigInt(0n, most),
    fc.bigInt(0n, 100000n < most ? 100000n : most),
    fc.constantFrom(...edges.filter((edge) => edge <= most)),
  );
};
const signed = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, -1n, 0n, -(2n ** 32n), -(2n ** 32n) - 1n, -10000n, 4294967296n),
);
// The ends of the 64-bit range stand for infinity in DuckDB.
const nanoseconds = fc.oneof(fc.bigInt(-(2n ** 63n) + 2n, 2n ** 63n - 2n), fc.constantFrom(0n, -1n, -999999999n, 1488369600123456789n));
// What Date can hold, so that it can tell what to expect.
const microseconds = fc.oneof(
  fc.bigInt(-8640000000000000000n, 8640000000000000000n),
  fc.constantFrom(0n, -1n, 951782400000000n, 253402300800000000n),
);
const awkward = fc.constantFrom(
  '"',
  '\\',
  '\n',
  '\r',
  '\t',
  '\0',
  '\x1f',
  '\x7f',
  ',',
  '&',
  '<',
  '>',
  ']]>',
  '\u2028',
  '\ufffe',
  '\uffff',
  '\ufffd',
  '\u0085',
  '😀',
  'é',
  '  ',
  ';',
  "'",
);
/** Texts of any length with whatever a format may stumble over. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.oneof(awkward, fc.string({ maxLength: 6 })), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.constant(''),
);
const address = fc.oneof(
  fc.record({ addr_hi: unsigned(64), addr_lo: unsigned(64) }),
  unsigned(32).map((word) => ({ addr_hi: 0n, addr_lo: (0xffffn << 32n) | word })),
  nullable(anyText).map((comp) => ({ comp })),
);

/** Rows of the test table. */
export const anyRows: fc.Arbitrary<Row[]> = fc.array(
  fc
    .tuple(
      fc.record({
        id: nullable(signed),
        wide: nullable(unsigned(64)),
        word: nullable(unsigned(32)),
        half: nullable(unsigned(16)),
        octet: nullable(unsigned(8)),
        text: nullable(anyText),
        at_ns: nullable(nanoseconds),
        at_us: nullable(microseconds),
      }),
      address,
    )
    .map(([row, comp]) => ({ comp: null, addr_hi: null, addr_lo: null, ...row, ...comp })),
  { maxLength: 30 },
);

/** An instant as Date writes it, with all places of its fraction. */
const instantText = (ticks: bigint, perSecond: bigint): string => {
  const fraction = ((ticks % perSecond) + perSecond) % perSecond;
  const seconds = (ticks - fraction) / perSecond;
  const places = perSecond.toString().length - 1;
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', `.${fraction.toString().padStart(places, '0')}Z`);
};

/** The canonical text of the address in a row, by way of the URL parser. */
const addressText = (high: bigint, low: bigint): string => {
  const groups = [...groupsOf(high), ...groupsOf(low)];
  if (high === 0n && low >> 32n === 0xffffn) return [24n, 16n, 8n, 0n].map((shift) => (low >> shift) & 255n).join('.');
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1);
};
const groupsOf = (half: bigint): bigint[] => [48n, 32n, 16n, 0n].map((shift) => (half >> shift) & 0xffffn);

/** What an answer shows of a row, as text; null where the value is NULL. */
export const shownRow = (row: Row): Record<string, string | null> => {
  const shown: Record<string, string | null> = {};
  for (const { name } of allFields) shown[name] = row[name] === null || row[name] === undefined ? null : String(row[name]);
  if (typeof row.at_ns === 'bigint') shown.at_ns = instantText(row.at_ns, 1_000_000_000n);
  if (typeof row.at_us === 'bigint') shown.at_us = instantText(row.at_us, 1_000_000n);
  if (typeof row.addr_hi === 'bigint' && typeof row.addr_lo === 'bigint') shown.comp = addressText(row.addr_hi, row.addr_lo);
  return shown;
};
