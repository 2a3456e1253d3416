/**
 * The flow exports as one thing with a beginning and an end: a thread that collects and decodes, a thread that writes, and
 * the store, which takes what was written twice a second. Inert until `start`; without a listener it stays so.
 */
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { kernelDrops } from '../../core/kernel-drops.ts';
import { Problem } from '../../core/problem.ts';
import { Caller, serveCalls } from '../../core/thread.ts';
import type { FlowsConfig } from '../defaults.ts';
import { linkThreads } from '../import/batch-channel.ts';
import type { RunFile } from '../import/run-writer.ts';
import type { FlowsLog } from '../log.ts';
import type { StoreClient } from '../store/client.ts';
import type { CollectArguments, CollectState, ListenerState } from './collect-thread.ts';
import { checkExportExposure, parseAllowed, parseExportListener } from './listen.ts';
import type { ExportCut, ExportWriteArguments } from './write-thread.ts';

/** Octets of one batch: the columns of 8192 rows. */
const batchOctets = 2.7 * 1024 * 1024;

export type ExportersDependencies = {
  store: StoreClient;
  dataFolder: string;
  staging: string;
  spill: string;
  log: FlowsLog;
};

/** What `/api/v1/exporters` tells of a listener. */
export type ListenerFacts = ListenerState & {
  /** Datagrams that the kernel dropped since its buffer was full; null where it does not tell. */
  kernel_drops: number | null;
};

export type ExportersState = Omit<CollectState, 'listeners'> & {
  listeners: ListenerFacts[];
  /** Flows that are stored, and that were lost since they could not be written. */
  stored: number;
  unwritten: number;
};

const idle: ExportersState = { listeners: [], exporters: [], waits: 0, waited_ms: 0, template_problem: null, stored: 0, unwritten: 0 };

export class Exporters {
  readonly #config: FlowsConfig;
  readonly #deps: ExportersDependencies;
  #collector: { worker: Worker; caller: Caller } | undefined;
  #writer: { worker: Worker; caller: Caller } | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #committing: Promise<void> = Promise.resolve();
  #isCommitting = false;
  #files: RunFile[] = [];
  #sourceId = 0;
  #stored = 0;
  #unwritten = 0;
  #failure: string | undefined;

  constructor(config: FlowsConfig, deps: ExportersDependencies) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Opens the listeners. An address that is taken, or open to everyone without leave, is a Problem. */
  async start(): Promise<void> {
    const { listen, allow } = this.#config.exporters;
    if (listen.length === 0) return;
    checkExportExposure(listen.map(parseExportListener), parseAllowed(allow));
    this.#sourceId = await this.#deps.store.openExports();
    const link = linkThreads();
    this.#writer = this.#startThread('write-thread.ts');
    this.#collector = this.#startThread('collect-thread.ts');
    this.#write(link.writer);
    try {
      const args = this.#collectArguments(link.reader);
      const listeners = await this.#collector.caller.call<ListenerState[]>('start', args, { transfer: [link.reader.port] });
      for (const listener of listeners) this.#tellListener(listener);
    } catch (error) {
      await this.#endThreads();
      await this.#deps.store.endImport();
      throw error;
    }
  }

  /** Reads nothing more, and stores what was read. */
  async stop(): Promise<void> {
    if (this.#collector === undefined) return;
    try {
      await this.#collector.caller.call('stop');
      await this.#writing;
      await this.#committing;
    } catch (err) {
      this.#deps.log.error({ err }, 'the flow exports did not end cleanly; what was not stored is lost');
    }
    await this.#endThreads();
    await this.#deps.store.endImport();
  }

  /** Undefined while it works, or when nothing is listened for; otherwise the reason in a few words. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** What is known at this moment. */
  async state(): Promise<ExportersState> {
    if (this.#collector === undefined) return idle;
    const state = await this.#collector.caller.call<CollectState>('state');
    const listeners = await Promise.all(
      state.listeners.map(async (listener) => ({
        ...listener,
        kernel_drops: listener.transport === 'udp' ? ((await kernelDrops(listener.host, listener.port)) ?? null) : null,
      })),
    );
    return { ...state, listeners, stored: this.#stored, unwritten: this.#unwritten };
  }

  #collectArguments(link: CollectArguments['link']): CollectArguments {
    const { memory, commitEvery, waitTime, waitSets, templateTime, ...rest } = this.#config.exporters;
    return {
      ...rest,
      link,
      batches: Math.max(4, Math.floor(memory / batchOctets)),
      every: commitEvery,
      templateFile: join(this.#deps.dataFolder, 'exporters.json'),
      waitingMs: waitTime,
      waitingSets: waitSets,
      templateMs: templateTime,
    };
  }

  #write(link: ExportWriteArguments['link']): void {
    const ids = new MessageChannel();
    serveCalls(ids.port1, { reserveIds: (count: number) => this.#deps.store.reserveIds(count) });
    const args: ExportWriteArguments = {
      link,
      staging: this.#deps.staging,
      spill: this.#deps.spill,
      memory: `${Math.round(this.#config.imports.memory / 1_000_000)}MB`,
      prefix: `x${Date.now().toString(36)}`,
      sourceId: this.#sourceId,
      ids: ids.port2,
    };
    const { caller } = this.#writer as { caller: Caller };
    const onNews = (cut: unknown): void => this.#takeCut(cut as ExportCut);
    this.#writing = caller.call('write', args, { transfer: [link.port, ids.port2], onNews }).finally(() => ids.port1.close());
    this.#writing.catch(() => undefined); // told by `stop`, or by the thread's own end
  }

  #takeCut(cut: ExportCut): void {
    if ('error' in cut) {
      this.#unwritten += cut.lostRows;
      this.#deps.log.error({ err: cut.error, flows: cut.lostRows }, 'flows of exporters could not be written and are lost');
      return;
    }
    this.#files.push(...cut.files);
    if (!this.#isCommitting) this.#committing = this.#commitAll();
  }

  /** One commit after the other; while one is under way the next collects. */
  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    while (this.#files.length > 0) {
      const files = this.#files;
      this.#files = [];
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      await this.#deps.store.commitExports({ sourceId: this.#sourceId, files }).then(
        () => {
          this.#stored += rows;
        },
        (err: unknown) => {
          this.#unwritten += rows;
          this.#deps.log.error({ err, flows: rows }, 'flows of exporters could not be stored and are lost');
        },
      );
    }
    this.#isCommitting = false;
  }

  #tellListener({ transport, host, port, buffer, buffer_wanted: wanted }: ListenerState): void {
    this.#deps.log.info({ transport, host, port, buffer }, 'taking flow exports');
    if (buffer !== null && wanted !== null && buffer < wanted) {
      const hint = `sysctl -w net.core.rmem_max=${wanted}`;
      this.#deps.log.info(
        { transport, host, port, buffer, wanted, hint },
        'the kernel gave a smaller receive buffer than was asked for: bursts may be lost',
      );
    }
  }

  #startThread(file: string): { worker: Worker; caller: Caller } {
    const worker = new Worker(new URL(`./${file}`, import.meta.url), { name: `weir-exports-${file.slice(0, -10)}` });
    const caller = new Caller(worker);
    const fail = (error?: unknown): void => {
      this.#failure ??= 'a thread of the flow exports has ended';
      caller.lose(
        new Problem('internal', 'a thread of the flow exports has failed', { cause: error, detail: String(error ?? 'it ended') }),
      );
    };
    worker.on('error', (error) => {
      this.#deps.log.error({ err: error }, 'a thread of the flow exports has failed; nothing more is collected until the next start');
      fail(error);
    });
    worker.on('exit', () => fail());
    return { worker, caller };
  }

  async #endThreads(): Promise<void> {
    const threads = [this.#collector, this.#writer];
    this.#collector = undefined;
    this.#writer = undefined;
    await Promise.all(threads.map((thread) => thread?.worker.terminate()));
    this.#failure = undefined;
  }
}
