import { frameProblem, tooLarge } from './fault.ts';
import type { LengthFraming } from './framing.ts';

/** Reads the length in front of a frame, which may come byte by byte, and judges it. */
export class LengthReader {
  readonly #width: number;
  readonly #framing: LengthFraming;
  /** What the length counts of itself. */
  readonly #own: number;
  /** Bytes of a length that is not whole. */
  #held = 0;
  #value = 0;
  #isWhole = false;

  constructor(framing: LengthFraming) {
    this.#framing = framing;
    this.#width = framing.width === 'varint' ? 0 : framing.width;
    this.#own = framing.isInclusive ? this.#width : 0;
  }

  /** Bytes of a length that is not whole yet. */
  get held(): number {
    return this.#held;
  }

  /** Reads on from a place of a chunk, and answers the place behind what it has read. Throws `frame.too_large`, `frame.bad_length`. */
  read(chunk: Uint8Array, at: number): number {
    if (this.#width === 0) return this.#readVarint(chunk, at);
    const { isLittle } = this.#framing;
    let place = at;
    while (this.#held < this.#width && place < chunk.length) {
      const byte = chunk[place++] as number;
      // By arithmetic: shifting would make 2^31 and more negative.
      this.#value = isLittle ? this.#value + byte * 2 ** (8 * this.#held) : this.#value * 256 + byte;
      this.#held++;
    }
    this.#isWhole = this.#held === this.#width;
    return place;
  }

  /** The length of the frame that follows, once: undefined while it is not whole. */
  take(): number | undefined {
    if (!this.#isWhole) return undefined;
    const value = this.#value;
    const length = value - this.#own;
    this.#held = 0;
    this.#value = 0;
    this.#isWhole = false;
    if (length < 0)
      throw frameProblem('frame.bad_length', `A length of ${value} is less than the ${this.#own} bytes that it has itself.`, {
        claimed: value,
      });
    if (length > this.#framing.max) throw tooLarge(length, this.#framing.max);
    return length;
  }

  /** LEB128: seven bits a byte, the lowest first, the top bit set on all but the last. At most 5 bytes, and no zeros behind. */
  #readVarint(chunk: Uint8Array, at: number): number {
    let place = at;
    while (place < chunk.length) {
      const byte = chunk[place++] as number;
      this.#value += (byte & 0x7f) * 2 ** (7 * this.#held);
      this.#held++;
      if (byte < 0x80) {
        if (byte === 0 && this.#held > 1) throw badVarint('with zeros behind');
        this.#isWhole = true;
        return place;
      }
      if (this.#held === 5) throw badVarint('of more than 5 bytes');
    }
    return place;
  }
}

const badVarint = (why: string) => frameProblem('frame.bad_length', `A length ${why} is no length.`);
