import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importParquet } from '../import/parquet.ts';
import { type ColumnName, columns, type Shape } from '../schema.ts';
import { commitImport } from './commit.ts';
import { literal, type Row } from './duck.ts';
import { relation } from './relation.ts';
import { compact, sealHot } from './seal.ts';
import { everything, type TestFlow, TestStore } from './store.fixture.ts';
import { streamFlows } from './stream.ts';

const billion = 1_000_000_000n;
/** Nanoseconds since 1970, on both sides of it, of the microsecond and of the range. */
const instants = [
  0n,
  1n,
  999n,
  1000n,
  1_500_000_000_123_456_789n,
  9_223_372_036_854_775_806n,
  -1n,
  -999n,
  -1000n,
  -1001n,
  -1_500_000_000_123_456_789n,
  -9_223_286_400_000_000_000n,
];
const secondsOf = (nanos: bigint): number => Number((nanos - (((nanos % billion) + billion) % billion)) / billion);

/** A flow for each pair of instants; the third time stamp is one of them, or NULL. */
const flowsOf = (shape: Shape): TestFlow[] =>
  instants.flatMap((start, a) =>
    instants.map((end, b) => {
      const flow = { time: secondsOf(start), src_port: String(a), dst_port: 'N7', start_time: start, end_time: end };
      const back = b % 3 === 0 ? null : (instants[(a + b) % instants.length] as bigint);
      return shape === 'named' ? flow : { ...flow, ip_version: 4, rev_start_time: back };
    }),
  );
const timesOf = ({ start_time: start, end_time: end, rev_start_time: back }: TestFlow): string =>
  [start, end, back ?? null].map(String).join();

let test: TestStore;
beforeEach(async () => {
  test = await TestStore.open();
});
afterEach(async () => {
  expect((await test.check()).findings).toEqual([]);
  await test.end();
});

const ask = async (sql: (from: string) => string): Promise<Row[]> => {
  const snapshot = await test.store.snapshot();
  try {
    return await snapshot.connection.rows(sql(relation(test.store.paths.flows, snapshot.files, snapshot.hot !== undefined)));
  } finally {
    snapshot.close();
  }
};
const storedTimes = async (where = ''): Promise<string[]> => {
  const nanos = ['start_time', 'end_time', 'rev_start_time'].map((name) => `coalesce(CAST(epoch_ns(${name}) AS VARCHAR), 'null')`);
  return (await ask((from) => `SELECT ${nanos.join(` || ',' || `)} AS times FROM ${from} ${where}`)).map((row) => String(row.times)).sort();
};
const exported = async (fields: ColumnName[] = columns.map((column) => column.name)): Promise<string> => {
  const blocks: Uint8Array[] = [];
  const send = async (block: Uint8Array): Promise<void> => void blocks.push(Uint8Array.from(block));
  const query = {
    ...everything,
    fields,
    direction: 'ascending',
    limit: undefined,
    offset: 0,
    bigint: 'number',
    header: 'present',
  } as const;
  const context = { signal: new AbortController().signal, send, spare: () => undefined, tell: () => undefined };
  await streamFlows(test.store, { ...query, format: 'parquet' }, context);
  const path = join(test.root, 'answer');
  await writeFile(path, Buffer.concat(blocks));
  return path;
};
const typesIn = async (...paths: string[]): Promise<Record<string, unknown>> => {
  const rows = await ask(() => `DESCRIBE SELECT * FROM read_parquet([${paths.map(literal).join()}])`);
  return Object.fromEntries(rows.map((row) => [row.column_name, row.column_type]));
};
/** Imports the file into the same store and tells what its times are there. */
const takeBack = async (path: string): Promise<{ shapes: Shape[]; times: string[] }> => {
  const connection = await test.store.duck.connect();
  const id = test.store.ids.takeSource();
  const facts = { folder: test.store.paths.staging, prefix: 'back', sourceId: id, ingestedAt: 0n };
  const files = await importParquet(connection, path, { ...facts, reserve: async (count) => test.store.ids.reserve(count) });
  connection.close();
  const flows = files.reduce((sum, file) => sum + file.rows, 0);
  const record = JSON.stringify({ id, flows });
  await commitImport(test.store, { source: { id, digest: null, state: 'done', endedAtUs: 1n, record }, files, allowDuplicate: true });
  test.store.ids.endImport();
  return { shapes: files.map((file) => file.shape), times: await storedTimes(`WHERE source_id = ${id}`) };
};

describe.each(['named', 'addressed'] as const)('nanoseconds of %s flows', (shape) => {
  const flows = flowsOf(shape);
  const expected = flows.map(timesOf).sort();

  it('outlive the import, sealing and merging, in files of microseconds', async () => {
    const half = flows.length / 2;
    await test.bring(shape, flows.slice(0, half));
    expect(await storedTimes()).toEqual(flows.slice(0, half).map(timesOf).sort());
    await sealHot(test.store);
    await test.bring(shape, flows.slice(half));
    await sealHot(test.store);
    expect(test.store.hot).toBeUndefined();
    expect(await storedTimes()).toEqual(expected);
    await compact(test.store);
    expect(await storedTimes()).toEqual(expected);
    for (const file of test.store.files.filter((one) => one.shape === 'addressed')) {
      const types = await typesIn(test.store.absolute(file.path));
      expect(types).toMatchObject({ start_time: 'TIMESTAMP', end_time: 'TIMESTAMP', rev_start_time: 'TIMESTAMP', sub_us: 'UINTEGER' });
    }
    for (const file of test.store.files.filter((one) => one.shape === 'named')) {
      const types = await typesIn(test.store.absolute(file.path));
      expect(types).toMatchObject({ start_time: 'TIMESTAMP', end_time: 'TIMESTAMP' });
      expect(types).not.toHaveProperty('sub_us');
    }
  });
});

describe('a file of all columns', () => {
  it('holds the named flows that have nanoseconds, with the port numbers of their texts', async () => {
    await test.bring('named', flowsOf('named'));
    const ports = (): Promise<Row[]> => ask((from) => `SELECT id, src_port_num AS s, dst_port_num AS d FROM ${from} ORDER BY id`);
    const before = await ports();
    await sealHot(test.store);
    expect(new Set(test.store.files.map((file) => file.shape))).toEqual(new Set(['named', 'addressed']));
    expect(await ports()).toEqual(before);
  });

  it('tells the nanoseconds of all three time stamps in one number', async () => {
    await test.bring('addressed', [
      { time: 1, start_time: 1_000_000_123n, end_time: 2_000_000_456n, rev_start_time: 1_000_001_789n },
      { time: 2, start_time: 2_000_001_000n },
      { time: 3, start_time: -1n, end_time: null, rev_start_time: null, ip_version: 4 },
    ]);
    await sealHot(test.store);
    const path = await exported(['time', 'start_time', 'end_time', 'rev_start_time']);
    const rows = await ask(() => `SELECT sub_us AS below, epoch_us(start_time) AS start FROM read_parquet(${literal(path)}) ORDER BY time`);
    expect(rows).toEqual([
      { below: 789_456_123, start: 1_000_000 },
      { below: null, start: 2_000_001 },
      { below: 999, start: -1 },
    ]);
  });
});

describe('a Parquet export', () => {
  it.each(['named', 'addressed'] as const)('of %s flows is taken back with its nanoseconds', async (shape) => {
    const flows = flowsOf(shape);
    await test.bring(shape, flows);
    const path = await exported();
    expect(await typesIn(path)).toMatchObject({ start_time: 'TIMESTAMP', sub_us: 'UINTEGER', ingested_at: 'TIMESTAMP' });
    expect((await takeBack(path)).times).toEqual(flows.map(timesOf).sort());
  });

  it('has no such column where no time stamp is asked for', async () => {
    await test.bring('named', [{ time: 1 }]);
    expect(Object.keys(await typesIn(await exported(['id', 'time', 'ingested_at'])))).toEqual(['id', 'time', 'ingested_at']);
  });
});

describe('a Parquet file of the few columns', () => {
  const published = `1::BIGINT AS time, 0::BIGINT AS duration, 'a' AS src_comp, '1' AS src_port, 'b' AS dst_comp, '2' AS dst_port, 6 AS protocol, 1 AS packet_count, 1 AS byte_count`;
  it.each([
    ['make_timestamp_ns(1234567)', 'addressed', '1234567'],
    ['make_timestamp_ns(-1)', 'addressed', '-1'],
    ['make_timestamp_ns(1234000)', 'named', '1234000'],
    ['make_timestamp(1234)', 'named', '1234000'],
    ['make_timestamp(1234), 7 AS sub_us', 'addressed', '1234007'],
    ['make_timestamp(-2), 7.0::DOUBLE AS sub_us', 'addressed', '-1993'],
    ['make_timestamp_ns(1234567), NULL::UINTEGER AS sub_us', 'addressed', '1234567'],
    ["'infinity'::TIMESTAMP", 'addressed', '9223372036854775806'],
    ["'-infinity'::TIMESTAMP_NS", 'named', '-9223286400000000000'],
  ] as const)('with start_time %s', async (start, shape, nanos) => {
    const path = join(test.root, 'given');
    const select = `SELECT ${published}, ${start.includes(', ') ? start.replace(', ', ' AS start_time, ') : `${start} AS start_time`}`;
    await test.store.writer.run(`COPY (${select}) TO ${literal(path)} (FORMAT parquet)`);
    expect(await takeBack(path)).toEqual({ shapes: [shape], times: [`${nanos},null,null`] });
  });
});
