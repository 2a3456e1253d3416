/**
 * The threads of an import. They take a tenth of a second to start, which a command spends while it loads and opens the
 * store: it prepares them first of all.
 */
import { Worker } from 'node:worker_threads';
import { type FileToRead, formatAhead, ReadAhead } from './read-ahead.ts';
import { bigOctets, startReader } from './read-start.ts';

export type ImportThreads = { reader: Worker; writer: Worker; ahead?: ReadAhead };

/** Those that are ahead of their import; the writer is still to come where the reader is the one that counts. */
let prepared: (Omit<ImportThreads, 'writer'> & { writer: Worker | undefined }) | undefined;

const startWriter = (): Worker => new Worker(new URL('./write-thread.ts', import.meta.url), { name: 'weir-write-thread' });

/** Starts both; who takes them ends them. Those that were prepared are taken first. */
export const startImportThreads = (): ImportThreads => {
  const { reader, writer = startWriter(), ahead } = prepared ?? { reader: startReader() };
  prepared = undefined;
  reader.ref();
  writer.ref();
  return { reader, writer, ...(ahead && { ahead }) };
};

/**
 * Starts both ahead of the next `startImportThreads`; until then they keep no process alive. A big file is begun at once: what would be a core for the
 * writing thread is the reader's until there is something to write.
 */
export const prepareImportThreads = (file: FileToRead | undefined): void => {
  const format = file !== undefined && file.octets >= bigOctets ? formatAhead(file) : undefined;
  const reader = startReader({ metersSoon: format === 'pcap' || format === 'pcapng' });
  reader.unref();
  if (file !== undefined && format !== undefined) prepared = { reader, writer: undefined, ahead: new ReadAhead(reader, file) };
  else {
    prepared = { reader, writer: startWriter() };
    prepared.writer?.unref();
  }
};

/** How long threads stay ready for an import that may not come. */
const readyMs = 10_000;
let dropping: NodeJS.Timeout | undefined;

/** Starts both ahead of the next import, which takes them if it comes soon; else they end. */
export const keepThreadsReady = (): void => {
  if (prepared === undefined) prepareImportThreads(undefined);
  dropSoon();
};

const dropSoon = (): void => {
  clearTimeout(dropping);
  dropping = setTimeout(dropReadyThreads, readyMs).unref();
};

/**
 * Has the threads of a small Parquet file, which have done all they were told, stay ready for the next import. Those of other formats do not:
 * they have memory of the import that is over.
 */
export const giveBackThreads = (reader: Worker, writer: Worker): void => {
  for (const worker of [reader, writer]) {
    // Those of the import that is over.
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
    worker.on('error', () => undefined); // it ends then
    worker.once('exit', () => {
      if (prepared?.reader === worker || prepared?.writer === worker) void dropReadyThreads();
    });
    worker.unref();
  }
  if (prepared === undefined) prepared = { reader, writer };
  else void Promise.all([reader.terminate(), writer.terminate()]);
  dropSoon();
};

/** Ends threads that nobody has taken. */
export const dropReadyThreads = async (): Promise<void> => {
  const threads = prepared;
  prepared = undefined;
  clearTimeout(dropping);
  await Promise.all([threads?.reader.terminate(), threads?.writer?.terminate()]);
};
