/**
 * Small whole numbers in the hybrid of runs and packed bits, as levels and the codes of a dictionary have it
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/): the other half of `packing.ts`.
 */
import { isInKernel, results, valueKernel } from '../encode/kernel/kernel.ts';
import { Unreadable } from './read-fault.ts';

export class Codes {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #width: number;
  #at: number;
  /** Numbers left of the run at hand, its value, or -1 and the bit where the next packed number begins. */
  #left = 0;
  #value = 0;
  #bit = 0;

  /** Those in `bytes[at, end)`, octets of a page, of `width` bits each (0 to 32). */
  constructor(bytes: Uint8Array, at: number, end: number, width: number) {
    if (width > 32 || end > bytes.length) throw new Unreadable(`codes of ${width} bits`);
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
    this.#width = width;
  }

  /** If one run holds that many numbers and they are all the same: their value; else undefined. Nothing is taken. */
  sameFor(count: number): number | undefined {
    if (this.#left === 0 && count > 0) this.#nextRun();
    return this.#value >= 0 && this.#left >= count ? this.#value : undefined;
  }

  /** The next `count` numbers into `target[0, count)`, at most `resultRows`; the answer is below 0 where one is above `last`. */
  read(target: Uint32Array, count: number, last = 0x7fff_ffff): number {
    let odd = 0;
    for (let at = 0; at < count; ) {
      if (this.#left === 0) this.#nextRun();
      const taken = Math.min(this.#left, count - at);
      if (this.#value >= 0) {
        target.fill(this.#value, at, at + taken);
        if (this.#value > last) odd = -1;
      } else odd |= this.#unpack(target, at, taken, last);
      this.#left -= taken;
      at += taken;
    }
    return odd;
  }

  skip(count: number): void {
    for (let rest = count; rest > 0; ) {
      if (this.#left === 0) this.#nextRun();
      const taken = Math.min(this.#left, rest);
      if (this.#value < 0) this.#bit += taken * this.#width;
      this.#left -= taken;
      rest -= taken;
    }
  }

  #nextRun(): void {
    const head = this.#varint();
    const count = Math.floor(head / 2);
    if (count === 0) throw new Unreadable('a run of codes is empty');
    if (head % 2 === 0) {
      this.#left = count;
      this.#value = 0;
      for (let shift = 0; shift < this.#width; shift += 8) this.#value += this.#byte() * 2 ** shift;
      return;
    }
    // The last group may be cut short where its last numbers are not used.
    const octets = Math.min(count * this.#width, this.#end - this.#at);
    this.#left = this.#width === 0 ? count * 8 : Math.min(count * 8, Math.floor((octets * 8) / this.#width));
    if (this.#left === 0) throw new Unreadable('codes end too early');
    this.#value = -1;
    this.#bit = this.#at * 8;
    this.#at += octets;
  }

  #unpack(target: Uint32Array, at: number, count: number, last: number): number {
    const bit = this.#bit;
    this.#bit += count * this.#width;
    const from = this.#bytes.byteOffset + (bit >>> 3);
    if (isInKernel(target)) return valueKernel.unpack(from, bit & 7, this.#width, count, target.byteOffset + at * 4, last);
    const { words } = results;
    const odd = valueKernel.unpack(from, bit & 7, this.#width, count, words.byteOffset, last);
    target.set(words.subarray(0, count), at);
    return odd;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new Unreadable('codes end too early');
    return this.#bytes[this.#at++] as number;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new Unreadable('a run of codes is too long');
  }
}
