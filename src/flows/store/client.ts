/** The store as the other threads see it: its thread, started and ended, and what can be asked of it. */
import { Worker } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { Caller, type CallOptions } from '../../core/thread.ts';
import type { SourceEntry } from './catalog.ts';
import type { Checked } from './check.ts';
import type { Commit } from './commit.ts';
import type { Row } from './duck.ts';
import type { Ranked, Ranking } from './ranking.ts';
import type { Retention } from './retention.ts';
import type { Sealed } from './seal.ts';
import type { Selection } from './selection.ts';
import type { Metric } from './statistics.ts';
import type { Streamed, StreamQuery } from './stream-query.ts';
import type { StoreThreadData } from './thread.ts';

/** How much there is. */
export type Extent = { files: number; rows: number; bytes: number; hotRows: number };

export class StoreClient {
  readonly #worker: Worker;
  readonly #caller: Caller;

  /** Starts the thread; `open` tells whether that went well. */
  constructor(data: StoreThreadData) {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data, name: 'weir-store' });
    this.#caller = new Caller(this.#worker);
    this.#worker.on('error', (error) =>
      this.#caller.lose(new Problem('internal', 'the store has failed', { cause: error, detail: String(error) })),
    );
    this.#worker.on('exit', () => this.#caller.lose(new Problem('unavailable', 'the store is closed')));
  }

  /** Opens the store: mends it, and tells the imports that were made. */
  open(): Promise<{ sources: SourceEntry[]; staging: string; spill: string }> {
    return this.#caller.call('open');
  }

  /** Writes everything down and ends the thread. */
  async close(): Promise<void> {
    await this.#caller.call('close');
    await this.#worker.terminate();
  }

  takeSourceId = (): Promise<number> => this.#caller.call('takeSourceId');
  reserveIds = (count: number): Promise<number> => this.#caller.call('reserveIds', count);
  /** Resolves to the moment of the commit. */
  commit = (commit: Commit): Promise<string> => this.#caller.call('commit', commit);
  endImport = (): Promise<void> => this.#caller.call('endImport');
  recordFailure = (source: SourceEntry): Promise<void> => this.#caller.call('recordFailure', source);
  seal = (minRows: number): Promise<Sealed> => this.#caller.call('seal', minRows);
  compact = (): Promise<Sealed> => this.#caller.call('compact');
  retain = (retention: Retention, now: number): Promise<Sealed> => this.#caller.call('retain', { retention, now });
  check = (): Promise<Checked> => this.#caller.call('check');
  extent = (): Promise<Extent> => this.#caller.call('extent');
  stream = (query: StreamQuery, options: CallOptions): Promise<Streamed> => this.#caller.call('stream', query, options);
  flow = (query: { id: number; fields: string[]; bigint: 'number' | 'string' }): Promise<string> => this.#caller.call('flow', query);
  summary = (query: Selection, signal?: AbortSignal): Promise<Row> => this.#caller.call('summary', query, { signal });
  top = (query: Ranking, signal?: AbortSignal): Promise<Ranked> => this.#caller.call('top', query, { signal });
  series = (query: Selection & { bucketSeconds: number; by: string | undefined; limit: number }, signal?: AbortSignal): Promise<Row[]> =>
    this.#caller.call('series', query, { signal });
  pairs = (query: Selection & { limit: number; metric: Metric }, signal?: AbortSignal): Promise<Row[]> =>
    this.#caller.call('pairs', query, { signal });
}
