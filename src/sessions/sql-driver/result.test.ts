/** What a result of the real engine is as JSON. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, expect, test } from 'vitest';
import { type AnswerLimits, answerOf } from './result.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});

const plenty: AnswerLimits = { rows: 1_000_000, outputOctets: 1e9 };
const ask = async (sql: string, limits = plenty) => {
  const { octets, isCut } = await answerOf(await connection.stream(sql), limits);
  return { text: octets.toString(), isCut };
};
/** The cells of the one row, as they stand there. */
const cells = async (sql: string): Promise<string> => /"data":\[\[(.*)\]\]\}$/s.exec((await ask(sql)).text)?.[1] as string;

test.each([
  ['tinyint', '-128, 127'],
  ['smallint', '-32768, 32767'],
  ['integer', '-2147483648, 2147483647'],
  ['bigint', '-9223372036854775808, 9223372036854775807'],
  ['bigint', '-9007199254740993, -9007199254740992, -9007199254740991, 9007199254740991, 9007199254740992, 9007199254740993'],
  ['bigint', '-4294967297, -4294967296, -1, 0, 9, 10, 99, 100, 4294967295, 4294967296, 999999999999999, 1000000000000000'],
  ['utinyint', '0, 255'],
  ['usmallint', '0, 65535'],
  ['uinteger', '0, 4294967295'],
  ['ubigint', '0, 9007199254740991, 9007199254740993, 18446744073709551615'],
  ['hugeint', '-170141183460469231731687303715884105728, 170141183460469231731687303715884105727'],
  ['decimal(38,3)', '-12345678901234567890.125, 0.001'],
  ['double', '-0.5, 1e+300, 0.1'],
  ['boolean', 'true, false'],
])('%s keeps all digits of %s', async (type, values) => {
  const list = values.split(', ');
  expect(await cells(`select ${list.map((value) => `'${value}'::${type}`).join(', ')}`)).toBe(list.join(','));
});

test('texts are quoted, whatever is in them and however long they are', async () => {
  const texts = [
    '',
    'C17',
    'twelve chars',
    'thirteen char',
    'a "b" \\ c',
    'tab\tline\nnull\u0001',
    'größe €',
    '😀'.repeat(40),
    '\u007f\u2028',
    "'",
  ];
  expect(await cells(`select ${texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ')}`)).toBe(
    texts.map((text) => JSON.stringify(text)).join(','),
  );
});

test('what is missing is null, and what has no other form is text', async () => {
  expect(await cells("select null, null::varchar, null::bigint, [1, null], {'a': 1}, 'nan'::double, date '2020-01-02'")).toBe(
    'null,null,null,"[1, NULL]","{\'a\': 1}",null,"2020-01-02"',
  );
});

test('rows of many chunks are as the engine has them, with gaps in their places', async () => {
  const sql = `select range n, case when range % 7 > 0 then range * -3000000000 end b, case when range % 5 > 0 then repeat('x', range % 30) end t
    from range(10000) order by n`;
  const { data } = JSON.parse((await ask(sql)).text) as { data: unknown[][] };
  const rows = Array.from({ length: 10_000 }, (_, n) => [n, n % 7 > 0 ? n * -3e9 : null, n % 5 > 0 ? 'x'.repeat(n % 30) : null]);
  expect(data).toEqual(rows);
});

test.each([0, 1, 2047, 2048, 2049, 4096])('%d rows of 5000 are shown where no more are wanted, and it is said', async (rows) => {
  const { text, isCut } = await ask('select * from range(5000)', { ...plenty, rows });
  expect([(JSON.parse(text) as { data: unknown[] }).data.length, isCut]).toEqual([rows, true]);
});

test('as many rows as there may be are not cut', async () => {
  expect((await ask('select * from range(4096)', { ...plenty, rows: 4096 })).isCut).toBe(false);
});

test('a result with more octets than there may be is an error', async () => {
  await expect(ask('select * from range(100000)', { ...plenty, outputOctets: 50_000 })).rejects.toThrow(
    /sessions\.output allows \(50000\)/,
  );
});
