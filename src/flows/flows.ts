/**
 * The room of flows as one thing with a beginning and an end: the store's thread, the imports, and the maintenance that
 * seals what is hot, merges what is small and forgets what is old. Inert until `start`.
 */
import type { Clock } from '../core/clock.ts';
import type { ImportSource } from './access.ts';
import type { FlowsConfig } from './defaults.ts';
import type { Exporters } from './exporters/exporters.ts';
import { Imports } from './import/imports.ts';
import { startImportThreads } from './import/threads.ts';
import { readImportWords } from './import/words.ts';
import type { FlowsLog } from './log.ts';
import { StoreClient, type StorePlace } from './store/client.ts';
import type { Sealed } from './store/seal.ts';

/** What the flows need of the house. */
export type FlowsDependencies = {
  dataFolder: string;
  log: FlowsLog;
  clock: Clock;
  /** Set where an import is sure to come at once: its threads start while the store opens. */
  expectsImport?: boolean;
  /** Set by servers: what the first question needs is loaded ahead of it. */
  isLongLived?: boolean;
  /** Where the store runs; in a thread unless told otherwise. */
  storePlace?: StorePlace;
};

export class Flows {
  readonly config: FlowsConfig;
  readonly #deps: FlowsDependencies;
  #store: StoreClient | undefined;
  #imports: Imports | undefined;
  #exporters: Exporters | undefined;
  #timer: NodeJS.Timeout | undefined;
  #maintaining: Promise<void> = Promise.resolve();
  #hotSince: number | undefined;

  constructor(config: FlowsConfig, deps: FlowsDependencies) {
    this.config = config;
    this.#deps = deps;
  }

  /** Opens the store; a directory held by another process is a `conflict`. */
  async start(): Promise<void> {
    const { memory, threads, seal } = this.config;
    // An import asks the store for little: DuckDB's threads would only wait for each other, and spin while they do.
    const limits = { memory: `${Math.round(memory / 1_000_000)}MB`, threads: this.#deps.expectsImport ? 1 : threads };
    this.#store = new StoreClient({ root: this.#deps.dataFolder, limits, warm: this.#deps.isLongLived ?? false }, this.#deps.storePlace);
    const { log, clock, expectsImport } = this.#deps;
    const importThreads = expectsImport ? startImportThreads() : undefined;
    const { sources, staging, spill } = await this.#store.open().catch(async (error: unknown) => {
      await Promise.all([importThreads?.reader.terminate(), importThreads?.writer.terminate()]);
      throw error;
    });
    this.#imports = new Imports(this.config, { store: this.#store, staging, spill, log, clock, threads: importThreads }, sources);
    if (this.#deps.isLongLived) {
      const { Exporters } = await import('./exporters/exporters.ts');
      this.#exporters = new Exporters(this.config, { store: this.#store, dataFolder: this.#deps.dataFolder, staging, spill, log });
      await this.#exporters.start();
    }
    this.#timer = setInterval(() => this.#tick(), seal.every).unref();
  }

  /** Gives up what runs, seals what is hot (unless told to leave it) and closes the store. */
  async stop({ seal = true } = {}): Promise<void> {
    clearInterval(this.#timer);
    await this.#exporters?.stop();
    await this.#imports?.stop();
    await this.#maintaining;
    if (this.#store === undefined) return;
    const store = this.#store;
    this.#store = undefined;
    if (seal)
      await store.seal(1).catch((err: unknown) => this.#deps.log.error({ err }, 'could not seal what is hot; it stays in the hot table'));
    await store.close();
  }

  get store(): StoreClient {
    if (this.#store === undefined) throw new Error('the flows are not started');
    return this.#store;
  }

  get imports(): Imports {
    if (this.#imports === undefined) throw new Error('the flows are not started');
    return this.#imports;
  }

  /** Imports the text of a flow file that is in memory, and resolves when it is stored, to the rows that were left out as bad. */
  async importText(name: string, text: Uint8Array): Promise<{ refused: number }> {
    const settings = readImportWords({ name, again: true, skip_bad: 'all' }, this.config.imports.maxFlows);
    const run = await this.imports.start(settings, { stream: pieces(text) }, text.length);
    const { rows_bad: refused } = await run.done;
    return { refused };
  }

  /** Who sends flow exports; collected by servers alone. */
  get exporters(): Exporters {
    if (this.#exporters === undefined) throw new Error('the flows are not started, or not by a server');
    return this.#exporters;
  }

  /** Stores a file of flows that a live capture has made; a `conflict` where its content is there already. */
  async importMetered({ name, path, bytes_total: octets, open }: ImportSource): Promise<void> {
    const settings = readImportWords({ name, format: 'parquet' }, this.config.imports.maxFlows);
    const run = await this.imports.start(settings, path === undefined ? { stream: open() } : { path }, octets);
    await run.done;
  }

  /** Asks the store's thread; undefined when it answers, otherwise the reason in a few words. */
  async unready(): Promise<string | undefined> {
    if (this.#store === undefined) return 'the store is not open';
    if (this.#exporters?.failure !== undefined) return this.#exporters.failure;
    return await this.#store.extent().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  /** Seals everything hot and merges what is worth it, now. */
  async seal(): Promise<Sealed> {
    const sealed = await this.store.seal(1);
    const merged = await this.store.compact();
    return { files: sealed.files + merged.files, rows: sealed.rows };
  }

  #tick(): void {
    this.#maintaining = this.#maintaining
      .then(() => this.#maintain())
      .catch((err: unknown) => this.#deps.log.error({ err }, 'maintenance of the store failed; it is tried again'));
  }

  async #maintain(): Promise<void> {
    const { seal, retention } = this.config;
    const { hotRows } = await this.store.extent();
    const now = this.#deps.clock.monotonic();
    this.#hotSince = hotRows === 0 ? undefined : (this.#hotSince ?? now);
    const isDue = this.#hotSince !== undefined && now - this.#hotSince >= seal.after;
    if (hotRows > 0) await this.store.seal(isDue ? 1 : seal.rows);
    if (isDue) this.#hotSince = undefined;
    await this.store.compact();
    const rule = { maxAgeSeconds: retention.age / 1000, maxBytes: retention.size };
    const gone = await this.store.retain(rule, Math.floor(this.#deps.clock.now() / 1000));
    if (gone.files > 0) this.#deps.log.info(gone, 'forgot flows by the rule of retention');
  }
}

async function* pieces(text: Uint8Array): AsyncGenerator<Uint8Array> {
  yield text;
}

/** The room, not started. */
export const createFlows = (config: FlowsConfig, deps: FlowsDependencies): Flows => new Flows(config, deps);
