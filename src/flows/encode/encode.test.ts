import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type duckdbTypes from '@duckdb/node-bindings';
import duckdb from '@duckdb/node-bindings';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Row } from './encoding.fixture.ts';
import { allFields, anyRows, anyText, ask, encodeQuery, fillTable, openDatabase, shownRow } from './encoding.fixture.ts';
import { plainField } from './field.ts';

const formats = ['json', 'ndjson', 'xml', 'csv', 'arrow'] as const;
let connection: duckdbTypes.Connection;
let folder: string;

beforeAll(async () => {
  connection = await openDatabase();
  folder = mkdtempSync(join(tmpdir(), 'weir-encode-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `check` on tables of random rows, with blocks of random size. */
const withRandomRows = (check: (rows: readonly Row[], blockOctets: number) => Promise<void>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(anyRows, fc.constantFrom(100, 500, 3000, 131072), async (rows, blockOctets) => {
      await fillTable(connection, rows);
      await check(rows, blockOctets);
    }),
    { numRuns: 40 },
  );

/** JSON with its numbers as the text they were: no digit is lost. */
type Sourced = (this: unknown, key: string, value: unknown, context: { source: string }) => unknown;
const parseJson = (text: string): unknown => {
  const keepDigits: Sourced = (_key, value, { source }) => (typeof value === 'number' ? { number: source } : value);
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
};

const numeric = ['id', 'wide', 'word', 'half', 'octet'];
const jsonRow = (row: Row, numbers: readonly string[]): Record<string, unknown> => {
  const entries = Object.entries(shownRow(row));
  return Object.fromEntries(entries.map(([name, text]) => [name, text !== null && numbers.includes(name) ? { number: text } : text]));
};

describe('JSON', () => {
  test('holds every value of any rows', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'json', allFields, { blockOctets });
      expect(parseJson(bytes.toString())).toEqual(rows.map((row) => jsonRow(row, numeric)));
    }));

  test('has 64-bit columns as strings where asked to', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'json', allFields, { blockOctets, bigint: 'string' });
      expect(parseJson(bytes.toString())).toEqual(rows.map((row) => jsonRow(row, ['word', 'half', 'octet'])));
    }));

  test('has one object a line, with keys in the order of the fields', async () => {
    await fillTable(connection, [{ id: 1n, text: 'a' }, { id: 2n }]);
    const fields = [plainField('text', 'VARCHAR'), plainField('id', 'BIGINT')];
    const { bytes } = await encodeQuery(connection, 'json', fields);
    expect(bytes.toString()).toBe('[\n{"text":"a","id":1},\n{"text":null,"id":2}\n]\n');
  });
});

describe('NDJSON', () => {
  test('has every row as a line of its own', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'ndjson', allFields, { blockOctets });
      const lines = bytes.toString().split('\n');
      expect(lines.pop()).toBe('');
      expect(lines.map(parseJson)).toEqual(rows.map((row) => jsonRow(row, numeric)));
    }));
});

/** What XML 1.0 can hold of a text (section 2.2). */
const inXml = (text: string): string => text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '');

describe('XML', () => {
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    isArray: (name) => name === 'record',
    processEntities: true,
    htmlEntities: true,
  });

  test('holds every value that XML can hold', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'xml', allFields, { blockOctets });
      const text = bytes.toString();
      expect(XMLValidator.validate(text)).toBe(true);
      const records = parser.parse(
        text.replaceAll('\n<record>', '<record>').replace('</record>\n</records>', '</record></records>'),
      ).records;
      const expected = rows.map((row) => {
        const shown = Object.entries(shownRow(row)).filter(([, value]) => value !== null);
        return Object.fromEntries(shown.map(([name, value]) => [name, inXml(value!)]));
      });
      expect(records === '' ? [] : records.record.map((record: unknown) => record || {})).toEqual(expected);
    }));

  test('has an element for each field, and none for NULL', async () => {
    await fillTable(connection, [{ id: 1n, text: 'a<b> & ]]>\r\x00\ufffe' }, { id: 2n }]);
    const { bytes } = await encodeQuery(connection, 'xml', [plainField('id', 'BIGINT'), plainField('text', 'VARCHAR')]);
    expect(bytes.toString()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<records>\n<record><id>1</id><text>a&lt;b&gt; &amp; ]]&gt;&#13;</text></record>\n<record><id>2</id></record>\n</records>\n',
    );
  });

  test.skipIf(!hasXmllint())('satisfies xmllint [needs xmllint: package libxml2-utils]', async () => {
    const texts = fc.sample(anyText, 500);
    await fillTable(
      connection,
      texts.map((text, i) => ({ id: BigInt(i), text })),
    );
    const { bytes } = await encodeQuery(connection, 'xml', allFields);
    const file = join(folder, 'records.xml');
    writeFileSync(file, bytes);
    execFileSync('xmllint', ['--noout', file]);
  });
});

function hasXmllint(): boolean {
  try {
    execFileSync('xmllint', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** CSV by the letter of RFC 4180, with LF: rows of texts, null for a field without octets. */
const parseCsv = (text: string): (string | null)[][] => {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))([,\n])/gy;
  for (let found = field.exec(text); found !== null; found = field.exec(text)) {
    row.push(found[1]?.replaceAll('""', '"') ?? (found[2] || null));
    if (found[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  expect(row).toEqual([]);
  return rows;
};

describe('CSV', () => {
  test('holds every value, and tells NULL from an empty text', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'csv', allFields, { blockOctets });
      const [head, ...body] = parseCsv(bytes.toString());
      expect(head).toEqual(allFields.map(({ name }) => name));
      expect(body).toEqual(rows.map((row) => Object.values(shownRow(row))));
    }));

  test('quotes only what it must, and has no header line where asked to', async () => {
    await fillTable(connection, [{ text: 'a b;c\t' }, { text: 'a,b' }, { text: 'say "hi"' }, { text: '' }, { text: 'two\nlines' }]);
    const fields = [plainField('text', 'VARCHAR'), plainField('id', 'BIGINT')];
    const { bytes, contentType } = await encodeQuery(connection, 'csv', fields, { header: 'absent' });
    expect(bytes.toString()).toBe('a b;c\t,\n"a,b",\n"say ""hi""",\n"",\n"two\nlines",\n');
    expect(contentType).toBe('text/csv; charset=utf-8; header=absent');
  });
});

describe('Arrow', () => {
  test('holds every value in its own type', () =>
    withRandomRows(async (rows, blockOctets) => {
      const { bytes } = await encodeQuery(connection, 'arrow', allFields, { blockOctets });
      const table = tableFromIPC(bytes);
      expect(table.numRows).toBe(rows.length);
      expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
        'Int64',
        'Uint64',
        'Uint32',
        'Uint16',
        'Uint8',
        'Utf8',
        'Timestamp<NANOSECOND, UTC>',
        'Timestamp<MICROSECOND, UTC>',
        'Utf8',
      ]);
      for (const name of [...numeric, 'at_ns', 'at_us']) {
        const column = table.getChild(name)!;
        const values = column.data[0]?.values as ArrayLike<number | bigint> | undefined;
        const found = rows.map((_, i) => (column.isValid(i) ? BigInt(values![i]!) : null));
        expect(found).toEqual(rows.map((row) => row[name]));
      }
      for (const name of ['text', 'comp']) {
        expect(Array.from(table.getChild(name)!)).toEqual(rows.map((row) => shownRow(row)[name]));
      }
    }));

  test('makes batches of 16384 rows, from chunks of any size', async () => {
    const fields = [plainField('i', 'BIGINT'), plainField('s', 'VARCHAR')];
    const source = "(SELECT i, 'text of row ' || i AS s FROM range(100000) r(i) WHERE hash(i) % 7 <> 0)";
    const { bytes } = await encodeQuery(connection, 'arrow', fields, { source });
    const table = tableFromIPC(bytes);
    expect(table.numRows).toBe(await ask(connection, `SELECT count(*) FROM ${source}`));
    expect(table.batches.slice(0, -1).every((batch) => batch.numRows === 16384)).toBe(true);
    for (const row of table) expect(row.s).toBe(`text of row ${row.i}`);
  });
});

test.each(formats)('%s: an empty answer is whole', async (format) => {
  await fillTable(connection, []);
  const { bytes } = await encodeQuery(connection, format, allFields);
  const expected = {
    json: '[]\n',
    ndjson: '',
    xml: '<?xml version="1.0" encoding="UTF-8"?>\n<records/>\n',
    csv: 'id,wide,word,half,octet,text,at_ns,at_us,comp\n',
  };
  if (format === 'arrow') expect(tableFromIPC(bytes).numRows).toBe(0);
  else expect(bytes.toString()).toBe(expected[format]);
});

test.each(formats)('%s: the size of blocks changes nothing, and texts larger than a block pass', async (format) => {
  const texts = ['x'.repeat(300_000), '"\x01<&'.repeat(50_000), 'é'.repeat(7), 'x'.repeat(13), 'x'.repeat(12)];
  await fillTable(
    connection,
    Array.from({ length: 400 }, (_, i) => ({ id: BigInt(i), text: i % 80 === 3 ? texts[(i / 80) | 0]! : `short ${i}` })),
  );
  const { bytes: expected } = await encodeQuery(connection, format, allFields);
  for (const blockOctets of [100, 1000, 4001, 10_007]) {
    const { bytes, blocks } = await encodeQuery(connection, format, allFields, { blockOctets });
    expect(bytes.equals(expected)).toBe(true);
    expect(Math.min(...blocks)).toBeGreaterThan(0);
  }
});

test.each([
  ['csv', "read_csv('FILE', all_varchar = false, columns = {COLUMNS}, header = true, nullstr = 'no such text')"],
  ['json', "read_json('FILE', format = 'array', columns = {COLUMNS})"],
  ['ndjson', "read_json('FILE', format = 'newline_delimited', columns = {COLUMNS})"],
] as const)('%s: DuckDB reads back what it gave, 20000 rows of it', async (format, reader) => {
  const fields = [plainField('i', 'BIGINT'), plainField('u', 'UBIGINT'), plainField('s', 'VARCHAR'), plainField('t', 'TIMESTAMP')];
  await duckdb.query(
    connection,
    `CREATE OR REPLACE TABLE source AS SELECT i, hash(i) AS u, 'row, "' || repeat('é', (i % 40)::INTEGER) AS s,
     make_timestamp(1488369600000000 + i * 1000003) AS t FROM range(20000) r(i)`,
  );
  const { bytes } = await encodeQuery(connection, format, fields, { source: '(SELECT * FROM source ORDER BY u)' });
  const file = join(folder, `rows.${format}`);
  writeFileSync(file, bytes);
  const columns = fields.map(({ name, type }) => `${name}: '${type}'`).join(', ');
  const back = `SELECT * FROM ${reader.replace('FILE', file).replace('COLUMNS', columns)}`;
  expect(await ask(connection, `SELECT count(*) FROM (${back})`)).toBe(20000);
  expect(await ask(connection, `SELECT count(*) FROM (SELECT * FROM source EXCEPT ALL ${back})`)).toBe(0);
});
