/**
 * Memory for what is unpacked of one row group, used again for the next. Left to the collector of garbage, which sees a few
 * objects where there are megabytes, it would add a hundred megabytes to each thread that reads.
 */

/** Octets behind what is taken that may be read, so that bits can be loaded by words. */
export const padding = 8;

const slabOctets = 1024 * 1024;

export class Scratch {
  #slabs: ArrayBuffer[] = [];
  #slab = 0;
  #at = 0;

  /** Takes back all that was given. */
  clear(): void {
    this.#slab = 0;
    this.#at = 0;
  }

  /** Memory for octets, of arbitrary content, with `padding` behind it. */
  octets(length: number): Uint8Array {
    const at = this.#take(length + padding);
    return new Uint8Array(this.#slabs[this.#slab] as ArrayBuffer, at, length);
  }

  /** Memory for 32-bit words, of arbitrary content. */
  words(count: number): Uint32Array {
    const at = this.#take(count * 4);
    return new Uint32Array(this.#slabs[this.#slab] as ArrayBuffer, at, count);
  }

  /** Where in the slab at hand that many octets begin. */
  #take(octets: number): number {
    const needed = (octets + 7) & ~7;
    while (this.#slab < this.#slabs.length && this.#at + needed > (this.#slabs[this.#slab] as ArrayBuffer).byteLength) {
      this.#slab++;
      this.#at = 0;
    }
    if (this.#slab === this.#slabs.length) this.#slabs.push(new ArrayBuffer(Math.max(slabOctets, needed)));
    const at = this.#at;
    this.#at += needed;
    return at;
  }
}
