/** What the tests of the store share: a store in a folder of its own, flows from plain objects, and answers as plain rows. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowBatch, setInteger, setPresent } from '../batch.ts';
import { DuckRuns } from '../import/run-duck.ts';
import { type RunFile, RunWriter } from '../import/run-writer.ts';
import { type ColumnName, publishedColumns, type Shape } from '../schema.ts';
import { type Checked, checkStore } from './check.ts';
import { commitImport } from './commit.ts';
import { Duck } from './duck.ts';
import type { Selection } from './selection.ts';
import { Store } from './store.ts';
import { streamFlows } from './stream.ts';
import type { StreamQuery } from './stream-query.ts';

/** A flow by its columns; what is left out has a plain value, or NULL where that can stand. */
export type TestFlow = { time: number } & Partial<Record<ColumnName, number | bigint | string | null>>;

const plain: TestFlow = {
  time: 0,
  duration: 1,
  src_comp: 'C1',
  src_port: '80',
  dst_comp: 'C2',
  dst_port: '443',
  protocol: 6,
  packet_count: 2,
  byte_count: 100,
};

const encoder = new TextEncoder();

/** Batches that hold these flows, with the ids they name; others are left to the writer. */
export const batchesOf = (shape: Shape, flows: readonly TestFlow[], rowsPerBatch = 8192): FlowBatch[] => {
  const batches: FlowBatch[] = [];
  for (let from = 0; from < flows.length; from += rowsPerBatch) {
    const batch = new FlowBatch(shape);
    for (const flow of flows.slice(from, from + rowsPerBatch)) fillRow(batch, { ...plain, ...flow });
    batches.push(batch);
  }
  return batches;
};

const fillRow = (batch: FlowBatch, flow: TestFlow): void => {
  const row = batch.count++;
  for (const [name, value] of Object.entries(flow)) {
    if (value === null || value === undefined) continue;
    const column = batch.column(name);
    if (column.column.type === 'VARCHAR') {
      const bytes = encoder.encode(String(value));
      batch.setText(column, row, bytes, 0, bytes.length);
    } else if (column.width === 8) {
      if (typeof value === 'bigint') new BigUint64Array(batch.buffer, column.offset)[row] = BigInt.asUintN(64, value);
      else setInteger(column, row, Number(value));
    } else if (column.width === 4) column.u32[row] = Number(value);
    else if (column.width === 2) column.u16[row] = Number(value);
    else column.u8[row] = Number(value);
    if (column.validity !== undefined) setPresent(column, row);
  }
};

/** A store in a folder that `end` removes. */
export class TestStore {
  readonly root: string;
  store: Store;
  #serial = 0;

  private constructor(root: string, store: Store) {
    this.root = root;
    this.store = store;
  }

  static async open(): Promise<TestStore> {
    const root = await mkdtemp(join(tmpdir(), 'weir-store-'));
    return new TestStore(root, await Store.open(root, { memory: '200MB', threads: 2 }));
  }

  async reopen(): Promise<void> {
    await this.store.close();
    this.store = await Store.open(this.root, { memory: '200MB', threads: 2 });
  }

  /** Imports these flows as one import and returns its id. */
  async bring(shape: Shape, flows: readonly TestFlow[], digest: string | null = null): Promise<number> {
    const id = this.store.ids.takeSource();
    try {
      const files = await this.stage(id, shape, flows);
      const count = files.reduce((sum, file) => sum + file.rows, 0);
      const record = JSON.stringify({ id, name: `test ${id}`, flows: count, ended_at: '2026-01-01T00:00:00Z' });
      const source = { id, digest, state: 'done', endedAtUs: BigInt(id), record } as const;
      await commitImport(this.store, { source, files, allowDuplicate: false });
    } finally {
      this.store.ids.endImport();
    }
    return id;
  }

  /** Writes the flows to the staging folder, as an import does before its commit. */
  async stage(sourceId: number, shape: Shape, flows: readonly TestFlow[]): Promise<RunFile[]> {
    return writeRuns(this.store.paths.staging, batchesOf(shape, flows), {
      prefix: `t${sourceId}x${++this.#serial}`,
      sourceId,
      reserve: async (count) => this.store.ids.reserve(count),
    });
  }

  check = (): Promise<Checked> => checkStore(this.store);

  async staged(): Promise<string[]> {
    return (await readdir(this.store.paths.staging, { recursive: true })).filter((name) => name !== 'spill');
  }

  async sealedPaths(): Promise<string[]> {
    return (await readdir(this.store.paths.flows, { recursive: true })).filter((name) => name.endsWith('.parquet')).sort();
  }

  /** The rows of a stream, in its order. */
  stream(query: Partial<StreamQuery> = {}): Promise<Record<string, unknown>[]> {
    return streamRows(this.store, query);
  }

  [Symbol.asyncDispose] = (): Promise<void> => this.end();

  async end(): Promise<void> {
    await this.store.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** All rows. */
export const everything: Selection = {
  bounds: { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
  condition: '',
  parameters: [],
  ingestedAfterUs: undefined,
};

/** Streams as NDJSON and parses what came; `onBlock` may hold the stream up. */
export const streamRows = async (
  store: Store,
  query: Partial<StreamQuery> = {},
  onBlock: () => Promise<void> = async () => undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<Record<string, unknown>[]> => {
  const whole: StreamQuery = {
    ...everything,
    format: 'ndjson',
    fields: ['id', ...publishedColumns.filter((name) => name !== 'id'), 'source_id'],
    direction: 'ascending',
    limit: undefined,
    offset: 0,
    bigint: 'number',
    header: 'present',
    ...query,
  };
  const blocks: Uint8Array[] = [];
  const send = async (block: Uint8Array): Promise<void> => {
    signal.throwIfAborted();
    blocks.push(Uint8Array.from(block));
    await onBlock();
  };
  await streamFlows(store, whole, { signal, send, spare: () => undefined, tell: () => undefined });
  const lines = Buffer.concat(blocks).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
};

/** How a run writer is told of its import here. */
export type RunFacts = { prefix: string; sourceId: number; reserve: (count: number) => Promise<number>; hasOrdinals?: boolean };

/** Runs batches through a writer with a DuckDB of its own. */
export const writeRuns = async (
  folder: string,
  batches: Iterable<FlowBatch>,
  { prefix, sourceId, reserve, hasOrdinals = false }: RunFacts,
): Promise<RunFile[]> => {
  const duck = await Duck.open(':memory:', { memory: '160MB', threads: 2, spillFolder: join(folder, 'spill', prefix) });
  const [append, copy] = [await duck.connect(), await duck.connect()];
  try {
    const writer = new RunWriter(async (place) => new DuckRuns(place === 0 ? append : copy, `run${place}`), {
      folder,
      prefix,
      sourceId,
      ingestedAt: 1_700_000_000_000_000n,
      reserve,
    });
    for (const batch of batches) await writer.add(batch, hasOrdinals, () => {});
    return await writer.finish();
  } finally {
    append.close();
    copy.close();
    duck.close();
  }
};
