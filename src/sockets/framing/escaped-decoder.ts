import { frameProblem, incomplete, tooLarge } from './fault.ts';
import type { Decoder, FrameSink } from './frame-sink.ts';
import type { DelimiterFraming } from './framing.ts';
import { Gather } from './gather.ts';

export const backslash = 0x5c;
const cr = 13;

/** Bytes up to a delimiter of one byte, where a backslash makes the delimiter, or a backslash, behind it a byte like any other. */
export class EscapedDecoder implements Decoder {
  readonly #framing: DelimiterFraming;
  readonly #delimiter: number;
  readonly #sink: FrameSink;
  readonly #gather = new Gather();
  #isAfterBackslash = false;

  constructor(framing: DelimiterFraming, sink: FrameSink) {
    this.#framing = framing;
    this.#delimiter = framing.delimiter[0] as number;
    this.#sink = sink;
  }

  get held(): number {
    return this.#gather.length + (this.#isAfterBackslash ? 1 : 0);
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#isAfterBackslash) {
        if (byte !== this.#delimiter && byte !== backslash)
          throw frameProblem('frame.contains_delimiter', 'A backslash stands before a byte that needs none.', { byte });
        this.#isAfterBackslash = false;
        this.#take(chunk, at);
      } else if (byte === backslash) this.#isAfterBackslash = true;
      else if (byte === this.#delimiter) this.#emit(this.#framing.stripsCr);
      else this.#take(chunk, at);
    }
  }

  end(): void {
    if (this.held === 0) return;
    if (this.#isAfterBackslash || this.#framing.final === 'error') throw incomplete(this.held);
    this.#emit(false);
  }

  #take(chunk: Uint8Array, at: number): void {
    const { max, stripsCr } = this.#framing;
    if (this.#gather.length >= max + (stripsCr ? 1 : 0)) throw tooLarge(this.#gather.length + 1, max);
    this.#gather.add(chunk, at, at + 1);
  }

  #emit(stripsCr: boolean): void {
    const { bytes, length } = this.#gather;
    this.#gather.clear();
    const end = stripsCr && length > 0 && bytes[length - 1] === cr ? length - 1 : length;
    if (end > this.#framing.max) throw tooLarge(end, this.#framing.max);
    this.#sink(bytes, 0, end);
  }
}
