import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The start of every so many lines is remembered. */
const stride = 64;
const blockOctets = 64 * 1024;
/** A longer line is shown cut. */
const longestLine = 16 * 1024;
const newline = 10;

/** A piece of a log: lines from a number on, and how many there are in all. */
export type LogPiece = { from: number; total: number; lines: string[] };

/**
 * The log of a session: what its processes print outside of statements, and what the server has to say of it. It only grows,
 * so that a line keeps its number. Reading costs what was added since the last time, and the lines asked for.
 */
export class SessionLog {
  readonly #path: string;
  /** Offsets of lines 0, 64, 128 ... */
  #starts: number[] = [0];
  #lines = 0;
  #scanned = 0;
  /** Whether the last octet seen was not the end of a line. */
  #isOpen = false;

  constructor(folder: string) {
    this.#path = join(folder, 'log');
  }

  /** Adds a line of the server. */
  note(text: string): void {
    const time = new Date().toISOString().replace('T', ' ').slice(0, 19);
    try {
      appendFileSync(this.#path, `${time} weir: ${text.replaceAll('\n', ' ')}\n`, { mode: 0o600 });
    } catch {
      // The folder is gone, and with it whoever would read this.
    }
  }

  /** Lines as Livy pages them: `from` negative or left out: the last `size`; `size` negative: all. */
  read(from: number | undefined, size = 100): LogPiece {
    return this.#withFile((file) => {
      this.#scan(file);
      const total = this.#lines + (this.#isOpen ? 1 : 0);
      const count = size < 0 ? total : size;
      const first = from === undefined || from < 0 ? Math.max(0, total - count) : from;
      return { from: first, total, lines: this.#linesAt(file, first, Math.min(total, first + count)) };
    });
  }

  #withFile(work: (file: number) => LogPiece): LogPiece {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return { from: 0, total: 0, lines: [] };
    }
    try {
      return work(file);
    } finally {
      closeSync(file);
    }
  }

  #scan(file: number): void {
    const end = fstatSync(file).size;
    const block = Buffer.allocUnsafe(Math.min(blockOctets, Math.max(1, end - this.#scanned)));
    while (this.#scanned < end) {
      const read = readSync(file, block, 0, block.length, this.#scanned);
      if (read === 0) return;
      for (let at = block.indexOf(newline); at !== -1 && at < read; at = block.indexOf(newline, at + 1)) {
        this.#lines++;
        if (this.#lines % stride === 0) this.#starts.push(this.#scanned + at + 1);
      }
      this.#isOpen = block[read - 1] !== newline;
      this.#scanned += read;
    }
  }

  #linesAt(file: number, from: number, to: number): string[] {
    if (from >= to) return [];
    const begin = this.#starts[Math.floor(from / stride)] as number;
    const end = this.#starts[Math.ceil(to / stride)] ?? this.#scanned;
    const text = Buffer.alloc(end - begin);
    readSync(file, text, 0, text.length, begin);
    const skip = from % stride;
    const lines = text.toString('utf8').split('\n');
    return lines.slice(skip, skip + to - from).map((line) => line.replace(/\r$/, '').slice(0, longestLine));
  }
}
