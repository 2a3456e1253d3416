import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FlowBatch, setInteger } from '../batch.ts';
import type { Shape } from '../schema.ts';
import { Duck, literal, type Row } from '../store/duck.ts';
import { batchesOf, type TestFlow, writeRuns } from '../store/store.fixture.ts';
import { BatchSender, linkThreads, receiveBatches } from './batch-channel.ts';
import type { RunFile } from './run-writer.ts';

const day = 86_400;
let folder = '';
let reserved = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-runs-'));
  await mkdir(join(folder, 'spill'));
  reserved = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const reserve = async (count: number): Promise<number> => {
  reserved += count;
  return 1 + reserved - count;
};
const write = (batches: Iterable<FlowBatch>, hasOrdinals = false): Promise<RunFile[]> =>
  writeRuns(folder, batches, { prefix: 'p', sourceId: 3, reserve, hasOrdinals });

/** Rows of one file as they lie in it. */
const read = async ({ path }: RunFile, list: string): Promise<Row[]> => {
  const duck = await Duck.open(':memory:', { memory: '100MB', threads: 2, spillFolder: join(folder, 'spill', 'read') });
  const connection = await duck.connect();
  const rows = await connection.rows(`SELECT ${list} FROM read_parquet(${literal(path)})`);
  connection.close();
  duck.close();
  return rows;
};
const readAll = async (files: readonly RunFile[], list: string): Promise<Row[]> =>
  (await Promise.all(files.map((file) => read(file, list)))).flat();

/** Texts on both sides of the 12 octets that DuckDB keeps in place, some of several octets a letter. */
const textOf = (at: number): string =>
  ['', 'C1', 'twelve-octet', 'thirteen-octs', `a-long-name-of-${at}`, 'ü'.repeat(7), '€'.repeat(4) + at][at % 7] as string;

describe('a run writer', () => {
  it.each(['named', 'addressed'] as const)('keeps %s texts of any length in thousands of rows', async (shape: Shape) => {
    const flows = Array.from(
      { length: 30_000 },
      (_, at): TestFlow => ({ time: 100 + (at % 50), src_comp: textOf(at), dst_comp: textOf(at * 3 + 1) }),
    );
    const files = await write(batchesOf(shape, flows));
    const rows = await readAll(files, 'id, src_comp, dst_comp');
    expect(rows.length).toBe(flows.length);
    for (const { id, src_comp: source, dst_comp: target } of rows) {
      const flow = flows[Number(id) - 1];
      if (source !== flow?.src_comp || target !== flow?.dst_comp) throw new Error(`row ${id}: ${source} ${target}`);
    }
  });

  it('keeps NULL apart from 0 and from what stood in the batch before', async () => {
    const flows = Array.from(
      { length: 5000 },
      (_, at): TestFlow => ({
        time: at,
        ...(at % 3 === 0
          ? { rev_packet_count: 0 }
          : at % 3 === 1
            ? { rev_packet_count: 7n, next_hop: `a-next-hop-with-number-${at}` }
            : {}),
      }),
    );
    const rows = await readAll(await write(batchesOf('addressed', flows)), 'id, rev_packet_count AS back, next_hop AS hop');
    expect(rows.length).toBe(5000);
    for (const { id, back, hop } of rows) {
      const at = Number(id) - 1;
      const expected = at % 3 === 0 ? [0, null] : at % 3 === 1 ? [7, `a-next-hop-with-number-${at}`] : [null, null];
      if (back !== expected[0] || hop !== expected[1]) throw new Error(`row ${id}: ${back} ${hop}`);
    }
  });

  it('takes up a column that appears late', async () => {
    const flows = Array.from(
      { length: 400 },
      (_, at): TestFlow => ({
        time: at,
        ...(at >= 300 ? { vlan_id: at } : {}),
        ...(at >= 350 ? { exporter: 'exporter.example.org' } : {}),
      }),
    );
    const files = await write(batchesOf('addressed', flows, 100));
    const rows = await readAll(files, 'time, vlan_id, exporter');
    rows.sort((a, b) => Number(a.time) - Number(b.time));
    expect(rows.map((row) => row.vlan_id)).toEqual(flows.map((flow) => flow.vlan_id ?? null));
    expect(rows.map((row) => row.exporter)).toEqual(flows.map((flow, at) => (at < 300 ? null : (flow.exporter ?? null))));
  });

  it('splits by UTC day, before 1970 too, each file sorted and as the catalog is told', async () => {
    const flows = Array.from({ length: 9000 }, (_, at): TestFlow => ({ time: ((at * 7919) % (4 * day)) - 2 * day + 500 }));
    const files = await write(batchesOf('named', flows));
    expect(files.map((file) => file.day).sort((a, b) => Number(a) - Number(b))).toEqual([-2, -1, 0, 1, 2]);
    for (const file of files) {
      const rows = await read(file, 'time, id, source_id');
      expect(rows).toEqual([...rows].sort((a, b) => Number(a.time) - Number(b.time) || Number(a.id) - Number(b.id)));
      expect(new Set(rows.map((row) => Math.floor(Number(row.time) / day)))).toEqual(new Set([file.day]));
      const ids = rows.map((row) => Number(row.id));
      expect(file).toMatchObject({
        rows: rows.length,
        minTime: rows[0]?.time,
        maxTime: rows.at(-1)?.time,
        minId: Math.min(...ids),
        maxId: Math.max(...ids),
      });
      expect(rows[0]?.source_id).toBe(3);
    }
  });

  it('leaves a run of more than 32 days whole, for the hot table', async () => {
    const files = await write(
      batchesOf(
        'named',
        Array.from({ length: 40 }, (_, at) => ({ time: at * day })),
      ),
    );
    expect(files).toMatchObject([{ day: null, rows: 40, minTime: 0, maxTime: 39 * day }]);
  });

  it('gives ids that keep step with the places of rows, over gaps and over runs', async () => {
    const places = [2, 3, 9000, 9001, 400_000];
    const batches = places.map((place, at) => {
      const [batch] = batchesOf('named', [{ time: at }]);
      setInteger((batch as FlowBatch).column('id'), 0, place);
      return batch as FlowBatch;
    });
    const rows = await readAll(await write(batches, true), 'id');
    expect(rows.map((row) => row.id)).toEqual(places);
    expect(reserved).toBe(400_000);
  });

  it('writes runs of bounded size, alternating two tables', async () => {
    const batches = function* (): Generator<FlowBatch> {
      for (let at = 0; at < 70; at++)
        yield* batchesOf(
          'named',
          Array.from({ length: 8192 }, (_, row) => ({ time: at * 10 + (row % 10), src_comp: `long-name-of-batch-${at}` })),
        );
    };
    const files = await write(batches());
    expect(files.length).toBe(3);
    expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(70 * 8192);
    const wrong = await readAll(files, `count_if(src_comp <> 'long-name-of-batch-' || time // 10) AS n`);
    expect(wrong.map((row) => row.n)).toEqual([0, 0, 0]);
  });
});

describe('batches between threads', () => {
  const fill = (sender: BatchSender): void => {
    sender.batch.count = 8192;
    sender.full();
  };

  it('come through in order and their buffers come back', async () => {
    const link = linkThreads();
    const counts: number[] = [];
    const receiving = receiveBatches(link.writer, async (batch) => void counts.push(batch.count), new AbortController().signal);
    const sender = new BatchSender(link.reader, 'named', true);
    for (let at = 0; at < 30; at++) {
      fill(sender);
      await new Promise((resolve) => setImmediate(resolve)); // both ends are in one thread here: let the writer work
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const closed = once(link.reader.port, 'close');
    sender.batch.count = 5;
    sender.end();
    await receiving;
    expect(counts).toEqual([...Array(30).fill(8192), 5]);
    // Threads may outlive an import by many others.
    await closed;
  });

  it('fail the reader when the writer fails, also one that sleeps for a batch', async () => {
    const link = linkThreads();
    let taken = 0;
    const take = async (): Promise<void> => {
      taken++;
      throw new Error('the disk is full');
    };
    const receiving = receiveBatches(link.writer, take, new AbortController().signal);
    const sender = new BatchSender(link.reader, 'named', true);
    for (let at = 0; at < 5; at++) fill(sender);
    await expect(receiving).rejects.toThrow('the disk is full');
    expect(taken).toBe(1);
    expect(() => fill(sender)).toThrow('the thread that writes the flows has failed');
  });

  it('are given up by the signal', async () => {
    const link = linkThreads();
    const controller = new AbortController();
    const receiving = receiveBatches(link.writer, async () => undefined, controller.signal);
    controller.abort(new Error('given up'));
    await expect(receiving).rejects.toThrow('given up');
    const sender = new BatchSender(link.reader, 'named', true);
    expect(() => fill(sender)).toThrow('has failed');
  });
});
