/**
 * DuckDB as this room uses it: one database, a few connections, statements with bound parameters only. Small answers
 * come as plain objects; large ones chunk by chunk as DuckDB has them in memory, for the encoders.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import duckdb from '@duckdb/node-bindings';
import { Problem } from '../../core/problem.ts';
import { brokenFile, isOfSealedFile } from './broken-file.ts';
import { type Row, readRows } from './rows.ts';

export type { Row };

/** A value bound to a statement. Whole numbers go as 64-bit integers, so that comparisons reach the column statistics. */
export type Parameter = string | number | bigint | boolean | null;

const maxInt64 = 2n ** 63n - 1n;

const bind = (statement: duckdb.PreparedStatement, index: number, value: Parameter): void => {
  if (value === null) duckdb.bind_null(statement, index);
  else if (typeof value === 'string') duckdb.bind_varchar(statement, index, value);
  else if (typeof value === 'boolean') duckdb.bind_boolean(statement, index, value);
  else if (typeof value === 'bigint') {
    if (value > maxInt64) duckdb.bind_uint64(statement, index, value);
    else duckdb.bind_int64(statement, index, value);
  } else if (Number.isSafeInteger(value)) duckdb.bind_int64(statement, index, BigInt(value));
  else duckdb.bind_double(statement, index, value);
};

/** The rows of an answer that is read once, chunk by chunk. */
export type ChunkStream = {
  /** The next chunk, or null at the end. A chunk's memory lives as long as the object. */
  next(): Promise<duckdb.DataChunk | null>;
};

export class Connection {
  readonly #raw: duckdb.Connection;
  #underWay = 0;
  #isStopped = false;

  constructor(raw: duckdb.Connection) {
    this.#raw = raw;
  }

  /**
   * Every call into DuckDB that runs in the background goes through here. A thread that ends with one under way takes the
   * whole process with it (the binding throws into an environment that is gone), so `stop` must know of each.
   */
  async #track<T>(work: () => Promise<T>): Promise<T> {
    const givenUp = 'the query was given up';
    if (this.#isStopped) throw new Problem('gone', givenUp);
    this.#underWay++;
    try {
      return await work();
    } catch (error) {
      if (this.#isStopped) throw new Problem('gone', givenUp, { cause: error });
      throw isOfSealedFile(error) ? brokenFile(error) : error;
    } finally {
      this.#underWay--;
    }
  }

  async #prepare(sql: string, parameters: readonly Parameter[]): Promise<duckdb.PreparedStatement> {
    const statement = await duckdb.prepare(this.#raw, sql);
    for (const [at, value] of parameters.entries()) bind(statement, at + 1, value);
    return statement;
  }

  /** Runs a statement for its effect. */
  run(sql: string, parameters: readonly Parameter[] = []): Promise<void> {
    return this.#track(async () => {
      await duckdb.execute_prepared(await this.#prepare(sql, parameters));
    });
  }

  /** All rows of a small answer. */
  rows(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return this.#track(async () => readRows(await duckdb.execute_prepared(await this.#prepare(sql, parameters))));
  }

  /** The first row of an answer, or undefined. */
  async row(sql: string, parameters: readonly Parameter[] = []): Promise<Row | undefined> {
    return (await this.rows(sql, parameters))[0];
  }

  /**
   * Starts a statement and gives its rows as they are found; memory does not grow with the answer. The next chunk is being
   * fetched while the caller works on the one before, so that scanning and encoding share the time. Whoever leaves a stream
   * before its end calls `stop` before `close`. Works only within a transaction: it tells an end from a failure.
   */
  async stream(sql: string, parameters: readonly Parameter[] = []): Promise<ChunkStream> {
    const result = await this.#track(async () => duckdb.execute_prepared_streaming(await this.#prepare(sql, parameters)));
    const fetch = (): Promise<duckdb.DataChunk | null> => {
      const fetched = this.#track(async () => {
        const chunk = await duckdb.fetch_chunk(result);
        return chunk === null || duckdb.data_chunk_get_size(chunk) === 0 ? null : chunk;
      });
      fetched.catch(() => undefined); // told when its turn comes
      return fetched;
    };
    let ahead = fetch();
    return {
      next: async () => {
        const chunk = await ahead;
        if (chunk === null) await this.#proveWhole();
        else ahead = fetch();
        return chunk;
      },
    };
  }

  /**
   * The binding ends a stream in the same way whether all rows came or reading failed. But a failure aborts the
   * transaction, and then no statement works any more.
   */
  async #proveWhole(): Promise<void> {
    await this.run('SELECT 1').catch((cause: unknown) => {
      if (cause instanceof Problem) throw cause;
      throw brokenFile(cause);
    });
  }

  /** Runs `work` between BEGIN and COMMIT; an error rolls everything back. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    try {
      const result = await work();
      await this.run('COMMIT');
      return result;
    } catch (error) {
      await this.run('ROLLBACK').catch(() => undefined); // already rolled back when the COMMIT itself failed
      throw error;
    }
  }

  /** Stops what runs on this connection; it fails with an interrupt error. */
  interrupt(): void {
    duckdb.interrupt(this.#raw);
  }

  /** Breaks off what runs, refuses what comes later, and resolves when nothing is under way: then the thread may end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.#underWay > 0) {
      this.interrupt(); // again and again: one that comes before the statement has begun is lost
      await sleep(1);
    }
  }

  /** The raw connection, for appenders. */
  get raw(): duckdb.Connection {
    return this.#raw;
  }

  close(): void {
    duckdb.disconnect_sync(this.#raw);
  }
}

/** Bounds of one DuckDB instance. */
export type DuckLimits = {
  /** Memory for queries and buffers, in DuckDB's words: `256MB`. */
  memory: string;
  threads: number;
  /** Where it spills what does not fit. */
  spillFolder: string;
};

export class Duck {
  readonly #database: duckdb.Database;

  private constructor(database: duckdb.Database) {
    this.#database = database;
  }

  /** Opens the file, or a database in memory for `:memory:`. A file held by another process is a `conflict`. */
  static async open(path: string, limits: DuckLimits): Promise<Duck> {
    const config = duckdb.create_config();
    const settings = {
      memory_limit: limits.memory,
      threads: String(limits.threads),
      temp_directory: limits.spillFolder,
      // Nothing is ever fetched or loaded from outside, whatever a statement says.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      // The kernel keeps what is read often; a second copy in here would only hide what became of a file.
      enable_external_file_cache: 'false',
    };
    for (const [name, value] of Object.entries(settings)) duckdb.set_config(config, name, value);
    try {
      return new Duck(await duckdb.open(path, config));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!/lock/i.test(text)) throw error;
      throw new Problem('conflict', 'another process holds this data directory', { detail: text, cause: error });
    }
  }

  async connect(): Promise<Connection> {
    return new Connection(await duckdb.connect(this.#database));
  }

  close(): void {
    duckdb.close_sync(this.#database);
  }
}

/** A text as an SQL literal: only for paths that DuckDB takes no parameter for, never for user input. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
