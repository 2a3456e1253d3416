/**
 * The start of the thread that reads. A command that imports starts it before all else, its own modules too: until these are loaded the other core has
 * nothing to do. So this loads nothing of ours.
 */
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** What the reading thread is told as it starts: whether it shall start the metering one at once. */
export type ReaderStart = { metersSoon: boolean };

/** Files from this size on are begun ahead, and captures metered in a thread of their own: to start one takes some 50 ms, in which so many octets are metered. */
export const bigOctets = 32 * 1_048_576;

const startThread = (workerData: ReaderStart): Worker =>
  new Worker(new URL('./read-entry.ts', import.meta.url), { name: 'weir-read-thread', workerData });

let early: Worker | undefined;

/** Starts the reading thread of the command with these words, where it has a big file to import into a folder. */
export const startReaderEarly = (words: readonly string[]): void => {
  if (!words.some((word) => word === '--data' || word.startsWith('--data='))) return;
  const file = words.find((word) => (statSync(word, { throwIfNoEntry: false })?.size ?? 0) >= bigOctets);
  if (file === undefined) return;
  early = startThread({ metersSoon: /\.p?cap(ng)?$/i.test(file) });
  early.unref();
};

/** The reading thread that was started early, or another. */
export const startReader = (start: ReaderStart = { metersSoon: false }): Worker => {
  const thread = early ?? startThread(start);
  early = undefined;
  return thread;
};
