import { incomplete } from './fault.ts';
import type { Decoder, FrameSink } from './frame-sink.ts';
import type { LengthFraming } from './framing.ts';
import { Gather } from './gather.ts';
import { LengthReader } from './length-reader.ts';

/** A length, then as many bytes. The length is judged before anything is set aside for it. */
export class LengthDecoder implements Decoder {
  readonly #length: LengthReader;
  readonly #sink: FrameSink;
  readonly #gather = new Gather();
  /** Bytes of the frame that has begun; undefined within a length. */
  #expected: number | undefined;

  constructor(framing: LengthFraming, sink: FrameSink) {
    this.#length = new LengthReader(framing);
    this.#sink = sink;
  }

  get held(): number {
    return this.#length.held + this.#gather.length;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length || this.#expected === 0) {
      if (this.#expected === undefined) {
        at = this.#length.read(chunk, at);
        this.#expected = this.#length.take();
        if (this.#expected === undefined) return;
      }
      const expected: number = this.#expected;
      const end = at + expected - this.#gather.length;
      if (end > chunk.length) {
        if (at < chunk.length) this.#gather.add(chunk, at, chunk.length, expected);
        return;
      }
      this.#expected = undefined;
      if (this.#gather.length === 0) this.#sink(chunk, at, end);
      else this.#emitHeld(chunk, at, end, expected);
      at = end;
    }
  }

  end(): void {
    if (this.#expected !== undefined) throw incomplete(this.held, this.#expected - this.#gather.length);
    if (this.held > 0) throw incomplete(this.held);
  }

  #emitHeld(chunk: Uint8Array, start: number, end: number, expected: number): void {
    this.#gather.add(chunk, start, end, expected);
    const { bytes } = this.#gather;
    this.#gather.clear();
    this.#sink(bytes, 0, expected);
  }
}
