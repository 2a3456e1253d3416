/**
 * A file that is read while the store that will take its flows is still being opened, a quarter of a second on a machine with two cores: a capture or
 * LANL rows. Its rows wait in the channel until there is a writer. If the store does not open, nobody asks for them.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { Caller } from '../../core/thread.ts';
import { type BatchLink, linkThreads } from './batch-channel.ts';
import { detectFormat, type ImportFormat } from './detect.ts';
import type { ReadArguments } from './read-arguments.ts';
import type { ImportNews, ImportSettings, ReadReport } from './settings.ts';

/** What is to be read. */
export type FileToRead = { path: string; octets: number; settings: ImportSettings };

export class ReadAhead {
  readonly caller: Caller;
  readonly report: Promise<ReadReport>;
  /** Where the rows will be. */
  readonly writer: BatchLink;
  /** Hears of the progress, as soon as somebody wants to. */
  onNews: (news: ImportNews) => void = () => undefined;
  readonly #file: FileToRead;

  /** Has the thread begin at once. */
  constructor(reader: Worker, file: FileToRead) {
    const link = linkThreads();
    const { settings, path, octets: bytesTotal } = file;
    // What is begun here is never put down as a file for the writer: the staging folder is not needed, and not known yet.
    const args: ReadArguments = { settings, origin: { path }, bytesTotal, link: link.reader, staging: '', importId: 0 };
    this.#file = file;
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
    return path === this.#file.path && JSON.stringify(settings) === JSON.stringify(this.#file.settings);
  }
}

const formats: readonly ImportFormat[] = ['pcap', 'pcapng', 'lanl-2015', 'lanl-2015-id', 'lanl-2017'];

/** The format of a file that can be begun: it is not compressed, and to be read as what it is. */
export const formatAhead = ({ path, settings }: FileToRead): ImportFormat | undefined => {
  if (settings.format !== undefined) return undefined;
  const head = new Uint8Array(4096);
  try {
    const file = openSync(path, 'r');
    try {
      const format = detectFormat(head.subarray(0, readSync(file, head)));
      return formats.find((known) => known === format);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // who reads it will tell why
  }
};
