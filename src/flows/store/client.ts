/** The store as the other threads see it: its thread, started and ended, and what can be asked of it. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { blockWindow, Caller, type CallOptions } from '../../core/thread.ts';
import type { RunFile } from '../import/run-writer.ts';
import type { SourceEntry } from './catalog.ts';
import type { Checked } from './check.ts';
import type { Commit } from './commit.ts';
import type { Row } from './duck.ts';
import { blocksOfMany, fewStreams } from './many-streams.ts';
import type { Ranked, Ranking } from './ranking.ts';
import type { Retention } from './retention.ts';
import type { Sealed } from './seal.ts';
import type { Selection } from './selection.ts';
import type { StoreData } from './serve.ts';
import type { Shared } from './share.ts';
import type { Metric } from './statistics.ts';
import type { Streamed, StreamQuery } from './stream-query.ts';

/** How much there is. */
export type Extent = { files: number; rows: number; bytes: number; hotRows: number };

/**
 * Where a store runs: in a thread of its own, or in this one, which spares a command that asks one thing the start of a
 * thread. What is closed here keeps DuckDB's file until the garbage of its statements is collected, so only for processes
 * that end then.
 */
export type StorePlace = 'thread' | 'here';

export class StoreClient {
  readonly #caller: Caller;
  readonly #end: () => Promise<unknown>;
  #streams = 0;

  /** Starts it; `open` tells whether that went well. */
  constructor(data: StoreData, place: StorePlace = 'thread') {
    const { caller, end } = place === 'thread' ? startThread(data) : startHere(data);
    this.#caller = caller;
    this.#end = end;
  }

  /** Opens the store: mends it, and tells the imports that were made. */
  async open(): Promise<{ sources: SourceEntry[]; staging: string; spill: string }> {
    try {
      return await this.#caller.call('open');
    } catch (error) {
      await this.#end(); // or what waits for calls would keep the process from its end
      throw error;
    }
  }

  /** Writes everything down and ends the thread. */
  async close(): Promise<void> {
    await this.#caller.call('close');
    await this.#end();
  }

  takeSourceId = (): Promise<number> => this.#caller.call('takeSourceId');
  reserveIds = (count: number): Promise<number> => this.#caller.call('reserveIds', count);
  /** Resolves to the moment of the commit. */
  commit = (commit: Commit): Promise<string> => this.#caller.call('commit', commit);
  /** Begins to collect exports: resolves to their source. `endImport` ends it. */
  openExports = (): Promise<number> => this.#caller.call('openExports');
  commitExports = (exports: { sourceId: number; files: RunFile[] }): Promise<string> => this.#caller.call('commitExports', exports);
  endImport = (): Promise<void> => this.#caller.call('endImport');
  recordFailure = (source: SourceEntry): Promise<void> => this.#caller.call('recordFailure', source);
  seal = (minRows: number): Promise<Sealed> => this.#caller.call('seal', minRows);
  compact = (): Promise<Sealed> => this.#caller.call('compact');
  retain = (retention: Retention, now: number): Promise<Sealed> => this.#caller.call('retain', { retention, now });
  check = (): Promise<Checked> => this.#caller.call('check');
  share = (folder: string): Promise<Shared> => this.#caller.call('share', folder);
  extent = (): Promise<Extent> => this.#caller.call('extent');
  /** Sends the blocks of the answer as they are read; of many answers at once each has fewer under way. */
  stream = async (query: StreamQuery, options: CallOptions): Promise<Streamed> => {
    const window = this.#streams++ < fewStreams ? blockWindow : blocksOfMany;
    try {
      return await this.#caller.call('stream', query, { ...options, window });
    } finally {
      this.#streams--;
    }
  };
  flow = (query: { id: number; fields: string[]; bigint: 'number' | 'string' }): Promise<string> => this.#caller.call('flow', query);
  summary = (query: Selection, signal?: AbortSignal): Promise<Row> => this.#caller.call('summary', query, { signal });
  top = (query: Ranking, signal?: AbortSignal): Promise<Ranked> => this.#caller.call('top', query, { signal });
  series = (query: Selection & { bucketSeconds: number; by: string | undefined; limit: number }, signal?: AbortSignal): Promise<Row[]> =>
    this.#caller.call('series', query, { signal });
  pairs = (query: Selection & { limit: number; metric: Metric }, signal?: AbortSignal): Promise<Row[]> =>
    this.#caller.call('pairs', query, { signal });
}

type Started = { caller: Caller; end: () => Promise<unknown> };

/** What is made for blocks and messages dies young; V8 would let three times this grow before it looks. */
const youngMegabytes = 12;

const startThread = (data: StoreData): Started => {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: data,
    name: 'weir-store',
    resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
  });
  const caller = new Caller(worker);
  worker.on('error', (error) => caller.lose(failed(error)));
  worker.on('exit', () => caller.lose(new Problem('unavailable', 'the store is closed')));
  return { caller, end: () => worker.terminate() };
};

const startHere = (data: StoreData): Started => {
  const { port1, port2 } = new MessageChannel();
  const caller = new Caller(port1);
  import('./serve.ts').then(
    ({ serveStore }) => serveStore(port2, data),
    (error: unknown) => caller.lose(failed(error)),
  );
  return { caller, end: async () => port1.close() };
};

const failed = (error: unknown): Problem => new Problem('internal', 'the store has failed', { cause: error, detail: String(error) });
