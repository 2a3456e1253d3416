/**
 * DELTA_BINARY_PACKED: a first number, then differences in blocks, each block with its least difference and, in parts of some
 * bits each, what the others have above it. Numbers have 64 bits and wrap around; they are two words here.
 */
import { isInKernel, results, valueKernel } from '../encode/kernel/kernel.ts';
import { Unreadable } from './read-fault.ts';
import { padding } from './scratch.ts';

/** DuckDB writes blocks of 2048, others of 128. */
const mostBlock = 65_536;
const word = 4294967296;

export class Deltas {
  /** All numbers there are. */
  readonly count: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  readonly #minis: number;
  readonly #miniSize: number;
  /** Numbers not given yet. */
  #left: number;
  /** The number that is given next, unless its difference has still to be added. */
  #low = 0;
  #high = 0;
  #isFirst = true;
  #leastLow = 0;
  #leastHigh = 0;
  /** Where the widths of this block are, and which of its parts comes next. */
  #widths = 0;
  #mini: number;
  /** Of the part at hand: differences left, their width, and the bit where the next begins. */
  #miniLeft = 0;
  #width = 0;
  #bit = 0;

  /** Those that begin at `bytes[at]`; behind `bytes` there is the padding of a page. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length + padding);
    this.#at = at;
    const block = this.#varint();
    this.#minis = this.#varint();
    this.#miniSize = block / this.#minis;
    if (block === 0 || block > mostBlock || this.#minis === 0 || this.#miniSize % 32 !== 0) {
      throw new Unreadable(`differences in blocks of ${block} by ${this.#minis}`);
    }
    this.#mini = this.#minis;
    this.count = this.#varint();
    this.#left = this.count;
    this.#zigzag();
    this.#low = this.#zigzagLow;
    this.#high = this.#zigzagHigh;
  }

  #zigzagLow = 0;
  #zigzagHigh = 0;

  /** The next `count` numbers from `target[at]` on: the lower words, and with `step` 2 each followed by its upper word. */
  read(target: Uint32Array, at: number, count: number, step: 1 | 2): void {
    if (count > this.#left) throw new Unreadable('differences end too early');
    this.#left -= count;
    let to = at;
    let rest = count;
    if (this.#isFirst && rest > 0) {
      this.#isFirst = false;
      target[to] = this.#low;
      if (step === 2) target[to + 1] = this.#high;
      to += step;
      rest--;
    }
    while (rest > 0) {
      if (this.#miniLeft === 0) this.#nextMini();
      const taken = Math.min(this.#miniLeft, rest);
      if (step === 1 && this.#width <= 32) this.#addLow(target, to, taken, 1);
      else if (this.#isNear(taken)) this.#addLow(target, to, taken, 2);
      else if (this.#width > 32) this.#addWide(target, to, taken, step);
      else this.#add(target, to, taken, step);
      this.#miniLeft -= taken;
      rest -= taken;
      to += taken * step;
    }
  }

  /** Where the octets behind all numbers begin, once all have been read. */
  get end(): number {
    // What is left of the last block has been passed over with the parts that were read; the others have no octets.
    return this.#at;
  }

  #nextMini(): void {
    if (this.#mini === this.#minis) {
      this.#zigzag();
      this.#leastLow = this.#zigzagLow;
      this.#leastHigh = this.#zigzagHigh;
      this.#widths = this.#at;
      this.#at += this.#minis;
      this.#mini = 0;
    }
    this.#width = this.#bytes[this.#widths + this.#mini++] ?? 255;
    const octets = (this.#miniSize * this.#width) / 8;
    if (this.#width > 64 || this.#at + octets > this.#bytes.length) throw new Unreadable('differences end too early');
    this.#bit = this.#at * 8;
    this.#at += octets;
    this.#miniLeft = this.#miniSize;
  }

  /** Whether the upper word stays the same for the next `count` numbers. */
  #isNear(count: number): boolean {
    if (this.#width > 32 || this.#leastHigh !== 0) return false;
    return (this.#low >>> 0) + count * ((this.#leastLow >>> 0) + 2 ** this.#width) < word;
  }

  /** Where upper words stay the same or are not wanted: those of lengths and of 32-bit columns. */
  #addLow(target: Uint32Array, from: number, count: number, step: 1 | 2): void {
    const isThere = isInKernel(target);
    const to = isThere ? target.byteOffset + from * 4 : results.words.byteOffset;
    const source = this.#bytes.byteOffset + (this.#bit >>> 3);
    this.#low = valueKernel.addDeltas(
      source,
      this.#bit & 7,
      this.#width,
      count,
      to,
      step * 4,
      this.#low | 0,
      this.#leastLow | 0,
      this.#high | 0,
    );
    if (!isThere) target.set(results.words.subarray(0, count * step), from);
    this.#bit += count * this.#width;
  }

  #add(target: Uint32Array, from: number, count: number, step: 1 | 2): void {
    const view = this.#view;
    const width = this.#width;
    const leastLow = this.#leastLow >>> 0;
    const leastHigh = this.#leastHigh;
    const mask = width === 32 ? -1 : (1 << width) - 1;
    let bit = this.#bit;
    let low = this.#low >>> 0;
    let high = this.#high;
    for (let at = from, end = from + count * step; at < end; at += step) {
      let above = 0;
      if (width !== 0) {
        const shift = bit & 7;
        above = view.getInt32(bit >>> 3, true) >>> shift;
        if (width > 25 && shift > 0) above |= view.getUint8((bit >>> 3) + 4) << (32 - shift);
        above = (above & mask) >>> 0;
        bit += width;
      }
      const sum = low + leastLow + above;
      low = sum >>> 0;
      high = (high + leastHigh + (sum >= word ? (sum >= 2 * word ? 2 : 1) : 0)) | 0;
      target[at] = low;
      if (step === 2) target[at + 1] = high;
    }
    this.#bit = bit;
    this.#low = low;
    this.#high = high;
  }

  #addWide(target: Uint32Array, from: number, count: number, step: 1 | 2): void {
    const upper = this.#width - 32;
    const mask = upper === 32 ? -1 : (1 << upper) - 1;
    for (let at = from, end = from + count * step; at < end; at += step) {
      const sum = (this.#low >>> 0) + (this.#leastLow >>> 0) + this.#bitsAt(this.#bit);
      this.#low = sum >>> 0;
      const aboveHigh = this.#bitsAt(this.#bit + 32) & mask;
      this.#high = (this.#high + this.#leastHigh + aboveHigh + Math.floor(sum / word)) | 0;
      this.#bit += this.#width;
      target[at] = this.#low;
      if (step === 2) target[at + 1] = this.#high;
    }
  }

  /** 32 bits from a bit on; those behind the last octet are of no meaning. */
  #bitsAt(bit: number): number {
    const shift = bit & 7;
    const octet = bit >>> 3;
    const low = this.#view.getUint32(octet, true) >>> shift;
    return shift === 0 ? low : (low | (this.#view.getUint8(octet + 4) << (32 - shift))) >>> 0;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Unreadable('differences end too early');
    return byte;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new Unreadable('a count of differences is too large');
  }

  /** A number with sign into `#zigzagLow` and `#zigzagHigh`. */
  #zigzag(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) throw new Unreadable('a number has more than 64 bits');
      const byte = this.#byte();
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) break;
    }
    const sign = -(low & 1);
    this.#zigzagLow = ((low >>> 1) | (high << 31)) ^ sign;
    this.#zigzagHigh = (high >>> 1) ^ sign;
  }
}
