/**
 * Blocks of octets that an encoder fills and hands over, each alone in its ArrayBuffer, so that it moves to another
 * thread without a copy. Who has sent a block may give its buffer back to the pool.
 */

/** Octets of an ordinary block: large enough to make a message to another thread (20 us) worth its cost, small enough for the cache. */
export const blockOctets = 256 * 1024;

/** Spare buffers of one size. */
export class BlockPool {
  /** Octets of a block. */
  readonly octets: number;
  readonly #most: number;
  readonly #spare: ArrayBuffer[] = [];

  /** Keeps up to `most` spare buffers. */
  constructor(octets = blockOctets, most = 8) {
    this.octets = octets;
    this.#most = most;
  }

  /** A buffer of `this.octets` or, when more is needed, of that many. Its content is arbitrary. */
  take(needed = this.octets): ArrayBuffer {
    if (needed > this.octets) return new ArrayBuffer(needed);
    return this.#spare.pop() ?? new ArrayBuffer(this.octets);
  }

  /** Takes back a buffer that nobody reads any more; those of odd size, detached or in excess are dropped. */
  give(buffer: ArrayBuffer): void {
    if (buffer.byteLength === this.octets && this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}

/** The open block and those that are full. The writer keeps its own copy of `u8`, `view` and `at` while it writes. */
export class BlockQueue {
  u8: Uint8Array;
  view: DataView;
  /** Where the open block has been filled to. */
  at = 0;
  readonly #pool: BlockPool;
  readonly #full: Uint8Array[] = [];

  constructor(pool: BlockPool) {
    this.#pool = pool;
    this.u8 = new Uint8Array(0);
    this.view = new DataView(this.u8.buffer);
  }

  /** Octets that the open block still has room for. */
  get room(): number {
    return this.u8.length - this.at;
  }

  get hasFull(): boolean {
    return this.#full.length > 0;
  }

  /** The next full block, or null. */
  take(): Uint8Array | null {
    return this.#full.shift() ?? null;
  }

  /** Closes the open block, if it has anything, and opens one with room for `octets`. */
  next(octets: number): void {
    this.close();
    this.#open(this.#pool.take(octets));
  }

  /** Makes room for `octets` in the open block, keeping what it has: for a value that is larger than a block. */
  grow(octets: number): void {
    if (this.room >= octets) return;
    const old = this.u8;
    const { at } = this;
    this.#open(new ArrayBuffer(Math.max(at + octets, old.length * 2)));
    this.u8.set(old.subarray(0, at));
    this.at = at;
    if (old.length > 0) this.#pool.give(old.buffer as ArrayBuffer);
  }

  /** Copies octets behind what has been written, over as many blocks as it takes. */
  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      if (this.room === 0) this.next(this.#pool.octets);
      const fitting = Math.min(bytes.length - from, this.room);
      this.u8.set(bytes.subarray(from, from + fitting), this.at);
      this.at += fitting;
      from += fitting;
    }
  }

  /** Moves what the open block has, if anything, to the full ones. */
  close(): void {
    if (this.at > 0) this.#full.push(this.u8.subarray(0, this.at));
    else if (this.u8.length > 0) this.#pool.give(this.u8.buffer as ArrayBuffer);
    this.#open(new ArrayBuffer(0));
  }

  #open(buffer: ArrayBuffer): void {
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.at = 0;
  }
}
