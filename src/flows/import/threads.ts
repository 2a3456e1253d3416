/**
 * The threads of an import. They take a tenth of a second to start, which a command spends while it loads and opens the
 * store: it prepares them first of all.
 */
import { Worker } from 'node:worker_threads';

export type ImportThreads = { reader: Worker; writer: Worker };

/** What the reading thread is told as it starts: whether it shall start the metering one at once. */
export type ReaderStart = { metersSoon: boolean };

const start = (file: string, workerData: ReaderStart | null): Worker =>
  new Worker(new URL(file, import.meta.url), { name: `weir-${file.slice(2, -3)}`, workerData });

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
  reader: start('./read-thread.ts', reader),
  writer: start('./write-thread.ts', null),
});

/** Starts both ahead of the next `startImportThreads`; until then they keep no process alive. `path` names what will be imported first. */
export const prepareImportThreads = (path: string | undefined, octets: number | null): void => {
  prepared ??= startBoth({ metersSoon: path !== undefined && isCaptureName.test(path) && (octets ?? 0) >= meteredApartOctets });
  prepared.reader.unref();
  prepared.writer.unref();
};

/** A guess: a thread too many costs little, and one too few nothing but time. */
const isCaptureName = /\.(pcap|pcapng|cap)$/i;

/** Captures from this size on are metered in a thread of their own: it takes some 50 ms to start, in which so many octets are metered. */
export const meteredApartOctets = 32 * 1_048_576;
