/** The writing thread of one import: rows become Parquet files in the staging folder, some by a DuckDB of its own in memory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { Problem } from '../../core/problem.ts';
import { Caller, serveCalls } from '../../core/thread.ts';
import type { Connection, Duck } from '../store/duck.ts';
import { type BatchLink, receiveBatches } from './batch-channel.ts';
import { type RunFile, RunWriter, type RunWriterOptions } from './run-writer.ts';

/** What both ways of writing are told. */
export type WriteArguments = {
  staging: string;
  spill: string;
  /** Memory of this DuckDB, such as `128MB`. */
  memory: string;
  threads: number;
  prefix: string;
  sourceId: number;
  /** Microseconds since 1970. */
  ingestedAt: bigint;
  /** Where `reserveIds` is served. */
  ids: MessagePort;
};

/** An engine of its own, opened when something first needs it: most runs are encoded without. */
class Engine {
  readonly #args: WriteArguments;
  readonly #spillFolder: string;
  readonly #connections: Promise<Connection>[] = [];
  #duck: Promise<Duck> | undefined;
  #isStopped = false;

  constructor(args: WriteArguments) {
    this.#args = args;
    // A spill folder of its own: engines that share one read and delete each other's blocks.
    this.#spillFolder = join(args.spill, args.prefix);
  }

  connect(): Promise<Connection> {
    if (this.#isStopped) return Promise.reject(new Problem('gone', 'the import was given up'));
    this.#duck ??= this.#open();
    const connection = this.#duck.then((duck) => duck.connect());
    this.#connections.push(connection);
    return connection;
  }

  /** Breaks off what runs; nothing more begins. */
  stop = async (): Promise<void> => {
    this.#isStopped = true;
    await Promise.allSettled(this.#connections.map(async (connection) => (await connection).stop()));
  };

  async close(): Promise<void> {
    await this.stop();
    for (const connection of this.#connections)
      await connection.then(
        (open) => open.close(),
        () => undefined, // who asked for it was told
      );
    await this.#duck?.then(
      (duck) => duck.close(),
      () => undefined,
    );
    if (this.#duck !== undefined) await rm(this.#spillFolder, { recursive: true, force: true });
  }

  async #open(): Promise<Duck> {
    const { memory, threads } = this.#args;
    const { Duck } = await import('../store/duck.ts');
    return await Duck.open(':memory:', { memory, threads, spillFolder: this.#spillFolder });
  }
}

type Work = (engine: Engine, options: RunWriterOptions) => Promise<RunFile[]>;

/** Nothing of DuckDB is under way when this resolves or rejects: the thread may be ended then, and not before. */
const withEngine = async (args: WriteArguments, signal: AbortSignal, work: Work): Promise<RunFile[]> => {
  const engine = new Engine(args);
  const ids = new Caller(args.ids);
  const { staging: folder, prefix, sourceId, ingestedAt } = args;
  const reserve = (count: number): Promise<number> => ids.call<number>('reserveIds', count);
  signal.addEventListener('abort', engine.stop, { once: true });
  try {
    signal.throwIfAborted();
    return await work(engine, { folder, prefix, sourceId, ingestedAt, reserve });
  } finally {
    await engine.close();
    args.ids.close();
  }
};

const port = parentPort;
if (port === null) throw new Error('write-thread.ts runs as a worker thread');

serveCalls(port, {
  write: (args: WriteArguments & { link: BatchLink }, { signal }): Promise<RunFile[]> =>
    withEngine(args, signal, async (engine, options) => {
      const openDuck = async (place: number) => {
        const { DuckRuns } = await import('./run-duck.ts');
        return new DuckRuns(await engine.connect(), `run${place}`);
      };
      const writer = new RunWriter(openDuck, options);
      await receiveBatches(args.link, (batch, hasOrdinals, release) => writer.add(batch, hasOrdinals, release), signal);
      return await writer.finish();
    }),
  writeParquet: async (args: WriteArguments & { path: string }, { signal }): Promise<RunFile[]> => {
    try {
      return await withEngine(args, signal, async (engine, options) => {
        const { importParquet } = await import('./parquet.ts');
        return importParquet(await engine.connect(), args.path, options);
      });
    } finally {
      await rm(args.path, { force: true });
    }
  },
});
