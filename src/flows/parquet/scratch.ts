/**
 * Memory for what is unpacked of one row group, used again for the next. Left to the collector of garbage, which sees a few
 * objects where there are megabytes, it would add a hundred megabytes to each thread that reads. It is the kernel's, which does what
 * is done with every value.
 */
import { giveSlab, takeSlab } from '../encode/kernel/kernel.ts';
import { Unreadable } from './read-fault.ts';

/** Octets behind what is taken that may be read, so that bits and short texts can be loaded by words. */
export const padding = 16;

export class Scratch {
  #slabs: Uint8Array<ArrayBuffer>[] = [];
  #slab = 0;
  #at = 0;

  /** Takes back all that was given. */
  clear(): void {
    this.#slab = 0;
    this.#at = 0;
  }

  /** Ends its life: all of its memory is for others. */
  release(): void {
    this.clear();
    for (const slab of this.#slabs.splice(0)) giveSlab(slab);
  }

  /** Memory for octets, of arbitrary content, with `padding` behind it. */
  octets(length: number): Uint8Array {
    const at = this.#take(length + padding);
    const { buffer, byteOffset } = this.#slabs[this.#slab] as Uint8Array<ArrayBuffer>;
    return new Uint8Array(buffer, byteOffset + at, length);
  }

  /** Memory for 32-bit words, of arbitrary content. */
  words(count: number): Uint32Array {
    const at = this.#take(count * 4);
    const { buffer, byteOffset } = this.#slabs[this.#slab] as Uint8Array<ArrayBuffer>;
    return new Uint32Array(buffer, byteOffset + at, count);
  }

  /** Where in the slab at hand that many octets begin. */
  #take(octets: number): number {
    const needed = (octets + 7) & ~7;
    while (this.#slab < this.#slabs.length && this.#at + needed > (this.#slabs[this.#slab] as Uint8Array).length) {
      this.#slab++;
      this.#at = 0;
    }
    if (this.#slab === this.#slabs.length) {
      const slab = takeSlab(needed);
      if (slab === undefined) throw new Unreadable('there is no memory left for another row group');
      this.#slabs.push(slab);
    }
    const at = this.#at;
    this.#at += needed;
    return at;
  }
}
