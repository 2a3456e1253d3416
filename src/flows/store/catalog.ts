/**
 * What the store knows of itself, kept in the DuckDB file: which Parquet files belong to it, which imports were made,
 * which ids are taken, and the hot flows. Each change is one transaction, durable when it resolves.
 */
import { columns, type Shape } from '../schema.ts';
import type { Connection, Row } from './duck.ts';

/** A sealed Parquet file. */
export type FileEntry = {
  /** Relative to the folder of flows: `day=2017-03-01/000….parquet`. */
  path: string;
  shape: Shape;
  day: number;
  rows: number;
  minTime: number;
  maxTime: number;
  minId: number;
  maxId: number;
  bytes: number;
  sha256: string;
};

/** What is hot: a count and bounds, or undefined when nothing is. */
export type HotExtent = { rows: number; minTime: number; maxTime: number; minId: number; maxId: number };

/** How an import ended, as its record tells it. */
export type SourceState = 'done' | 'failed';

/** A kept import: `record` is the JSON that the API shows. */
export type SourceEntry = { id: number; digest: string | null; state: SourceState; endedAtUs: bigint; record: string };

const tables = [
  `CREATE TABLE IF NOT EXISTS hot (${columns.map((c) => `${c.name} ${c.type}${c.nullable ? '' : ' NOT NULL'}`).join(', ')})`,
  `CREATE TABLE IF NOT EXISTS files (path VARCHAR PRIMARY KEY, shape VARCHAR NOT NULL, day INTEGER NOT NULL, row_count BIGINT NOT NULL,
     min_time BIGINT NOT NULL, max_time BIGINT NOT NULL, min_id BIGINT NOT NULL, max_id BIGINT NOT NULL, bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS sources (id UINTEGER PRIMARY KEY, digest VARCHAR, state VARCHAR NOT NULL, ended_at_us BIGINT NOT NULL, record VARCHAR NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS arrivals (source_id UINTEGER NOT NULL, ended_at_us BIGINT NOT NULL, last_id BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS doomed (path VARCHAR PRIMARY KEY)`,
  `CREATE TABLE IF NOT EXISTS counters (name VARCHAR PRIMARY KEY, value BIGINT NOT NULL)`,
];

const asFile = (row: Row): FileEntry => ({
  path: String(row.path),
  shape: row.shape as Shape,
  day: Number(row.day),
  rows: Number(row.row_count),
  minTime: Number(row.min_time),
  maxTime: Number(row.max_time),
  minId: Number(row.min_id),
  maxId: Number(row.max_id),
  bytes: Number(row.bytes),
  sha256: String(row.sha256),
});

const asSource = (row: Row): SourceEntry => ({
  id: Number(row.id),
  digest: row.digest as string | null,
  state: row.state as SourceState,
  endedAtUs: BigInt(row.ended_at_us as number | bigint),
  record: String(row.record),
});

export class Catalog {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes the tables where they are missing. */
  async prepare(): Promise<void> {
    await this.transaction(async () => {
      for (const table of tables) await this.#connection.run(table);
    });
  }

  /** One transaction over any of the calls below. */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.#connection.transaction(work);
  }

  async files(): Promise<FileEntry[]> {
    return (await this.#connection.rows('SELECT * FROM files ORDER BY min_time, min_id')).map(asFile);
  }

  async addFile(file: FileEntry): Promise<void> {
    const { path, shape, day, rows, minTime, maxTime, minId, maxId, bytes, sha256 } = file;
    await this.#connection.run('INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
      path,
      shape,
      day,
      rows,
      minTime,
      maxTime,
      minId,
      maxId,
      bytes,
      sha256,
    ]);
  }

  /** Takes files out of the store; they are deleted from the disk once no query reads them. */
  async doomFiles(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      await this.#connection.run('DELETE FROM files WHERE path = ?', [path]);
      await this.#connection.run('INSERT OR IGNORE INTO doomed VALUES (?)', [path]);
    }
  }

  async doomed(): Promise<string[]> {
    return (await this.#connection.rows('SELECT path FROM doomed')).map((row) => String(row.path));
  }

  async forgetDoomed(path: string): Promise<void> {
    await this.#connection.run('DELETE FROM doomed WHERE path = ?', [path]);
  }

  async hot(): Promise<HotExtent | undefined> {
    const row = await this.#connection.row(
      'SELECT count(*) AS row_count, min(time) AS min_time, max(time) AS max_time, min(id) AS min_id, max(id) AS max_id FROM hot',
    );
    if (row === undefined || Number(row.row_count) === 0) return undefined;
    const { rows, minTime, maxTime, minId, maxId } = asFile(row);
    return { rows, minTime, maxTime, minId, maxId };
  }

  async sources(): Promise<SourceEntry[]> {
    return (await this.#connection.rows('SELECT * FROM sources ORDER BY id')).map(asSource);
  }

  async source(id: number): Promise<SourceEntry | undefined> {
    const row = await this.#connection.row('SELECT * FROM sources WHERE id = ?', [id]);
    return row === undefined ? undefined : asSource(row);
  }

  async putSource(source: SourceEntry): Promise<void> {
    const { id, digest, state, endedAtUs, record } = source;
    await this.#connection.run('INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?)', [id, digest, state, endedAtUs, record]);
  }

  /** When the last import was committed, in microseconds since 1970; 0 before the first. */
  async lastCommit(): Promise<bigint> {
    const row = await this.#connection.row(`SELECT max(ended_at_us) AS last FROM sources WHERE state = 'done'`);
    return BigInt((row?.last as number | bigint | null | undefined) ?? 0);
  }

  /** The import that brought this content, if one did. */
  async sourceWithDigest(digest: string): Promise<SourceEntry | undefined> {
    const row = await this.#connection.row(`SELECT * FROM sources WHERE digest = ? AND state = 'done' ORDER BY id LIMIT 1`, [digest]);
    return row === undefined ? undefined : asSource(row);
  }

  async counter(name: string): Promise<number> {
    const row = await this.#connection.row('SELECT value FROM counters WHERE name = ?', [name]);
    return row === undefined ? 0 : Number(row.value);
  }

  async setCounter(name: string, value: number): Promise<void> {
    await this.#connection.run('INSERT OR REPLACE INTO counters VALUES (?, ?)', [name, value]);
  }
}
