/**
 * The connections on which one stream reads sealed files. A statement has a connection for itself until its last row;
 * then the next one takes it over.
 */
import { Problem } from '../../core/problem.ts';
import type { Connection } from './duck.ts';
import type { Store } from './store.ts';

export class Scans {
  readonly #store: Store;
  readonly #buffer: string;
  readonly #all: Promise<Connection>[] = [];
  readonly #idle: Connection[] = [];
  #isStopped = false;

  /** `buffer`: rows that each may have ready before its turn, as memory in DuckDB's words; a row group of LANL rows has 6.4 MB. */
  constructor(store: Store, buffer: string) {
    this.#store = store;
    this.#buffer = buffer;
  }

  /** A connection that nobody uses; `give` lets others have it. */
  async take(): Promise<Connection> {
    if (this.#isStopped) throw new Problem('gone', 'the query was given up');
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const opened = this.#store.scan(this.#buffer);
    this.#all.push(opened);
    return await opened;
  }

  give(connection: Connection): void {
    this.#idle.push(connection);
  }

  /** Breaks off what is being read, and refuses more. */
  stop(): void {
    this.#isStopped = true;
    for (const opened of this.#all) void opened.then((connection) => connection.stop()).catch(() => undefined);
  }

  /** Breaks off what is being read; resolves when nothing is under way any more and all connections are closed. */
  async end(): Promise<void> {
    this.#isStopped = true;
    const opened = await Promise.allSettled(this.#all);
    await Promise.all(opened.map(async (one) => one.status === 'fulfilled' && this.#store.endReader(one.value)));
  }
}
