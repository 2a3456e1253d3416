/**
 * Cuts a byte stream into blocks of whole lines. Within a chunk the block is the chunk itself, nothing is copied; only
 * a line that straddles two chunks is put together in a buffer of its own.
 */
import { Problem } from '../../core/problem.ts';
import { lineLimit } from './limits.ts';

const lf = 10;

/** Takes `bytes[start, end)`: one or more lines, each with its LF at the end. The bytes are valid during the call only. */
export type TakeLines = (bytes: Uint8Array, start: number, end: number) => void;

export class LineBlocks {
  readonly #take: TakeLines;
  /** Lines that have been counted so far: for the number of one that is too long. */
  readonly #lines: () => number;
  #carry = new Uint8Array(4096);
  #carried = 0;

  constructor(take: TakeLines, lines: () => number) {
    this.#take = take;
    this.#lines = lines;
  }

  /** Hands on the lines that `bytes` completes and keeps the rest; Problem `unprocessable` where a line passes `lineLimit`. */
  push(bytes: Uint8Array): void {
    let start = 0;
    if (this.#carried > 0) {
      start = bytes.indexOf(lf) + 1;
      this.#keep(bytes, 0, start === 0 ? bytes.length : start);
      if (start === 0) return;
      this.#release();
    }
    const end = bytes.lastIndexOf(lf) + 1;
    if (end > start) this.#take(bytes, start, end);
    this.#keep(bytes, Math.max(start, end), bytes.length);
  }

  /** The last line may lack its LF; it gets one. */
  end(): void {
    if (this.#carried === 0) return;
    this.#keep(Uint8Array.of(lf), 0, 1);
    this.#release();
  }

  #release(): void {
    const length = this.#carried;
    this.#carried = 0;
    this.#take(this.#carry, 0, length);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#carried + end - start;
    if (length > lineLimit) throw lineTooLong(this.#lines() + 1, this.#carry.subarray(0, this.#carried), bytes.subarray(start, end));
    if (length > this.#carry.length) {
      const grown = new Uint8Array(Math.max(length, this.#carry.length * 2));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = length;
  }
}

/** The problem of a line with that number that begins with `head` and has no end within `lineLimit`. */
export const lineTooLong = (line: number, ...head: Uint8Array[]): Problem => {
  const beginning = Buffer.concat(head.map((bytes) => bytes.subarray(0, 40)))
    .subarray(0, 40)
    .toString('latin1');
  return new Problem('unprocessable', `line ${line} is longer than ${lineLimit} octets: this is no file of rows`, {
    detail: `the line begins with ${JSON.stringify(beginning)}`,
    hint: 'name the format with --format if it was taken for another',
    facts: { line, expected: `a line of at most ${lineLimit} octets`, value: beginning },
  });
};
