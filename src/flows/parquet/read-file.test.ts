/** Our reader beside DuckDB's: random tables, written by DuckDB in all the ways that it knows, must come out the same. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPresent, type RawColumn } from '../encode/raw-column.ts';
import type { ColumnType } from '../schema.ts';
import { Unreadable } from './read-fault.ts';
import { type FileColumn, ParquetReader } from './read-file.ts';
import { Scratch } from './scratch.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-reader-'));
let connection: duckdb.Connection;

beforeAll(async () => {
  connection = await duckdb.connect(await duckdb.open(':memory:'));
});
afterAll(() => {
  duckdb.disconnect_sync(connection);
  rmSync(folder, { recursive: true, force: true });
});

type Cell = string | bigint | null;

const textAt = (column: RawColumn, row: number): string => {
  const length = column.u32[row * 4]!;
  if (length <= 12) return Buffer.from(column.u8.subarray(row * 16 + 4, row * 16 + 4 + length)).toString('utf8');
  const texts = column.longTexts!;
  texts.locate(row);
  return Buffer.from(texts.bytes.subarray(texts.at, texts.at + length)).toString('utf8');
};

const signed: ReadonlySet<ColumnType> = new Set(['BIGINT', 'TIMESTAMP', 'TIMESTAMP_NS']);

const cellAt = (column: RawColumn, row: number): Cell => {
  column.expand();
  if (!isPresent(column, row)) return null;
  if (column.type === 'VARCHAR') return textAt(column, row);
  if (column.type === 'UTINYINT') return BigInt(column.u8[row]!);
  if (column.type === 'USMALLINT') return BigInt(column.u16[row]!);
  if (column.type === 'UINTEGER') return BigInt(column.u32[row]!);
  const value = (BigInt(column.u32[row * 2 + 1]!) << 32n) | BigInt(column.u32[row * 2]!);
  return signed.has(column.type) ? BigInt.asIntN(64, value) : value;
};

const scratch = new Scratch();

/** Which rows are read: of each row group those from `skip` on; after every `step` rows at most as many are passed over. */
type Way = { skip: number; step: number };
const allRows: Way = { skip: 0, step: 0 };

/** The rows that were read, and their numbers in the file. */
const readRows = (path: string, columns: readonly FileColumn[], { skip, step }: Way = allRows): { rows: Cell[][]; numbers: number[] } => {
  const reader = ParquetReader.open(path, columns, scratch);
  const found = { rows: [] as Cell[][], numbers: [] as number[] };
  let first = 0;
  try {
    const vectors = reader.vectors();
    for (const group of reader.groups) {
      const source = reader.read(group);
      let at = Math.min(skip, group.rows);
      source.skip(at);
      while (at < group.rows) {
        const count = source.read(step === 0 ? group.rows - at : Math.min(step, group.rows - at), vectors);
        for (let row = 0; row < count; row++) {
          found.numbers.push(first + at + row);
          found.rows.push(vectors.map((vector) => cellAt(vector, row)));
        }
        const over = Math.min(step, group.rows - at - count);
        source.skip(over);
        at += count + over;
      }
      first += group.rows;
    }
    return found;
  } finally {
    reader.close();
  }
};

const readAll = (path: string, columns: readonly FileColumn[]): Cell[][] => readRows(path, columns).rows;

const types = ['BIGINT', 'UBIGINT', 'UINTEGER', 'USMALLINT', 'UTINYINT', 'VARCHAR', 'TIMESTAMP'] as const;
const limits: Record<string, readonly [bigint, bigint]> = {
  BIGINT: [-(2n ** 63n), 2n ** 63n - 1n],
  UBIGINT: [0n, 2n ** 64n - 1n],
  UINTEGER: [0n, 2n ** 32n - 1n],
  USMALLINT: [0n, 65_535n],
  UTINYINT: [0n, 255n],
  TIMESTAMP: [-(2n ** 61n), 2n ** 61n],
};

/** A column: its type, how many values are NULL (in ten), and whether values repeat, rise by little, or are anything. */
const columnOf = fc.record({
  type: fc.constantFrom(...types),
  nulls: fc.constantFrom(0, 0, 1, 5, 10),
  kind: fc.constantFrom('few', 'rising', 'any', 'same'),
  long: fc.boolean(),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});
type ColumnOf = typeof columnOf extends fc.Arbitrary<infer T> ? T : never;

/** The values of a column, by a small generator of its own: shrinking would be lost in ten thousand values anyway. */
const valuesOf = ({ type, nulls, kind, long, seed }: ColumnOf, rows: number): Cell[] => {
  let state = seed;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const [least, most] = limits[type] ?? [0n, 0n];
  const any = (): bigint => {
    const bits = BigInt(random(2 ** 31)) * 2n ** 33n + BigInt(random(2 ** 31)) * 4n + BigInt(random(4));
    return least + ((bits * BigInt(1 + random(3))) % (most - least + 1n));
  };
  const few = Array.from({ length: 40 }, any);
  let last = least + (most - least) / 3n;
  return Array.from({ length: rows }, (): Cell => {
    if (random(10) < nulls) return null;
    if (type === 'VARCHAR') {
      if (kind === 'same') return 'é and more than twelve';
      const word = kind === 'few' ? `C${random(50)}` : `${random(100_000)}`;
      return long && random(5) === 0 ? word.repeat(1 + random(9)) : random(20) === 0 ? '' : word;
    }
    if (kind === 'same') return few[0]!;
    if (kind === 'few') return few[random(40)]!;
    if (kind === 'any') return any();
    last += BigInt(random(4));
    return last > most ? most : last;
  });
};

const write = async (columns: readonly ColumnOf[], data: readonly Cell[][], rows: number, path: string, options: string): Promise<void> => {
  const names = columns.map((_, at) => `c${at}`);
  const declared = columns.map(({ type }, at) => `c${at} ${type === 'TIMESTAMP' ? 'BIGINT' : type}`).join(', ');
  await duckdb.query(connection, `CREATE OR REPLACE TABLE t (${declared})`);
  const appender = duckdb.appender_create(connection, null, 't');
  for (let row = 0; row < rows; row++) {
    columns.forEach(({ type }, at) => {
      const value = data[at]![row]!;
      if (value === null) duckdb.append_null(appender);
      else if (typeof value === 'string') duckdb.append_varchar(appender, value);
      else if (type === 'UBIGINT') duckdb.append_uint64(appender, value);
      else duckdb.append_int64(appender, value);
    });
    duckdb.appender_end_row(appender);
  }
  duckdb.appender_close_sync(appender);
  const list = columns.map(({ type }, at) => (type === 'TIMESTAMP' ? `make_timestamp(c${at}) AS c${at}` : names[at])).join(', ');
  await duckdb.query(connection, `COPY (SELECT ${list} FROM t) TO '${path}' (FORMAT parquet, ${options})`);
};

const asRows = (data: readonly Cell[][], rows: number): Cell[][] =>
  Array.from({ length: rows }, (_, row) => data.map((values) => values[row]!));

describe('files that DuckDB writes', () => {
  const options = fc
    .record({
      version: fc.constantFrom('V1', 'V2'),
      codec: fc.constantFrom('zstd', 'uncompressed'),
      dictionary: fc.constantFrom(1, 60, 20_000),
      group: fc.constantFrom(2048, 4096, 61_440),
    })
    .map(
      ({ version, codec, dictionary, group }) =>
        `PARQUET_VERSION ${version}, COMPRESSION ${codec}, DICTIONARY_SIZE_LIMIT ${dictionary}, ROW_GROUP_SIZE ${group}`,
    );
  const way = fc.record({ skip: fc.constantFrom(0, 1, 2047, 3000), step: fc.constantFrom(0, 0, 1000, 33) });

  it('come out as they went in', async () => {
    const path = join(folder, 'random.parquet');
    const table = fc.record({
      columns: fc.array(columnOf, { minLength: 1, maxLength: 5 }),
      rows: fc.constantFrom(0, 1, 7, 2048, 5000, 9001),
    });
    await fc.assert(
      fc.asyncProperty(table, options, way, async ({ columns, rows }, chosen, how) => {
        const data = columns.map((column) => valuesOf(column, rows));
        await write(columns, data, rows, path, chosen);
        const wanted = columns.map(({ type }, at) => ({ name: `c${at}`, type }));
        expect(readAll(path, wanted)).toEqual(asRows(data, rows));
        const some = readRows(path, wanted, how);
        expect(some.rows).toEqual(some.numbers.map((at) => data.map((values) => values[at]!)));
      }),
      { numRuns: 25 },
    );
  });

  it('leave out a text where its address is', async () => {
    const path = join(folder, 'address.parquet');
    const query = `SELECT CASE WHEN i % 3 = 0 OR i >= 4096 THEN NULL ELSE i::UBIGINT END AS hi, 'name ' || i AS comp FROM range(6000) r(i)`;
    await duckdb.query(connection, `COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`);
    const rows = readAll(path, [
      { name: 'hi', type: 'UBIGINT' },
      { name: 'comp', type: 'VARCHAR', unless: 'hi' },
    ]);
    expect(rows).toHaveLength(6000);
    expect(rows.every(([high, text], i) => (high === null) === (i % 3 === 0 || i >= 4096) && (text === null) === (high !== null))).toBe(
      true,
    );
    expect(rows[5999]).toEqual([null, 'name 5999']);
  });
});

describe('files that are not what they should be', () => {
  const columns: FileColumn[] = [
    { name: 'a', type: 'BIGINT' },
    { name: 'b', type: 'VARCHAR' },
    { name: 'c', type: 'UINTEGER' },
  ];
  const query = `SELECT i AS a, CASE WHEN i % 7 > 0 THEN 'text ' || (i * 7919 % 5000) END AS b, (i % 90)::UINTEGER AS c FROM range(5000) r(i)`;

  it('end in the one error, or in rows, whatever octet is wrong', async () => {
    const path = join(folder, 'hostile.parquet');
    await duckdb.query(
      connection,
      `COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION uncompressed, PARQUET_VERSION V2, ROW_GROUP_SIZE 2048)`,
    );
    const whole = readFileSync(path);
    const broken = join(folder, 'broken.parquet');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (place, octet, isCut) => {
        const bytes = Buffer.from(whole);
        // Footer and page headers matter most: half of the blows go there.
        const at = octet % 2 === 0 ? Math.max(0, whole.length - 1 - (place % 1500)) : place;
        bytes[at] = octet;
        writeFileSync(broken, isCut && octet < 20 ? bytes.subarray(0, at) : bytes);
        try {
          readAll(broken, columns);
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are refused where they have what is not known here', async () => {
    const path = join(folder, 'other.parquet');
    await duckdb.query(connection, `COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION snappy)`);
    expect(() => readAll(path, columns)).toThrow(Unreadable);
    await duckdb.query(connection, `COPY (SELECT [1, 2] AS a, 'x' AS b, 1::UINTEGER AS c) TO '${path}' (FORMAT parquet)`);
    expect(() => readAll(path, columns)).toThrow(/nested/);
    await duckdb.query(
      connection,
      `COPY (SELECT 1.5::DOUBLE AS a, 'x' AS b, 1::UINTEGER AS c) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    expect(() => readAll(path, columns)).toThrow(/physical type/);
    expect(() => readAll(path, [{ name: 'd', type: 'BIGINT' }])).toThrow(/no column d/);
    writeFileSync(path, 'PAR1');
    expect(() => readAll(path, columns)).toThrow(Unreadable);
  });
});
