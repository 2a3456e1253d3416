/**
 * Collects a frame whose bytes come in several chunks. Its memory follows what has come, never what was claimed: at most 64 KiB more than
 * twice that. So each byte is copied once, and of frames above 64 KiB once more at most.
 */
export class Gather {
  #bytes: Uint8Array = empty;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What has come so far; good until the next `add`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds bytes of a chunk; `expected` is the length of the whole where it is known. */
  add(chunk: Uint8Array, start: number, end: number, expected = Number.POSITIVE_INFINITY): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(length, expected);
    // A view for each piece costs more than a short copy.
    if (end - start < 32) for (let from = start, to = this.#length; from < end; from++, to++) this.#bytes[to] = chunk[from] as number;
    else this.#bytes.set(chunk.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** Gives its memory away: whoever took `bytes` keeps it. */
  clear(): void {
    this.#bytes = empty;
    this.#length = 0;
  }

  #grow(length: number, expected: number): void {
    const doubled = 2 * length;
    const room = Number.isFinite(expected) ? Math.min(expected, Math.max(knownRoom, doubled)) : Math.max(unknownRoom, doubled);
    const bytes = new Uint8Array(room);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

const empty = new Uint8Array(0);
/** What a frame of known length may claim before it has sent anything. */
const knownRoom = 64 * 1024;
const unknownRoom = 256;
