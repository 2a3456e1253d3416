/**
 * A capture that is read and metered while the store that will take its flows is still being opened, a quarter of a second on a machine with two
 * cores. Its rows wait in the channel until there is a writer. If the store does not open, nobody asks for them.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { Caller } from '../../core/thread.ts';
import { type BatchLink, linkThreads } from './batch-channel.ts';
import { detectFormat } from './detect.ts';
import type { ReadArguments } from './read-arguments.ts';
import type { ImportNews, ImportSettings, ReadReport } from './settings.ts';

/** What is to be read: a file with a capture in it. */
export type CaptureToRead = { path: string; octets: number; settings: ImportSettings };

export class ReadAhead {
  readonly caller: Caller;
  readonly report: Promise<ReadReport>;
  /** Where the rows will be. */
  readonly writer: BatchLink;
  /** Hears of the progress, as soon as somebody wants to. */
  onNews: (news: ImportNews) => void = () => undefined;
  readonly #capture: CaptureToRead;

  /** Has the thread begin at once. */
  constructor(reader: Worker, capture: CaptureToRead) {
    const link = linkThreads();
    const { settings, path, octets: bytesTotal } = capture;
    // A capture is never put down as a file for the writer: the staging folder is not needed, and not known yet.
    const args: ReadArguments = { settings, origin: { path }, bytesTotal, link: link.reader, staging: '', importId: 0 };
    this.#capture = capture;
    this.writer = link.writer;
    this.caller = new Caller(reader);
    this.report = this.caller.call<ReadReport>('read', args, {
      transfer: [link.reader.port],
      onNews: (news) => this.onNews(news as ImportNews),
    });
    this.report.catch(() => undefined); // told to whoever takes it
  }

  /** Whether it reads just what somebody wants to have read. */
  isOf(path: string, settings: ImportSettings): boolean {
    return path === this.#capture.path && JSON.stringify(settings) === JSON.stringify(this.#capture.settings);
  }
}

/** Whether a file begins as a capture does that is not compressed, and is to be read as what it is. */
export const isCapture = ({ path, settings }: CaptureToRead): boolean => {
  if (settings.format !== undefined) return false;
  const head = new Uint8Array(64);
  try {
    const file = openSync(path, 'r');
    try {
      const format = detectFormat(head.subarray(0, readSync(file, head)));
      return format === 'pcap' || format === 'pcapng';
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // who reads it will tell why
  }
};
