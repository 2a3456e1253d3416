/**
 * The store of flows: a hot table in one DuckDB file and sealed Parquet files beside it. It lives in one thread, which
 * alone writes. The rule that keeps it whole: a file is first complete and flushed in `staging/`, then gets a second name
 * (a hard link) in its place, then the catalog takes it in one durable transaction, then the first name goes. So whatever
 * the catalog knows is in its place at every moment, and after a crash a name left in staging tells which file to look
 * at: the catalog knows it and it stays, or does not and both names go.
 */
import { link, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { Catalog, type FileEntry, type HotExtent } from './catalog.ts';
import { type Connection, Duck } from './duck.ts';
import { Ids } from './ids.ts';
import { dayName, StorePaths, syncFile } from './paths.ts';
import { Pins } from './pins.ts';
import { PlainEncoders } from './plain-encoders.ts';

/** Bounds of the store's own engine. */
export type StoreLimits = { memory: string; threads: number };

/** A finished Parquet file in the staging folder and the entry under which the catalog will know it. */
export type StagedFile = { stagedPath: string; entry: FileEntry };

/** The store as one reader sees it: its files in order of time, what was hot, and a connection that reads both. */
export type Snapshot = Contents & { connection: Connection; close(): void };

/** What the catalog says is there, at one moment. */
type Contents = {
  /** In order of time. */
  readonly files: FileEntry[];
  readonly hot: HotExtent | undefined;
  /** When the last import was committed, in microseconds since 1970; 0 before the first. */
  readonly lastCommitUs: bigint;
};

const readContents = async (catalog: Catalog): Promise<Contents> => ({
  files: await catalog.files(),
  hot: await catalog.hot(),
  lastCommitUs: await catalog.lastCommit(),
});

export class Store {
  readonly paths: StorePaths;
  readonly duck: Duck;
  /** The one connection that writes. */
  readonly writer: Connection;
  readonly catalog: Catalog;
  readonly ids: Ids;
  readonly pins = new Pins((paths) => this.#removeFiles(paths));
  /** Threads that encode sealed files for streams. */
  readonly encoders = new PlainEncoders();
  #contents: Contents = { files: [], hot: undefined, lastCommitUs: 0n };
  /** Whether `#contents` is what the catalog has: not from the beginning of a change until it has been read again. */
  #isSettled = false;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** Connections of open snapshots. */
  readonly #readers = new Set<Connection>();

  /**
   * Reads sealed files for streams, each on the one thread that asks: beside the encoder, and other streams, more threads
   * only take turns. On two cores 10 million rows as NDJSON take 3.5 s this way, and 4.6 s with two threads to a query.
   */
  #scanner: Promise<Duck> | undefined;
  readonly #limits: StoreLimits;

  private constructor(paths: StorePaths, duck: Duck, writer: Connection, limits: StoreLimits) {
    this.paths = paths;
    this.duck = duck;
    this.writer = writer;
    this.#limits = limits;
    this.catalog = new Catalog(writer);
    this.ids = new Ids(this.catalog);
  }

  /** Opens or makes the store below `root` and mends what a crash left. */
  static async open(root: string, limits: StoreLimits): Promise<Store> {
    const paths = new StorePaths(root);
    await paths.make();
    const duck = await Duck.open(paths.database, { ...limits, spillFolder: paths.spillOf('store') });
    const writer = await duck.connect();
    const store = new Store(paths, duck, writer, limits);
    try {
      await store.catalog.prepare();
      await store.#recover();
      return store;
    } catch (error) {
      writer.close();
      duck.close();
      throw error;
    }
  }

  /** Runs changes one after the other: two never interleave. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Writes everything down. Queries that still run are broken off, and no new one begins. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.encoders.close();
    await Promise.all([...this.#readers].map((connection) => connection.stop()));
    await this.#queue;
    await this.writer.run('CHECKPOINT').catch(() => undefined); // the log is replayed at the next start if this fails
    this.writer.close();
    this.duck.close();
    await this.#scanner?.then(
      (scanner) => scanner.close(),
      () => undefined,
    );
  }

  /** The sealed files, in order of time. */
  get files(): FileEntry[] {
    return this.#contents.files;
  }

  get hot(): HotExtent | undefined {
    return this.#contents.hot;
  }

  /** Changes files or hot rows in one transaction, to be followed by `refresh`, within `exclusively`. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    this.#isSettled = false;
    try {
      return await this.catalog.transaction(work);
    } catch (error) {
      await this.refresh().catch(() => undefined); // snapshots read the catalog themselves until that works
      throw error;
    }
  }

  /** Reads the catalog again after a change. */
  async refresh(): Promise<void> {
    this.#contents = await readContents(this.catalog);
    this.#isSettled = true;
  }

  absolute(path: string): string {
    return join(this.paths.flows, path);
  }

  /** The entry of a staged file of that day. */
  static placeOf(day: number, stagedPath: string): string {
    return join(`day=${dayName(day)}`, basename(stagedPath));
  }

  /**
   * Puts staged files in their places, takes them into the catalog together with whatever else `change` does, in one
   * transaction, and clears the staging folder of them. When the transaction fails nothing is left in place.
   */
  async take<T>(staged: readonly StagedFile[], change: () => Promise<T>): Promise<T> {
    const linked: string[] = [];
    try {
      await this.#link(staged, linked);
      const result = await this.change(async () => {
        for (const { entry } of staged) await this.catalog.addFile(entry);
        return change();
      });
      for (const { stagedPath } of staged) await rm(stagedPath, { force: true }).catch(() => undefined); // the next start does it
      return result;
    } catch (error) {
      for (const target of linked) await rm(target, { force: true });
      throw error;
    }
  }

  /** Gives each file its second name; `linked` collects those that exist, also when it fails halfway. */
  async #link(staged: readonly StagedFile[], linked: string[]): Promise<void> {
    const folders = new Set<string>();
    for (const { stagedPath, entry } of staged) {
      const target = this.absolute(entry.path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await link(stagedPath, target);
      linked.push(target);
      folders.add(dirname(target));
    }
    for (const folder of folders) await syncFile(folder);
    if (folders.size > 0) await syncFile(this.paths.flows);
  }

  /**
   * What the store holds at this moment, for one reader: the files stay on the disk and the hot rows stay as they are
   * for its connection, whatever is sealed, merged or forgotten meanwhile. To be closed.
   */
  async snapshot(): Promise<Snapshot> {
    if (this.#isClosed) throw new Problem('unavailable', 'the store is closed');
    const connection = await this.duck.connect();
    this.#readers.add(connection);
    try {
      return await this.pins.whileOpening(async () => {
        await connection.run('BEGIN TRANSACTION READ ONLY');
        const contents = (await this.#knownTo(connection)) ?? (await readContents(new Catalog(connection)));
        const unpin = this.pins.pin(contents.files);
        const close = (): void => void this.endReader(connection).finally(unpin);
        return { ...contents, connection, close };
      });
    } catch (error) {
      await this.endReader(connection);
      throw error;
    }
  }

  /** The contents as they are known, which spares reading the catalog, if a transaction that has just begun sees the same. */
  async #knownTo(connection: Connection): Promise<Contents | undefined> {
    if (!this.#isSettled) return undefined;
    const known = this.#contents;
    // What a transaction sees is settled by its first statement on the database, not by BEGIN.
    await connection.run('SELECT 1 FROM hot LIMIT 0');
    return this.#isSettled && this.#contents === known ? known : undefined;
  }

  /** Opens the engine that reads for streams, if it is not open yet: 12 ms that most commands can do without. */
  scanner(): Promise<Duck> {
    this.#scanner ??= Duck.open(':memory:', { memory: this.#limits.memory, threads: 1, spillFolder: this.paths.spillOf('scan') });
    return this.#scanner;
  }

  /** A connection that reads sealed files, which the caller has pinned, and nothing else, with `buffer` of rows ready; `endReader` ends it. */
  async scan(buffer: string): Promise<Connection> {
    if (this.#isClosed) throw new Problem('unavailable', 'the store is closed');
    const scanner = await this.scanner();
    if (this.#isClosed) throw new Problem('unavailable', 'the store is closed');
    const connection = await scanner.connect();
    this.#readers.add(connection);
    await connection.run(`SET streaming_buffer_size = '${buffer}'`);
    await connection.run('BEGIN TRANSACTION READ ONLY');
    return connection;
  }

  /** A stream that was left early may still be fetching: its connection, and the files it reads, go when that has ended. */
  async endReader(connection: Connection): Promise<void> {
    await connection.stop();
    this.#readers.delete(connection);
    connection.close();
  }

  async #removeFiles(paths: readonly string[]): Promise<void> {
    if (this.#isClosed) return; // the next start does it
    await this.exclusively(async () => {
      for (const path of paths) {
        await rm(this.absolute(path), { force: true });
        await this.catalog.forgetDoomed(path);
        await rmdir(dirname(this.absolute(path))).catch(() => undefined); // the day has other files
      }
    });
  }

  async #recover(): Promise<void> {
    await this.refresh();
    await this.#emptyStaging();
    this.pins.doom(await this.catalog.doomed());
    await this.pins.removeDoomed();
    await this.ids.recover(Math.max(this.hot?.maxId ?? 0, ...this.files.map((file) => file.maxId)));
  }

  async #emptyStaging(): Promise<void> {
    const known = new Set(this.files.map((file) => basename(file.path)));
    for (const name of await readdir(this.paths.staging)) {
      if (name.endsWith('.parquet') && !known.has(name)) await this.#removeTwins(name);
      await rm(join(this.paths.staging, name), { recursive: true, force: true });
    }
    await this.paths.make();
  }

  /** Removes the second name of a staged file that the catalog never took. */
  async #removeTwins(name: string): Promise<void> {
    for (const entry of await readdir(this.paths.flows, { withFileTypes: true })) {
      if (entry.isDirectory()) await rm(join(this.paths.flows, entry.name, name), { force: true });
    }
  }
}
