/**
 * The threads of an import. They take a tenth of a second to start, which a command spends while it loads and opens the
 * store: it prepares them first of all.
 */
import { Worker } from 'node:worker_threads';
import { type FileToRead, formatAhead, ReadAhead } from './read-ahead.ts';
import { bigOctets, type ReaderStart, startReader } from './read-start.ts';

export type ImportThreads = { reader: Worker; writer: Worker; ahead?: ReadAhead };

let prepared: ImportThreads | undefined;

/** Starts both; who takes them ends them. Those that were prepared are taken first. */
export const startImportThreads = (): ImportThreads => {
  const threads = prepared ?? startBoth({ metersSoon: false });
  prepared = undefined;
  threads.reader.ref();
  threads.writer.ref();
  return threads;
};

const startBoth = (reader: ReaderStart): ImportThreads => ({
  reader: startReader(reader),
  writer: new Worker(new URL('./write-thread.ts', import.meta.url), { name: 'weir-write-thread' }),
});

/** Starts both ahead of the next `startImportThreads`, and with a big file at once what it will be for; until then they keep no process alive. */
export const prepareImportThreads = (file: FileToRead | undefined): void => {
  const format = file !== undefined && file.octets >= bigOctets ? formatAhead(file) : undefined;
  prepared = startBoth({ metersSoon: format === 'pcap' || format === 'pcapng' });
  if (file !== undefined && format !== undefined) prepared.ahead = new ReadAhead(prepared.reader, file);
  prepared.reader.unref();
  prepared.writer.unref();
};

/** How long threads stay ready for an import that may not come. */
const readyMs = 10_000;
let dropping: NodeJS.Timeout | undefined;

/** Starts both ahead of the next import, which takes them if it comes soon; else they end. */
export const keepThreadsReady = (): void => {
  if (prepared !== undefined) return;
  prepareImportThreads(undefined);
  clearTimeout(dropping);
  dropping = setTimeout(dropReadyThreads, readyMs).unref();
};

/** Ends threads that nobody has taken. */
export const dropReadyThreads = async (): Promise<void> => {
  const threads = prepared;
  prepared = undefined;
  clearTimeout(dropping);
  await Promise.all([threads?.reader.terminate(), threads?.writer.terminate()]);
};
