/**
 * The writing thread of the exports: rows become Parquet files in the staging folder, and at each cut the files so far are
 * told, to be taken into the store. A disk that is full costs the rows at hand, which are counted; then it goes on.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type CallContext, Caller, serveCalls } from '../../core/thread.ts';
import { FlowBatch } from '../batch.ts';
import type { BatchLink } from '../import/batch-channel.ts';
import { type RunFile, RunWriter, type RunWriterOptions } from '../import/run-writer.ts';
import type { Duck } from '../store/duck.ts';
import { receiveRows } from './row-channel.ts';

export type ExportWriteArguments = {
  link: BatchLink;
  staging: string;
  spill: string;
  /** Memory of the engine that takes what our own encoder does not, such as `128MB`. */
  memory: string;
  prefix: string;
  sourceId: number;
  /** Where `reserveIds` is served. */
  ids: MessagePort;
};

/** What is told at each cut: files that lie in staging, or rows that could not be written, and why. */
export type ExportCut = { files: RunFile[] } | { lostRows: number; error: string };

class ExportWriting {
  readonly #args: ExportWriteArguments;
  readonly #context: CallContext;
  readonly #options: RunWriterOptions;
  readonly #ids: Caller;
  #writer: RunWriter;
  #duck: Promise<Duck> | undefined;
  #rows = 0;
  #life = 0;

  constructor(args: ExportWriteArguments, context: CallContext) {
    this.#args = args;
    this.#context = context;
    this.#ids = new Caller(args.ids);
    const { staging: folder, prefix, sourceId } = args;
    const reserve = (count: number): Promise<number> => this.#ids.call<number>('reserveIds', count);
    this.#options = { folder, prefix, sourceId, ingestedAt: 0n, reserve };
    this.#writer = this.#newWriter();
  }

  async run(): Promise<void> {
    await receiveRows(this.#args.link, async ({ batch, isCut }, release) => {
      const received = FlowBatch.received(batch);
      this.#options.ingestedAt = BigInt(Date.now()) * 1000n;
      this.#rows += received.count;
      try {
        await this.#writer.add(received, false, release);
        if (isCut) await this.#cut();
      } catch (error) {
        await this.#fail(error);
      }
    });
    await this.#closeDuck();
    this.#args.ids.close();
  }

  async #cut(): Promise<void> {
    const files = await this.#writer.cut();
    this.#rows = 0;
    if (files.length > 0) this.#context.tell({ files } satisfies ExportCut);
  }

  /** The rows since the last cut are lost; batches that are being written are given back by that. */
  async #fail(error: unknown): Promise<void> {
    const files = await this.#writer.cut().catch(() => [] as RunFile[]);
    const lostRows = this.#rows - files.reduce((sum, { rows }) => sum + rows, 0);
    this.#rows = 0;
    if (files.length > 0) this.#context.tell({ files } satisfies ExportCut);
    this.#context.tell({ lostRows, error: error instanceof Error ? error.message : String(error) } satisfies ExportCut);
    await this.#writer.rest();
    await this.#closeDuck();
    this.#writer = this.#newWriter();
  }

  #newWriter(): RunWriter {
    // The names of files go on where the last writer stopped.
    this.#options.prefix = `${this.#args.prefix}${(this.#life++).toString(36)}`;
    const openDuck = async (place: number) => {
      const { DuckRuns } = await import('../import/run-duck.ts');
      this.#duck ??= this.#openDuck();
      return new DuckRuns(await (await this.#duck).connect(), `run${place}`);
    };
    return new RunWriter(openDuck, this.#options);
  }

  async #openDuck(): Promise<Duck> {
    const { Duck } = await import('../store/duck.ts');
    return Duck.open(':memory:', { memory: this.#args.memory, threads: 1, spillFolder: join(this.#args.spill, this.#args.prefix) });
  }

  async #closeDuck(): Promise<void> {
    if (this.#duck === undefined) return;
    await this.#duck.then(
      (duck) => duck.close(),
      () => undefined,
    );
    this.#duck = undefined;
    await rm(join(this.#args.spill, this.#args.prefix), { recursive: true, force: true });
  }
}

if (parentPort === null) throw new Error('write-thread.ts runs as a worker thread');
serveCalls(parentPort, { write: (args: ExportWriteArguments, context) => new ExportWriting(args, context).run() });
