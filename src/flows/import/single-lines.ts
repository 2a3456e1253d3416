/** Hands on lines one at a time, with their numbers, and reports the empty ones among them. */
import { lineLimit } from './limits.ts';
import { LineBlocks, lineTooLong } from './lines.ts';
import type { BadRows } from './rows.ts';

const lf = 10;
const cr = 13;

/** Takes one line, `bytes[start, end)` without its LF or CRLF; `line` counts from 1. */
export type TakeLine = (bytes: Uint8Array, start: number, end: number, line: number) => void;

export class SingleLines {
  /** Lines seen so far, empty ones included. */
  count = 0;
  readonly #take: TakeLine;
  readonly #badRows: BadRows;
  /** What an empty line should have been. */
  readonly #expected: string;
  readonly #blocks = new LineBlocks(
    (bytes, start, end) => this.#split(bytes, start, end),
    () => this.count,
  );
  /** Empty lines not yet reported: at the very end of a file they are no fault. */
  #emptyLines = 0;

  constructor(expected: string, badRows: BadRows, take: TakeLine) {
    this.#expected = expected;
    this.#badRows = badRows;
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    this.#blocks.push(bytes);
  }

  end(): void {
    this.#blocks.end();
  }

  #split(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const next = bytes.indexOf(lf, at) + 1;
      if (next - at > lineLimit) throw lineTooLong(this.count + 1, bytes.subarray(at, next));
      const lineEnd = next - 1 > at && bytes[next - 2] === cr ? next - 2 : next - 1;
      this.count++;
      if (lineEnd === at) this.#emptyLines++;
      else this.#line(bytes, at, lineEnd);
      at = next;
    }
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    const first = this.count - this.#emptyLines;
    for (let line = first; line < this.count; line++) {
      this.#badRows.add({ line, expected: this.#expected, got: 'an empty line', value: '' });
    }
    this.#emptyLines = 0;
    this.#take(bytes, start, end, this.count);
  }
}
