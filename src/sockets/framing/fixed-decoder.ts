import { incomplete } from './fault.ts';
import type { Decoder, FrameSink } from './frame-sink.ts';
import type { FixedFraming } from './framing.ts';
import { Gather } from './gather.ts';

/** Every so many bytes are a frame. */
export class FixedDecoder implements Decoder {
  readonly #size: number;
  readonly #emitsRest: boolean;
  readonly #sink: FrameSink;
  readonly #gather = new Gather();

  constructor({ size, partial }: FixedFraming, sink: FrameSink) {
    this.#size = size;
    this.#emitsRest = partial === 'emit';
    this.#sink = sink;
  }

  get held(): number {
    return this.#gather.length;
  }

  push(chunk: Uint8Array): void {
    const size = this.#size;
    let at = 0;
    if (this.held > 0) {
      at = Math.min(chunk.length, size - this.held);
      this.#gather.add(chunk, 0, at, size);
      if (this.held < size) return;
      const { bytes } = this.#gather;
      this.#gather.clear();
      this.#sink(bytes, 0, size);
    }
    for (; chunk.length - at >= size; at += size) this.#sink(chunk, at, at + size);
    if (at < chunk.length) this.#gather.add(chunk, at, chunk.length, size);
  }

  end(): void {
    const { bytes, length } = this.#gather;
    if (length === 0) return;
    if (!this.#emitsRest) throw incomplete(length, this.#size - length);
    this.#gather.clear();
    this.#sink(bytes, 0, length);
  }
}
