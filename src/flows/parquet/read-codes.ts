/**
 * Small whole numbers in the hybrid of runs and packed bits, as levels and the codes of a dictionary have it
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/): the other half of `packing.ts`.
 */
import { Unreadable } from './read-fault.ts';
import { padding } from './scratch.ts';

export class Codes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  readonly #width: number;
  #at: number;
  /** Numbers left of the run at hand, its value, or -1 and the bit where the next packed number begins. */
  #left = 0;
  #value = 0;
  #bit = 0;

  /** Those in `bytes[at, end)`, of `width` bits each (0 to 32); behind `end` there is the padding of a page. */
  constructor(bytes: Uint8Array, at: number, end: number, width: number) {
    if (width > 32 || end > bytes.length) throw new Unreadable(`codes of ${width} bits`);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length + padding);
    this.#at = at;
    this.#end = end;
    this.#width = width;
  }

  /** If one run holds that many numbers and they are all the same: their value; else undefined. Nothing is taken. */
  sameFor(count: number): number | undefined {
    if (this.#left === 0 && count > 0) this.#nextRun();
    return this.#value >= 0 && this.#left >= count ? this.#value : undefined;
  }

  /** The next `count` numbers into `target[0, count)`; returns a number that has every bit that one of them has. */
  read(target: Uint32Array, count: number): number {
    let bits = 0;
    for (let at = 0; at < count; ) {
      if (this.#left === 0) this.#nextRun();
      const taken = Math.min(this.#left, count - at);
      if (this.#value >= 0) {
        target.fill(this.#value, at, at + taken);
        bits |= this.#value;
      } else bits |= this.#unpack(target, at, taken);
      this.#left -= taken;
      at += taken;
    }
    return bits >>> 0;
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

  /** At most 25 bits lie within the 32 from the octet where they begin. */
  #unpack(target: Uint32Array, from: number, count: number): number {
    const view = this.#view;
    const width = this.#width;
    const eights = width <= 25 && (this.#bit & 7) === 0 ? count & ~7 : 0;
    let bits = eights > 0 ? unpackEights(view, this.#bit >>> 3, width, target.subarray(from, from + eights)) : 0;
    let bit = this.#bit + eights * width;
    if (width <= 25) {
      const mask = 2 ** width - 1;
      for (let at = from + eights, end = from + count; at < end; at++, bit += width) {
        const value = (view.getInt32(bit >>> 3, true) >>> (bit & 7)) & mask;
        bits |= value;
        target[at] = value;
      }
    } else {
      const factor = 2 ** width;
      for (let at = from, end = from + count; at < end; at++, bit += width) {
        const octets = view.getUint32(bit >>> 3, true) + view.getUint8((bit >>> 3) + 4) * 4294967296;
        const value = Math.floor(octets / 2 ** (bit & 7)) % factor;
        bits |= value;
        target[at] = value;
      }
    }
    this.#bit = bit;
    return bits;
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

/**
 * Numbers of at most 25 bits from an octet on, as many as the target takes, which is a multiple of eight: eight of them are whole
 * octets, so that within each eight all of them lie at the same places. Returns every bit that one of them has.
 */
const unpackEights = (view: DataView, from: number, width: number, target: Uint32Array): number => {
  const mask = (1 << width) - 1;
  const at1 = width >>> 3;
  const at2 = (width * 2) >>> 3;
  const at3 = (width * 3) >>> 3;
  const at4 = (width * 4) >>> 3;
  const at5 = (width * 5) >>> 3;
  const at6 = (width * 6) >>> 3;
  const at7 = (width * 7) >>> 3;
  const shift1 = width & 7;
  const shift2 = (width * 2) & 7;
  const shift3 = (width * 3) & 7;
  const shift4 = (width * 4) & 7;
  const shift5 = (width * 5) & 7;
  const shift6 = (width * 6) & 7;
  const shift7 = (width * 7) & 7;
  let bits = 0;
  for (let to = 0, at = from; to < target.length; to += 8, at += width) {
    const a = view.getInt32(at, true) & mask;
    const b = (view.getInt32(at + at1, true) >>> shift1) & mask;
    const c = (view.getInt32(at + at2, true) >>> shift2) & mask;
    const d = (view.getInt32(at + at3, true) >>> shift3) & mask;
    const e = (view.getInt32(at + at4, true) >>> shift4) & mask;
    const f = (view.getInt32(at + at5, true) >>> shift5) & mask;
    const g = (view.getInt32(at + at6, true) >>> shift6) & mask;
    const h = (view.getInt32(at + at7, true) >>> shift7) & mask;
    target[to] = a;
    target[to + 1] = b;
    target[to + 2] = c;
    target[to + 3] = d;
    target[to + 4] = e;
    target[to + 5] = f;
    target[to + 6] = g;
    target[to + 7] = h;
    bits |= a | b | c | d | e | f | g | h;
  }
  return bits;
};
