/**
 * Imports from the outside: each has an id, a record that can be followed, and two threads of its own while it runs. It
 * ends as a whole: committed, or failed with nothing of it left. A few run at once; the others wait, and since nobody
 * takes their bytes, so do their senders.
 */
import { EventEmitter } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { sendBytes } from '../../core/byte-port.ts';
import type { Clock } from '../../core/clock.ts';
import { Problem } from '../../core/problem.ts';
import { Caller, serveCalls } from '../../core/thread.ts';
import type { FlowsConfig } from '../defaults.ts';
import type { FlowsLog } from '../log.ts';

import type { SourceEntry } from '../store/catalog.ts';
import type { StoreClient } from '../store/client.ts';
import { isExportsRecord } from '../store/exports-record.ts';
import { type BatchLink, isWriterFailure, linkThreads } from './batch-channel.ts';
import { type ImportRecord, newRecord, noteNews, noteReport } from './import-record.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { ByteOrigin, ReadArguments } from './read-arguments.ts';
import { startReader } from './read-start.ts';
import type { RunFile } from './run-writer.ts';
import type { ImportNews, ImportSettings, ReadReport } from './settings.ts';
import { dropReadyThreads, giveBackThreads, type ImportThreads, keepThreadsReady, startImportThreads } from './threads.ts';
import type { WriteArguments } from './write-thread.ts';

/** Where an import takes its bytes from: a file that its own thread opens, or a stream of this thread. */
export type ImportOrigin = { path: string } | { stream: AsyncIterable<Uint8Array> };

/** An import that has been started. */
export type ImportRun = {
  record: ImportRecord;
  /** Resolves when all bytes have been taken, or when it has ended; never rejects. */
  received: Promise<void>;
  /** Resolves with the record when it is committed; rejects with the Problem. */
  done: Promise<ImportRecord>;
  /** Gives it up; nothing of it is kept. */
  abort(): void;
};

export type ImportsDependencies = {
  store: StoreClient;
  staging: string;
  spill: string;
  log: FlowsLog;
  clock: Clock;
  /** Threads that the first import takes; later ones start their own. */
  threads: ImportThreads | undefined;
};

export class Imports {
  readonly #config: FlowsConfig;
  readonly #deps: ImportsDependencies;
  readonly #records = new Map<number, ImportRecord>();
  readonly #running = new Map<number, ImportRun>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #waiting: (() => void)[] = [];
  #slots: number;
  #isStopping = false;

  constructor(config: FlowsConfig, deps: ImportsDependencies, earlier: readonly SourceEntry[]) {
    this.#config = config;
    this.#deps = deps;
    this.#slots = config.imports.parallel;
    const imports = earlier.filter(({ record }) => !isExportsRecord(record));
    for (const { id, record } of imports.slice(-config.imports.kept)) this.#records.set(id, JSON.parse(record) as ImportRecord);
  }

  /** All known imports, the latest last. */
  list(): ImportRecord[] {
    return [...this.#records.values()];
  }

  get(id: number): ImportRecord | undefined {
    return this.#records.get(id);
  }

  /** How many are running or waiting. */
  get running(): number {
    return this.#running.size;
  }

  /** Calls `listener` at every change of that import; returns what ends this. */
  follow(id: number, listener: (record: ImportRecord) => void): () => void {
    const name = String(id);
    this.#changes.on(name, listener);
    return () => this.#changes.off(name, listener);
  }

  /** Gives up an import that is running; false when it is not. */
  abort(id: number): boolean {
    const run = this.#running.get(id);
    run?.abort();
    return run !== undefined;
  }

  /** Starts an import; it may have to wait for its turn. */
  async start(settings: ImportSettings, origin: ImportOrigin, bytesTotal: number | null): Promise<ImportRun> {
    const id = await this.#deps.store.takeSourceId();
    const record = newRecord(id, settings, bytesTotal, this.#deps.clock.now());
    this.#records.set(id, record);
    const received = Promise.withResolvers<void>();
    const controller = new AbortController();
    const done = this.#run({ settings, origin, record, signal: controller.signal, received: received.resolve });
    const run: ImportRun = {
      record,
      received: received.promise,
      done,
      abort: () => controller.abort(new Problem('gone', 'the import was given up')),
    };
    this.#running.set(id, run);
    done
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(id);
        received.resolve();
      });
    return run;
  }

  /** Gives up everything that runs and waits until it has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([dropReadyThreads(), this.#deps.threads?.reader.terminate(), this.#deps.threads?.writer.terminate()]);
    const runs = [...this.#running.values()];
    for (const run of runs) run.abort();
    await Promise.allSettled(runs.map((run) => run.done));
  }

  async #run(task: Task): Promise<ImportRecord> {
    const { record, signal } = task;
    const tell = (): void => void this.#changes.emit(String(record.id), record);
    try {
      await this.#takeSlot(signal);
      await this.#runJob(new ImportJob(this.#config, this.#deps, task, tell)).finally(() => this.#giveSlot());
      if (isOneOfMany(task) && !this.#isStopping) keepThreadsReady();
      record.state = 'done';
      return record;
    } catch (error) {
      await this.#fail(record, error);
      throw error;
    } finally {
      await this.#deps.store.endImport().catch(() => undefined); // the store is closing
      tell();
    }
  }

  /** Its threads have ended and its files have gone from the staging folder when this resolves or rejects. */
  async #runJob(job: ImportJob): Promise<void> {
    try {
      await job.run();
    } finally {
      await job
        .end()
        .catch((err: unknown) => this.#deps.log.error({ err }, 'could not clear the staging folder of an import; the next start does'));
    }
  }

  async #fail(record: ImportRecord, error: unknown): Promise<void> {
    const problem =
      error instanceof Problem ? error : new Problem('internal', 'the import failed by a fault of Weir; the log has it', { cause: error });
    if (problem.code === 'internal') this.#deps.log.error({ err: error, import: record.id }, 'an import failed');
    const nowMs = this.#deps.clock.now();
    Object.assign(record, { state: 'failed', problem: problem.toMessage(), ended_at: new Date(nowMs).toISOString(), eta_s: null });
    const source: SourceEntry = {
      id: record.id,
      digest: null,
      state: 'failed',
      endedAtUs: BigInt(nowMs) * 1000n,
      record: JSON.stringify(record),
    };
    await this.#deps.store
      .recordFailure(source)
      .catch((err: unknown) => this.#deps.log.error({ err }, 'could not keep the record of a failed import'));
  }

  /** Waits for its turn; one that is given up while it waits leaves the line. */
  async #takeSlot(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#slots > 0) {
      this.#slots--;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      const at = this.#waiting.indexOf(resolve);
      if (at < 0) return; // its turn has come
      this.#waiting.splice(at, 1);
      reject(signal.reason);
    };
    this.#waiting.push(resolve);
    signal.addEventListener('abort', leave, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }

  #giveSlot(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#slots++;
    else next();
  }
}

type Task = { settings: ImportSettings; origin: ImportOrigin; record: ImportRecord; signal: AbortSignal; received: () => void };

const smallOctets = 1_048_576;

/** Small uploads come one after the other, as a sensor sends them: to start threads would be most of the work. */
const isOneOfMany = ({ origin, record }: Task): boolean => 'stream' in origin && isSmall(record);
const isSmall = ({ bytes_total: octets }: ImportRecord): boolean => octets !== null && octets <= smallOctets;

/** One import while it runs: its two threads and the ports between them. */
class ImportJob {
  readonly #config: FlowsConfig;
  readonly #deps: ImportsDependencies;
  readonly #task: Task;
  readonly #tell: () => void;
  readonly #prefix: string;
  readonly #startedMs: number;
  readonly #workers: Worker[] = [];
  readonly #stopping = new AbortController();
  readonly #writings: Promise<unknown>[] = [];

  constructor(config: FlowsConfig, deps: ImportsDependencies, task: Task, tell: () => void) {
    this.#config = config;
    this.#deps = deps;
    this.#task = task;
    this.#tell = tell;
    this.#prefix = `s${String(task.record.id).padStart(6, '0')}`;
    this.#startedMs = deps.clock.monotonic();
  }

  async run(): Promise<void> {
    const { record, signal } = this.#task;
    signal.throwIfAborted();
    this.#enter('receiving');
    const { report, files } = await this.#readAndWrite();
    noteReport(record, report, this.#seconds());
    this.#letThreadsGo();
    record.flows = files.reduce((sum, file) => sum + file.rows, 0);
    this.#enter('committing');
    const nowMs = this.#deps.clock.now();
    record.ended_at = new Date(nowMs).toISOString();
    record.eta_s = null;
    const kept = JSON.stringify({ ...record, state: 'done' });
    const source: SourceEntry = { id: record.id, digest: record.digest, state: 'done', endedAtUs: BigInt(nowMs) * 1000n, record: kept };
    record.ended_at = await this.#deps.store.commit({ source, files, allowDuplicate: this.#task.settings.allowDuplicate });
  }

  /** They end while the store commits, or wait for the next of many. */
  #letThreadsGo(): void {
    const [writer, reader] = this.#workers;
    const { record } = this.#task;
    if (writer === undefined || reader === undefined || record.format !== 'parquet' || !isSmall(record)) {
      for (const worker of this.#workers) void worker.terminate();
      return;
    }
    this.#workers.length = 0;
    giveBackThreads(reader, writer);
  }

  /** Ends the threads and removes what a failed import left in the staging folder. */
  async end(): Promise<void> {
    // The writer first comes to rest by itself: to end a thread in which DuckDB works would end the process.
    this.#stopping.abort();
    await Promise.allSettled(this.#writings);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    const left = (await readdir(this.#deps.staging)).filter(
      (name) => name.includes(`-${this.#prefix}-`) || name === `spool-${this.#task.record.id}.tmp`,
    );
    for (const name of left) await rm(join(this.#deps.staging, name), { force: true });
    await rm(join(this.#deps.spill, this.#prefix), { recursive: true, force: true });
  }

  async #readAndWrite(): Promise<{ report: ReadReport; files: RunFile[] }> {
    const { link, reader, writer } = this.#startThreads();
    const lost = this.#whenAborted();
    const writing = this.#write(writer, 'write', { link }, [link.port]);
    const reading = reader();
    // Whichever fails first is the reason: a failed writer is not waited for by a reader that sleeps, nor the reverse.
    const report = await Promise.race([reading, lost, writing.then(() => reading)]).catch(async (error: unknown) => {
      if (isWriterFailure(error)) await writing; // rejects with the reason itself, once the writer has come to rest
      throw error;
    });
    this.#enter('metering');
    const files = await Promise.race([writing, lost]);
    if (report.spooled === undefined) return { report, files };
    return { report, files: await Promise.race([this.#write(writer, 'writeParquet', { path: report.spooled }, []), lost]) };
  }

  /** The threads, the writer's end of what is between them, and what has the reader read: it may have begun already. */
  #startThreads(): { link: BatchLink; reader: () => Promise<ReadReport>; writer: Caller } {
    const threads = this.#deps.threads ?? startImportThreads();
    this.#deps.threads = undefined;
    const writer = this.#watch(threads.writer, new Caller(threads.writer));
    const { ahead } = threads;
    const { origin, settings } = this.#task;
    if (ahead !== undefined && 'path' in origin && ahead.isOf(origin.path, settings)) {
      this.#watch(threads.reader, ahead.caller);
      return { link: ahead.writer, reader: () => this.#takeOver(ahead), writer };
    }
    // What was begun for another file is given up with its thread.
    if (ahead !== undefined) void threads.reader.terminate();
    const thread = ahead === undefined ? threads.reader : startReader();
    const reader = this.#watch(thread, new Caller(thread));
    const link = linkThreads();
    return { link: link.writer, reader: () => this.#read(reader, link.reader), writer };
  }

  #takeOver(ahead: ReadAhead): Promise<ReadReport> {
    ahead.onNews = this.#onNews;
    return ahead.report.finally(this.#task.received);
  }

  readonly #onNews = (news: unknown): void => {
    noteNews(this.#task.record, news as ImportNews, this.#seconds());
    this.#tell();
  };

  #whenAborted(): Promise<never> {
    const { signal } = this.#task;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    return promise;
  }

  #read(reader: Caller, link: BatchLink): Promise<ReadReport> {
    const { settings, origin, record } = this.#task;
    const transfer = [link.port];
    const onNews = this.#onNews;
    const { staging } = this.#deps;
    const { id: importId, bytes_total: bytesTotal } = record;
    const args = (from: ByteOrigin): ReadArguments => ({ settings, origin: from, bytesTotal, link, staging, importId });
    if ('path' in origin) return reader.call<ReadReport>('read', args(origin), { transfer, onNews }).finally(this.#task.received);
    const bytes = new MessageChannel();
    sendBytes(bytes.port1, origin.stream).then(
      (isWhole) => isWhole && this.#task.received(),
      () => undefined, // a failing source fails the reader
    );
    return reader.call<ReadReport>('read', args({ port: bytes.port2 }), { transfer: [...transfer, bytes.port2], onNews });
  }

  #write(writer: Caller, name: 'write' | 'writeParquet', rest: object, transfer: BatchLink['port'][]): Promise<RunFile[]> {
    const ids = new MessageChannel();
    serveCalls(ids.port1, { reserveIds: (count: number) => this.#deps.store.reserveIds(count) });
    const args: WriteArguments = {
      staging: this.#deps.staging,
      spill: this.#deps.spill,
      memory: `${Math.round(this.#config.imports.memory / 1_000_000)}MB`,
      // A thread more would only spin while it waits for rows; two runs are written at once as it is.
      threads: name === 'write' ? 1 : this.#config.threads,
      prefix: this.#prefix,
      sourceId: this.#task.record.id,
      ingestedAt: BigInt(this.#deps.clock.now()) * 1000n,
      ids: ids.port2,
    };
    const { signal } = this.#stopping;
    const writing = writer.call<RunFile[]>(name, { ...args, ...rest }, { transfer: [...transfer, ids.port2], signal });
    this.#writings.push(writing);
    return writing.finally(() => ids.port1.close());
  }

  /** Ends a thread with the import, and its calls with the thread. */
  #watch(worker: Worker, caller: Caller): Caller {
    this.#workers.push(worker);
    worker.on('error', (error) =>
      caller.lose(new Problem('internal', 'a thread of the import failed', { cause: error, detail: String(error) })),
    );
    worker.on('exit', () => caller.lose(new Problem('gone', 'the import was given up')));
    return caller;
  }

  #enter(state: ImportRecord['state']): void {
    this.#task.record.state = state;
    this.#tell();
  }

  #seconds(): number {
    return (this.#deps.clock.monotonic() - this.#startedMs) / 1000;
  }
}
