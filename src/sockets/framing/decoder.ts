/**
 * Cuts a stream into frames, chunk by chunk. However the bytes are cut into chunks, the frames are the same, and so is the fault that ends
 * them. A decoder that has thrown is of no use any more: nobody can tell where the next frame begins.
 */
import { DelimiterDecoder } from './delimiter-decoder.ts';
import { EscapedDecoder } from './escaped-decoder.ts';
import { FixedDecoder } from './fixed-decoder.ts';
import type { Decoder, FrameSink } from './frame-sink.ts';
import type { Framing } from './framing.ts';
import { LengthDecoder } from './length-decoder.ts';

/** A decoder for one stream. */
export function createDecoder(framing: Framing, sink: FrameSink): Decoder {
  switch (framing.kind) {
    case 'raw':
      return new RawDecoder(sink);
    case 'fixed':
      return new FixedDecoder(framing, sink);
    case 'delimiter':
      return framing.isEscaped ? new EscapedDecoder(framing, sink) : new DelimiterDecoder(framing, sink);
    case 'length':
      return new LengthDecoder(framing, sink);
  }
}

/** The frame that a sink was told of: a view, not a copy. */
export const frameOf = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);

/** All frames of bytes that are there as a whole. Throws as the decoder does. */
export function decodeAll(framing: Framing, bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const decoder = createDecoder(framing, (chunk, start, end) => void frames.push(frameOf(chunk, start, end)));
  decoder.push(bytes);
  decoder.end();
  return frames;
}

class RawDecoder implements Decoder {
  readonly held = 0;
  readonly #sink: FrameSink;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#sink(chunk, 0, chunk.length);
  }

  end(): void {}
}
