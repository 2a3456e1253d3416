/** Texts of Parquet files on their way to Arrow, in whatever way a page has them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import duckdb from '@duckdb/node-bindings';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ParquetReader } from '../parquet/read-file.ts';
import { Scratch } from '../parquet/scratch.ts';
import { createEncoder } from './encode.ts';
import { plainField } from './field.ts';

const rows = 50_000;
/** Columns by how DuckDB writes them: dictionaries of short and of longer texts, lengths and then all texts, and some NULLs. */
const columns = {
  short: (i: number) => `C${i % 700}`,
  longer: (i: number) => ['', 'elf Zeichen', 'é and more', 'twelve octet', '192.0.2.255'][i % 5] as string,
  long: (i: number) => `a dictionary of texts that are long ${i % 9}`,
  many: (i: number) => `N${i}`,
  wide: (i: number) => (i % 3 === 0 ? '' : `${i} is among texts of all lengths`.slice(0, 1 + (i % 40))),
  absent: (i: number) => (i % 5 === 0 ? null : `N${i}`),
} as const;
const names = Object.keys(columns) as (keyof typeof columns)[];

const folder = mkdtempSync(join(tmpdir(), 'weir-arrow-'));
const path = join(folder, 'texts.parquet');
const scratch = new Scratch();

beforeAll(async () => {
  const connection = await duckdb.connect(await duckdb.open(':memory:'));
  await duckdb.query(connection, `CREATE TABLE t (${names.map((name) => `${name} VARCHAR`).join(', ')})`);
  const appender = duckdb.appender_create(connection, null, 't');
  for (let row = 0; row < rows; row++) {
    for (const name of names) {
      const text = columns[name](row);
      if (text === null) duckdb.append_null(appender);
      else duckdb.append_varchar(appender, text);
    }
    duckdb.appender_end_row(appender);
  }
  duckdb.appender_close_sync(appender);
  const options = 'FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1000, ROW_GROUP_SIZE 30720';
  await duckdb.query(connection, `COPY t TO '${path}' (${options})`);
  duckdb.disconnect_sync(connection);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Batches of Arrow end within what is read at once, and the other way round.
test.each([2048, 1000, 1])('texts read by %i rows at most', async (most) => {
  const wanted = most === 1 ? 3000 : rows;
  const encoder = await createEncoder(
    'arrow',
    names.map((name) => plainField(name, 'VARCHAR')),
  );
  const octets = [Uint8Array.from(encoder.head())];
  const take = (): void => {
    for (let block = encoder.take(); block !== null; block = encoder.take()) octets.push(Uint8Array.from(block));
  };
  const reader = ParquetReader.open(
    path,
    names.map((name) => ({ name, type: 'VARCHAR' })),
    scratch,
  );
  const vectors = reader.vectors();
  let left = wanted;
  for (const group of reader.groups) {
    const source = reader.read(group);
    for (let rest = group.rows; rest > 0 && left > 0; ) {
      const count = source.read(Math.min(most, rest, left), vectors);
      encoder.rows(vectors, count);
      take();
      rest -= count;
      left -= count;
    }
  }
  reader.close();
  encoder.flush();
  take();
  octets.push(Uint8Array.from(encoder.tail()));
  const table = tableFromIPC(octets);
  expect(table.numRows).toBe(wanted);
  for (const name of names) {
    expect([name, ...(table.getChild(name)?.toArray() ?? [])]).toEqual([
      name,
      ...Array.from({ length: wanted }, (_, i) => columns[name](i)),
    ]);
  }
});
