/** The writing thread of one import: rows become Parquet files in the staging folder, by a DuckDB of its own in memory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { Caller, serveCalls } from '../../core/thread.ts';
import { type Connection, Duck } from '../store/duck.ts';
import { type BatchLink, receiveBatches } from './batch-channel.ts';
import { importParquet } from './parquet.ts';
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

type Work = (connections: readonly [Connection, Connection], options: RunWriterOptions) => Promise<RunFile[]>;

/** Nothing of DuckDB is under way when this resolves or rejects: the thread may be ended then, and not before. */
const withDuck = async (args: WriteArguments, signal: AbortSignal, work: Work): Promise<RunFile[]> => {
  // A spill folder of its own: engines that share one read and delete each other's blocks.
  const spillFolder = join(args.spill, args.prefix);
  const duck = await Duck.open(':memory:', { memory: args.memory, threads: args.threads, spillFolder });
  const ids = new Caller(args.ids);
  const { staging: folder, prefix, sourceId, ingestedAt } = args;
  const reserve = (count: number): Promise<number> => ids.call<number>('reserveIds', count);
  const connections = [await duck.connect(), await duck.connect()] as const;
  const stop = (): Promise<unknown> => Promise.all(connections.map((connection) => connection.stop()));
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    return await work(connections, { folder, prefix, sourceId, ingestedAt, reserve });
  } finally {
    await stop();
    for (const connection of connections) connection.close();
    duck.close();
    args.ids.close();
    await rm(spillFolder, { recursive: true, force: true });
  }
};

const port = parentPort;
if (port === null) throw new Error('write-thread.ts runs as a worker thread');

serveCalls(port, {
  write: (args: WriteArguments & { link: BatchLink }, { signal }): Promise<RunFile[]> =>
    withDuck(args, signal, async (connections, options) => {
      const writer = new RunWriter(connections, options);
      await receiveBatches(args.link, (batch, hasOrdinals, release) => writer.add(batch, hasOrdinals, release), signal);
      return await writer.finish();
    }),
  writeParquet: async (args: WriteArguments & { path: string }, { signal }): Promise<RunFile[]> => {
    try {
      return await withDuck(args, signal, ([connection], options) => importParquet(connection, args.path, options));
    } finally {
      await rm(args.path, { force: true });
    }
  },
});
