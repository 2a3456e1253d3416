/** SQL over the flows: what is answered, what is refused, and that it can be cancelled. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House, type Output } from './house.ts';
import { pause } from './patience.ts';

let house: House;
let id: number;
beforeAll(async () => {
  house = new House(['sessions.sql.rows=50', 'sessions.sql.timeout=2s', 'flows.seal.every=1h']);
  await house.start();
  await flows('1,9,C1,N1,C2,443,6,10,5000\n2,0,C3,N2,C2,53,17,1,99\n');
  id = await house.session({ kind: 'sql' });
});
afterAll(() => house.close());

async function flows(lines: string): Promise<void> {
  const answer = await fetch(`${house.url}/api/v1/imports?format=lanl-2015`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', accept: 'application/json' },
    body: lines,
  });
  const { id: source, state } = (await answer.json()) as { id: number; state: string };
  for (let now = state; now !== 'done'; now = (await house.ask<{ state: string }>('GET', `/api/v1/imports/${source}`)).body.state) {
    expect(now).not.toBe('failed');
    await pause(10);
  }
}

type Table = { schema: { fields: { name: string; type: string }[] }; data: unknown[][] };
const tableOf = ({ data }: Output): Table => data?.['application/json'] as Table;
const table = async (sql: string): Promise<Table> => tableOf(await house.run(id, sql));

describe('the view of the flows', () => {
  test('has all of them, hot ones too, as soon as they are stored', async () => {
    expect((await table('select src_comp, dst_port, byte_count, src_port_num from flows order by id')).data).toEqual([
      ['C1', '443', 5000, null],
      ['C3', '53', 99, null],
    ]);
    await flows('3,1,C9,5,C2,80,6,2,120\n');
    expect((await table('select count(*), sum(byte_count) from flows')).data).toEqual([[3, 5219]]);
  });

  test('has the columns that it has in Python', async () => {
    const names = (await table('select * from flows limit 0')).schema.fields.map(({ name }) => name);
    const python = await house.session();
    const code = 'rows = list(flows.rows(limit=1))\nimport json\nn = list(rows[0])\n%json n';
    expect((await house.run(python, code)).data?.['application/json']).toEqual(names);
    expect(await house.text(python, "len(flows()), len(list(flows.rows(filter='port 53'))), len(flows.files()) > 0")).toBe('(3, 1, True)');
    expect(await house.run(python, "list(flows.rows(filter='nonsense (('))")).toMatchObject({ status: 'error', ename: 'RuntimeError' });
  });
});

test('types and values are those of Spark, and numbers keep their digits', async () => {
  const sql = `select 1::tinyint a, 2::smallint b, 3 c, 9007199254740993::bigint d, 1.50::decimal(5,2) e, 2.5::float f, 2.5::double g,
    'x' h, true i, date '2020-01-02' j, timestamp '2020-01-02 03:04:05' k, null::integer l, [1, 2] m`;
  const { id: statement } = await house.post(id, sql);
  await house.untilStatement(id, statement, 'available');
  const { text, body } = await house.ask<{ output: Output }>('GET', `/sessions/${id}/statements/${statement}`);
  const { schema, data } = tableOf(body.output);
  expect(schema.fields.map(({ type }) => type)).toEqual([
    ...[
      'byte',
      'short',
      'integer',
      'long',
      'decimal(5,2)',
      'float',
      'double',
      'string',
      'boolean',
      'date',
      'timestamp',
      'integer',
      'string',
    ],
  ]);
  expect(text).toContain('"data":[[1,2,3,9007199254740993,1.50,2.5,2.5,"x",true,"2020-01-02","2020-01-02 03:04:05",null,');
  expect(data).toHaveLength(1);
});

test('no more rows than there may be, and the log says so', async () => {
  expect((await table('select * from range(1000)')).data).toHaveLength(50);
  expect(await house.log(id)).toContain('only 50 rows are shown');
  expect((await table('select 1 where false')).data).toEqual([]);
});

test('tables of the session are its own, and DDL answers nothing', async () => {
  expect(await table('create table mine as select 5 x')).toEqual({ schema: { type: 'struct', fields: [] }, data: [] });
  await table('insert into mine values (6)');
  expect((await table('select sum(x) from mine')).data).toEqual([[11]]);
  const other = await house.session({ kind: 'sql' });
  expect(await house.run(other, 'select * from mine')).toMatchObject({ status: 'error', ename: 'Error' });
});

test('what reaches past the flows is refused', async () => {
  const folder = join(house.data, 'sessions', String(id), 'flows');
  const [file] = readdirSync(folder);
  const before = readFileSync(join(folder, file as string));
  const attempts = [
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from glob('/etc/*')",
    `select * from '${house.data}/weir.duckdb'`,
    `copy (select 1) to '${house.folder}/x.csv'`,
    `copy (select 1) to '${folder}/${file}'`,
    `explain analyze copy (select 1) to '${folder}/${file}'`,
    `/* */ explain (format json) copy (select 1) to '${folder}/${file}'`,
    `explain explain analyze copy (select 1) to '${folder}/${file}'`,
    `prepare p as copy (select 1) to '${folder}/${file}'`,
    `export database '${folder}/all'`,
    `attach '${folder}/x.db'`,
    'install httpfs',
    'load parquet',
    'set threads = 8',
    'reset memory_limit',
    'pragma enable_logging',
    `select * from enable_logging(storage = 'file', storage_config = {'path': '${folder}/log'})`,
    'call enable_logging()',
    'select 1; select 2',
    '',
  ];
  for (const sql of attempts) expect((await house.run(id, sql)).status, sql).toBe('error');
  expect(existsSync(join(house.folder, 'x.csv'))).toBe(false);
  expect(readFileSync(join(folder, file as string)).equals(before)).toBe(true);
  expect(readdirSync(folder).filter((name) => !name.endsWith('.parquet'))).toEqual([]);
  expect((await table('select 1')).data).toEqual([[1]]);
});

const endless = 'select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 11';

test('a query is cancelled, or ended when its time is up, and the session goes on', async () => {
  const { id: statement } = await house.post(id, endless);
  await house.untilStatement(id, statement, 'running');
  await pause(100);
  await house.ask('POST', `/sessions/${id}/statements/${statement}/cancel`);
  await house.untilStatement(id, statement, 'cancelled');
  expect(await house.run(id, endless)).toMatchObject({ status: 'error', evalue: expect.stringContaining('longer than 2 s') });
  expect((await table('select 1')).data).toEqual([[1]]);
});
