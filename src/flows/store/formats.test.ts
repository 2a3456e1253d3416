/** Whole answers in Arrow and Parquet, of several files and parts, as other readers find them. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { publishedColumns, type Shape } from '../schema.ts';
import { literal, type Row } from './duck.ts';
import { exportList } from './file-layout.ts';
import { planCopy } from './parquet-copy.ts';
import { relation } from './relation.ts';
import { sealHot } from './seal.ts';
import { everything, type TestFlow, TestStore } from './store.fixture.ts';
import { streamFlows } from './stream.ts';
import type { StreamQuery } from './stream-query.ts';

const day = 86_400;
const rows = 10_000;
const flowsOf = (shape: Shape, first: number): TestFlow[] =>
  Array.from({ length: rows }, (_, i) => {
    const flow = { time: first + i, src_comp: `C${i % 70}`, src_port: `N${i}`, byte_count: BigInt(i) ** 4n, duration: i % 7 };
    if (shape === 'named') return flow;
    const start = BigInt(first + i) * 1_000_000_000n + BigInt(i % 3);
    return {
      ...flow,
      ip_version: 4,
      src_comp: '192.0.2.1',
      src_addr_hi: 0n,
      src_addr_lo: 0xffff_c000_0201n,
      start_time: start,
      end_time: start,
    };
  });

const answerOf = async (store: TestStore, query: Partial<StreamQuery>): Promise<Buffer> => {
  const blocks: Uint8Array[] = [];
  const send = async (block: Uint8Array): Promise<void> => void blocks.push(Uint8Array.from(block));
  const context = { signal: new AbortController().signal, send, spare: () => undefined, tell: () => undefined };
  await streamFlows(store.store, { ...plain, ...query }, context);
  return Buffer.concat(blocks);
};
const plain: StreamQuery = {
  ...everything,
  format: 'parquet',
  fields: publishedColumns,
  direction: 'ascending',
  limit: undefined,
  offset: 0,
  bigint: 'number',
  header: 'present',
};

describe.each(['named', 'addressed'] as const)('%s files', (shape) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await TestStore.open();
    for (const first of [0, 5]) await store.bring(shape, flowsOf(shape, first * day), `digest ${first}`);
    await sealHot(store.store);
  });
  afterAll(() => store.end());

  const ask = async (sql: (from: string) => string): Promise<Row[]> => {
    const snapshot = await store.store.snapshot();
    try {
      return await snapshot.connection.rows(sql(relation(store.store.paths.flows, snapshot.files, snapshot.hot !== undefined)));
    } finally {
      snapshot.close();
    }
  };
  const isCopied = async (query: Partial<StreamQuery>): Promise<boolean> => {
    const snapshot = await store.store.snapshot();
    try {
      return planCopy(store.store.paths.flows, snapshot, { ...plain, ...query }) !== undefined;
    } finally {
      snapshot.close();
    }
  };

  it.each([[publishedColumns], [['start_time', 'id', 'rev_byte_count', 'src_comp', 'end_time', 'tos', 'rev_start_time'] as const]])(
    'are copied page by page, and read as what they are: %s',
    async (names) => {
      const fields = [...names] as StreamQuery['fields'];
      expect(await isCopied({ fields })).toBe(true);
      const path = join(store.root, 'answer');
      await writeFile(path, await answerOf(store, { fields }));
      const copied = `FROM read_parquet(${literal(path)})`;
      expect(await ask(() => `SELECT id ${copied}`)).toHaveLength(2 * rows);
      expect(await ask((from) => `SELECT id FROM (SELECT ${exportList(fields)} FROM ${from} EXCEPT ${copied})`)).toEqual([]);
      expect(await ask((from) => `SELECT id FROM (${copied} EXCEPT SELECT ${exportList(fields)} FROM ${from})`)).toEqual([]);
      const few = await ask(() => `SELECT count(*) AS n ${copied} WHERE id = 7`);
      expect(Number(few[0]?.n)).toBe(1);
    },
  );

  it.each([
    ['a limit', { limit: 7 }, 7],
    ['an order', { direction: 'descending' } as const, 2 * rows],
    ['a condition', { condition: 'duration = 1' }, 2858],
    ['a stretch of time', { bounds: { from: 10, to: 19 } }, 10],
    ['a whole day', { bounds: { from: 0, to: day } }, rows],
  ])('are left to DuckDB where there is %s, unless it is of whole files', async (what, query, count) => {
    expect(await isCopied(query)).toBe(what === 'a whole day');
    const path = join(store.root, 'answer');
    await writeFile(path, await answerOf(store, query));
    expect(await ask(() => `SELECT id FROM read_parquet(${literal(path)})`)).toHaveLength(count);
  });

  it('are one Arrow stream with one schema, though several encoders write it', async () => {
    const bytes = await answerOf(store, { format: 'arrow' });
    expect(kindsOf(bytes)).toEqual(['schema', 'batch']);
    const table = tableFromIPC(bytes);
    expect(table.numRows).toBe(2 * rows);
    const total = (await ask((from) => `SELECT sum(byte_count) AS n FROM ${from}`))[0]?.n;
    const counts = table.getChild('byte_count')?.toArray() as BigUint64Array;
    expect(counts.reduce((sum, count) => sum + count, 0n)).toBe(BigInt(total as bigint));
  });

  const hasPyarrow = spawnSync('python3', ['-c', 'import pyarrow']).status === 0;
  test.skipIf(!hasPyarrow)('pyarrow reads both alike [needs pyarrow: pip install pyarrow]', async () => {
    const fields: StreamQuery['fields'] = [...publishedColumns, 'source_id', 'tcp_flags', 'rev_packet_count', 'ingested_at'];
    const arrow = join(store.root, 'answer.arrow');
    const parquet = join(store.root, 'answer.parquet');
    await writeFile(arrow, await answerOf(store, { fields, format: 'arrow' }));
    await writeFile(parquet, await answerOf(store, { fields }));
    const { status, stdout, stderr } = spawnSync('python3', ['-c', compare, arrow, parquet], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `True ${2 * rows}\n`, stderr: '' });
  });
});

const compare = `
import sys, pyarrow, pyarrow.parquet
arrow = pyarrow.ipc.open_stream(open(sys.argv[1], 'rb')).read_all()
arrow.validate(full=True)
parquet = pyarrow.parquet.ParquetFile(sys.argv[2]).read()
print(arrow.equals(parquet.cast(arrow.schema)), arrow.num_rows)
`;

/** The kinds of the messages of a stream, each repetition once; an error where it has no end mark at its end. */
const kindsOf = (bytes: Buffer): string[] => {
  const kinds: string[] = [];
  for (let at = 0; ; ) {
    const length = bytes.readInt32LE(at + 4);
    at += 8;
    if (length === 0) {
      expect(at).toBe(bytes.length);
      return kinds;
    }
    const table = at + bytes.readUInt32LE(at);
    const fields = table - bytes.readInt32LE(table) + 4;
    const kind = ['', 'schema', 'dictionary', 'batch'][bytes.readUInt8(table + bytes.readUInt16LE(fields + 2))] ?? '';
    if (kinds.at(-1) !== kind) kinds.push(kind);
    at += length + Number(bytes.readBigInt64LE(table + bytes.readUInt16LE(fields + 6)));
  }
};
