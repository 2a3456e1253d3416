import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowBatch } from '../batch.ts';
import { columnsOf, type Shape } from '../schema.ts';
import { type Connection, Duck, literal, type Row } from '../store/duck.ts';
import { batchesOf, type TestFlow } from '../store/store.fixture.ts';
import { createLanlParser } from './lanl.ts';
import { BadRows } from './rows.ts';
import { encodeRows, isPlainRun, spansOf } from './run-encode.ts';
import { surveyRun } from './run-survey.ts';

// What the encoder writes, DuckDB reads.
let folder = '';
let duck: Duck;
let connection: Connection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-encode-'));
  await mkdir(join(folder, 'spill'));
  duck = await Duck.open(':memory:', { memory: '200MB', threads: 2, spillFolder: join(folder, 'spill') });
  connection = await duck.connect();
});
afterAll(async () => {
  connection.close();
  duck.close();
  await rm(folder, { recursive: true });
});

const ingestedAt = 1_790_000_000_123_456n;
const constants = { base: 1000, sourceId: 7, ingestedAt };
const names = columnsOf('named').map(({ name }) => name);

const written = async (flows: readonly TestFlow[], from = 0, count = flows.length): Promise<string> => {
  const numbered = flows.map((flow, at) => ({ id: at + 1, ...flow }));
  const path = join(folder, 'flows.parquet');
  await writeFile(path, encodeRows(spansOf(batchesOf('named', numbered), from, count), constants));
  return `read_parquet(${literal(path)})`;
};
const rowsOf = async (source: string): Promise<Row[]> =>
  connection.rows(
    `SELECT * REPLACE (epoch_us(ingested_at) AS ingested_at, epoch_us(start_time) AS start_time, epoch_us(end_time) AS end_time) FROM ${source}`,
  );

const asRead = (flow: TestFlow, at: number): Row => {
  const plain = {
    duration: 1,
    src_comp: 'C1',
    src_port: '80',
    dst_comp: 'C2',
    dst_port: '443',
    protocol: 6,
    packet_count: 2,
    byte_count: 100,
  };
  const row: Row = Object.fromEntries(names.map((name) => [name, null]));
  return Object.assign(
    row,
    plain,
    { id: at + 1 + constants.base, source_id: 7, ingested_at: Number(ingestedAt) },
    flow,
    flow.id && { id: Number(flow.id) + constants.base },
  );
};

/** Rows on both sides of a row group's end, with values of all sizes. */
const many = Array.from(
  { length: 70_000 },
  (_, at): TestFlow => ({
    time: Math.floor(at / 3),
    duration: at % 17 === 0 ? 4_294_967_296 + at : 0,
    src_comp: `C${(at * 7919) % 40_000}`,
    dst_port: ['', 'twelve-octet', 'ü€'][at % 3] as string,
    protocol: at % 256,
    byte_count: at % 1000 === 0 ? 2n ** 64n - 1n : at,
  }),
);

/** Lines as a reading thread hands them on: with codes in place of texts. */
const batchesOfLines = (lines: readonly string[]): FlowBatch[] => {
  const batches: FlowBatch[] = [];
  let another: (number: number) => FlowBatch;
  const emit = {
    get batch() {
      return batches.at(-1) as FlowBatch;
    },
    full() {
      batches.push(another(batches.length));
      return this.batch;
    },
    moveTo(make: (number: number) => FlowBatch) {
      another = make;
      this.full();
    },
  };
  const parser = createLanlParser({ format: 'lanl-2015', emit, badRows: new BadRows() });
  parser.push(Buffer.from(lines.join('')));
  parser.end();
  return batches;
};

describe('the encoder of plain runs', () => {
  it('takes codes for texts, of short ones and long ones', async () => {
    const name = (at: number) => (at % 500 === 0 ? `a-long-name-of-${at % 4000}` : `C${(at * 7919) % 40_000}`);
    const lines = Array.from(
      { length: 70_000 },
      (_, at) => `${1 + (at >> 2)},0,${name(at)},N${at},${name(at + 250)},${at % 65_536},6,1,${40 + at}\n`,
    );
    const batches = batchesOfLines(lines);
    expect(batches[0]?.texts).toBeDefined();
    const { parts, isSorted } = surveyRun(batches);
    expect(isPlainRun(batches, parts, isSorted)).toBe(true);
    const path = join(folder, 'coded.parquet');
    await writeFile(path, encodeRows(spansOf(batches, 0, lines.length), constants));
    const fields = 'time, duration, src_comp, src_port, dst_comp, dst_port, protocol, packet_count, byte_count';
    const rows = await connection.rows(`SELECT concat_ws(',', ${fields}) AS line FROM read_parquet(${literal(path)}) ORDER BY id`);
    expect(rows.map(({ line }) => `${line}\n`).join('') === lines.join('')).toBe(true);
    const [bounds] = await connection.rows(
      `SELECT stats_min_value AS low, stats_max_value AS high FROM parquet_metadata(${literal(path)}) WHERE path_in_schema = 'src_comp'`,
    );
    expect(bounds).toEqual({ low: 'C1', high: 'a-long-name-of-500' });
  });

  it('takes numbers of all sizes beside codes, seconds that leap, and texts that are not ASCII', async () => {
    const large = (at: number) => (at % 3 === 0 ? BigInt(at) * 2_000_003n : at % 1000 === 1 ? 99_999_999_999n : BigInt(at % 700));
    const time = (at: number) => 1 + (at >> 3) + (at > 66_000 ? 3000 : 0);
    const lines = Array.from(
      { length: 70_000 },
      (_, at) =>
        `${time(at)},${large(at + 1)},C${at % 9},${at % 65_536},U${at % 3 === 0 ? 'ü€'[at % 2] : at},N${at},${at % 256},1,${large(at)}\n`,
    );
    const batches = batchesOfLines(lines);
    const path = join(folder, 'sizes.parquet');
    await writeFile(path, encodeRows(spansOf(batches, 5, lines.length - 5), constants));
    const fields = 'time, duration, src_comp, src_port, dst_comp, dst_port, protocol, packet_count, byte_count';
    const rows = await connection.rows(`SELECT concat_ws(',', ${fields}) AS line FROM read_parquet(${literal(path)}) ORDER BY id`);
    expect(rows.map(({ line }) => `${line}\n`).join('') === lines.slice(5).join('')).toBe(true);
    const [bounds] = await connection.rows(
      `SELECT stats_min_value AS low, stats_max_value AS high FROM parquet_metadata(${literal(path)}) WHERE path_in_schema = 'byte_count'`,
    );
    expect(bounds).toEqual({ low: '0', high: String(large(61_443)) });
  });

  it('leaves codes of several tables of texts to DuckDB', () => {
    const batches = [...batchesOfLines(['1,0,C1,N1,C2,80,6,1,46\n']), ...batchesOfLines(['1,0,C1,N1,C2,80,6,1,46\n'])];
    const { parts, isSorted } = surveyRun(batches);
    expect(isPlainRun(batches, parts, isSorted)).toBe(false);
    expect(
      isPlainRun(
        batches.map((batch) => batch.spelledOut()),
        parts,
        isSorted,
      ),
    ).toBe(true);
  });

  it.each([
    ['one row', [{ time: 5 }]],
    ['values of all sizes', many],
    ['numbers that leap', [0, 1, 70_000, 70_001, 86_399].map((time) => ({ time, id: 1 + time * 40_000 }))],
    [
      'columns with and without NULL',
      [1, 2, 3, 4].map((time) => ({ time, ...(time % 2 === 0 && { rev_packet_count: time }), rev_byte_count: 9 })),
    ],
  ] as [string, TestFlow[]][])('keeps %s', async (_, flows) => {
    const found = await rowsOf(await written(flows));
    expect(found).toHaveLength(flows.length);
    for (const [at, row] of found.entries()) {
      const wanted = asRead(flows[at] as TestFlow, at);
      if (names.some((name) => row[name] !== wanted[name])) expect(row).toEqual(wanted);
    }
  });

  it('takes a stretch of a run', async () => {
    const found = await rowsOf(await written(many, 8000, 20_000));
    expect([found.length, found[0]?.id, found.at(-1)?.id]).toEqual([20_000, 9001, 29_000]);
  });

  it('fills its row groups, wherever in a batch the run begins, so that streams can be cut where they end', async () => {
    await written(many, 5000, 65_000);
    const groups = await connection.rows(
      `SELECT row_group_num_rows AS rows FROM parquet_metadata(${literal(join(folder, 'flows.parquet'))}) WHERE column_id = 0 ORDER BY row_group_id`,
    );
    expect(groups.map(({ rows }) => rows)).toEqual([61_440, 3560]);
  });

  it('tells the bounds of each column, by which readers pass over row groups', async () => {
    const source = await written(many);
    const columns = await connection.rows(
      `SELECT path_in_schema AS name, stats_min_value AS low, stats_max_value AS high, stats_null_count AS nulls
       FROM parquet_metadata(${literal(join(folder, 'flows.parquet'))}) WHERE row_group_id = 0`,
    );
    const bounds = Object.fromEntries(columns.map(({ name, low, high, nulls }) => [name, [low, high, nulls]]));
    expect(bounds).toMatchObject({
      id: ['1001', '62440', 0],
      time: ['0', '20479', 0],
      src_comp: ['C0', 'C9999', 0],
      dst_port: ['', 'ü€', 0],
      protocol: ['0', '255', 0],
      byte_count: ['1', '18446744073709551615', 0],
      rev_packet_count: [null, null, 61_440],
    });
    expect(await connection.row(`SELECT count(*) AS rows FROM ${source} WHERE time = 23000 AND src_comp >= 'C'`)).toEqual({ rows: 3 });
  });

  it.each([
    ['named', [{ time: 1 }, { time: 2, src_comp: 'C2' }], true],
    ['named', [{ time: 2 }, { time: 1 }], false],
    ['named', [{ time: 1, src_comp: 'EnterpriseAppServer' }], false],
    ['named', [{ time: 1, start_time: 1_000_000_000 }], false],
    ['addressed', [{ time: 1 }], false],
  ] as [Shape, TestFlow[], boolean][])('leaves the unusual alone: %s %j', (shape, flows, isPlain) => {
    const batches = batchesOf(shape, flows);
    const { parts, isSorted } = surveyRun(batches, 32);
    expect(isPlainRun(batches, parts, isSorted)).toBe(isPlain);
  });
});
