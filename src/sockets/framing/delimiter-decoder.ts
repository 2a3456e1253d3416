import { incomplete, tooLarge } from './fault.ts';
import type { Decoder, FrameSink } from './frame-sink.ts';
import type { DelimiterFraming } from './framing.ts';
import { Gather } from './gather.ts';

const cr = 13;
/** From here on the search of the engine is faster than a loop of ours; below, calling it costs more than it saves. */
const nearby = 48;

/**
 * Bytes up to a delimiter. Each byte is looked at once: of what is held only the last bytes, in which a delimiter may have begun, are
 * looked at again, so that a long frame in small chunks does not cost its square.
 */
export class DelimiterDecoder implements Decoder {
  readonly #delimiter: Buffer;
  readonly #stripsCr: boolean;
  readonly #emitsRest: boolean;
  readonly #max: number;
  readonly #sink: FrameSink;
  readonly #gather = new Gather();

  constructor({ delimiter, stripsCr, final, max }: DelimiterFraming, sink: FrameSink) {
    this.#delimiter = Buffer.from(delimiter);
    this.#stripsCr = stripsCr;
    this.#emitsRest = final === 'emit';
    this.#max = max;
    this.#sink = sink;
  }

  get held(): number {
    return this.#gather.length;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = this.held > 0 ? this.#finishHeld(bytes) : 0;
    const { length } = this.#delimiter;
    const last = this.#delimiter[length - 1] as number;
    while (at < bytes.length) {
      const end = length === 1 ? nextByte(bytes, last, at) : bytes.indexOf(this.#delimiter, at);
      if (end === -1) break;
      this.#emit(bytes, at, end);
      at = end + length;
    }
    this.#hold(bytes, at);
  }

  end(): void {
    const { bytes, length } = this.#gather;
    if (length === 0) return;
    if (!this.#emitsRest) throw incomplete(length);
    this.#gather.clear();
    this.#check(length);
    this.#sink(bytes, 0, length);
  }

  /** Ends the frame whose beginning is held, and answers where the chunk goes on; all of the chunk is held where it does not end. */
  #finishHeld(chunk: Buffer): number {
    const { length } = this.#delimiter;
    const before = Math.min(length - 1, this.held);
    if (before > 0) {
      const { bytes } = this.#gather;
      const seam = Buffer.concat([bytes.subarray(this.held - before, this.held), chunk.subarray(0, length - 1)]);
      const found = seam.indexOf(this.#delimiter);
      if (found !== -1) {
        this.#emitHeld(this.held - before + found);
        return found + length - before;
      }
    }
    const end = chunk.indexOf(this.#delimiter);
    if (end === -1) return 0;
    // Told before it is copied, so that nobody makes us copy what is refused.
    this.#check(this.held + end - (this.#stripsCr ? 1 : 0));
    this.#gather.add(chunk, 0, end);
    this.#emitHeld(this.held);
    return end + length;
  }

  #emitHeld(length: number): void {
    const { bytes } = this.#gather;
    this.#gather.clear();
    this.#emit(bytes, 0, length);
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    const stop = this.#stripsCr && end > start && bytes[end - 1] === cr ? end - 1 : end;
    this.#check(stop - start);
    this.#sink(bytes, start, stop);
  }

  #hold(chunk: Buffer, at: number): void {
    if (at >= chunk.length) return;
    const held = this.held + chunk.length - at;
    // What is held may end with a CR and with all but one byte of a delimiter, which are no part of the frame.
    if (held > this.#max + this.#delimiter.length - 1 + (this.#stripsCr ? 1 : 0)) throw tooLarge(held, this.#max);
    this.#gather.add(chunk, at, chunk.length);
  }

  #check(length: number): void {
    if (length > this.#max) throw tooLarge(length, this.#max);
  }
}

function nextByte(bytes: Buffer, byte: number, from: number): number {
  const stop = Math.min(bytes.length, from + nearby);
  for (let at = from; at < stop; at++) if (bytes[at] === byte) return at;
  return stop === bytes.length ? -1 : bytes.indexOf(byte, stop);
}
