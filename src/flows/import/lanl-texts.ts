/** The texts of a LANL file by their codes, in the memory of the kernel that looks them up. */
import { longOctets, mostSeries, mostSought, seriesCodes, seriesDigits, Texts, textOctets } from '../texts.ts';
import { batches } from './lanl-kernel/coding-layout.ts';
import type { LanlKernel } from './lanl-kernel/kernel.ts';
import { inputOctets, mostSlots, reading, series, slots, texts } from './lanl-kernel/layout.ts';

const comma = 44;
const zero = 48;
/** Octets that lie in place. */
const inlineOctets = 12;
/** Slots to begin with: few, so that they stay in the cache. */
const firstSlots = 1 << 14;
/** Most texts that lines put into the memory at once may add: four a line, and one with four has more than so many octets. */
const mostAdded = (inputOctets / 12) * 4;
/** Octets that a name or token may have to be plain: visible ASCII but the quote and the comma. */
const plain = Uint8Array.from({ length: 256 }, (_, c) => (c > 32 && c < 127 && c !== 34 && c !== comma ? 1 : 0));

let serial = 0;

export class LanlTexts extends Texts {
  /** Texts that are looked up. */
  size = 0;
  #series = 0;
  readonly #kernel: LanlKernel;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  #longUsed = 0;

  constructor(kernel: LanlKernel, memory: WebAssembly.Memory) {
    super({ memory, offset: texts, batches, serial: ++serial });
    this.#kernel = kernel;
    this.#u8 = new Uint8Array(memory.buffer);
    this.#u32 = new Uint32Array(memory.buffer);
    this.#u32[reading.mask / 4] = firstSlots - 1;
  }

  /** Whether there may be too little room for the texts of as many lines as are read at once. */
  get isFull(): boolean {
    return this.size > mostSought - mostAdded || this.#longUsed > longOctets - inputOctets;
  }

  /** Adds a text that the kernel has missed; false where it is not plainly right. */
  addMissing(bytes: Uint8Array, start: number, end: number, isPort: boolean): boolean {
    if (end === start || (isPort && !isPlainPort(bytes, start, end))) return false;
    for (let at = start; at < end; at++) if (plain[bytes[at] as number] === 0) return false;
    const code = this.codeOf(bytes, start, end);
    if (isPort && code < mostSought) this.#u32[this.#slotOf(code)]! |= 1;
    return true;
  }

  override codeOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#serialCode(bytes, start, end) || this.#soughtCode(bytes, start, end);
  }

  /** The code of a text that belongs to a series (see texts.ts), which is begun with it if there is room for one more; else 0. */
  #serialCode(bytes: Uint8Array, start: number, end: number): number {
    if (!isSerial(bytes, start, end)) return 0;
    this.#beginSeries(bytes[start] as number);
    const place = texts + this.size * textOctets + 4; // where the next text that is looked up will lie
    this.#u8.set(bytes.subarray(start, end), place);
    return this.#kernel.readSerial(place, place + end - start, false);
  }

  #beginSeries(first: number): void {
    const begin = series.codes / 4 + first;
    if (this.#u32[begin] !== 0 || this.#series === mostSeries) return;
    this.#u32[begin] = mostSought + this.#series++ * seriesCodes;
    if (!isLetter(first)) this.#u32.fill(this.#u32[begin], series.codes / 4 + zero, series.codes / 4 + zero + 10);
  }

  #soughtCode(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const { words } = this;
    const word = this.size * 4;
    words.fill(0, word, word + 4);
    words[word] = length;
    const octets = texts + this.size * textOctets + 4;
    const isLong = length > inlineOctets;
    this.#u8.set(bytes.subarray(start, isLong ? start + 4 : end), octets);
    if (isLong) {
      words[word + 2] = this.#longUsed;
      this.long.set(bytes.subarray(start, end), this.#longUsed);
    }
    const slot = this.#slotOf(this.size);
    const entry = this.#u32[slot] as number;
    if (entry !== 0) return (entry >>> 1) - 1;
    this.#u32[slot] = (this.size + 1) * 2;
    if (isLong) this.#longUsed += length;
    return this.#added();
  }

  #added(): number {
    const code = this.size++;
    const count = (this.#u32[reading.mask / 4] as number) + 1;
    if (this.size * 4 > count * 3 && count < mostSlots) this.#spread(count, count * 2);
    return code;
  }

  /** Takes more slots. */
  #spread(from: number, to: number): void {
    const u32 = this.#u32;
    const entries = u32.slice(slots / 4, slots / 4 + from);
    u32.fill(0, slots / 4, slots / 4 + from);
    u32[reading.mask / 4] = to - 1;
    for (const entry of entries) if (entry !== 0) u32[this.#slotOf((entry >>> 1) - 1)] = entry;
  }

  /** The slot of a text, as an index of words. */
  #slotOf(code: number): number {
    return this.#kernel.findSlot(texts + code * textOctets) / 4;
  }
}

const isLetter = (octet: number): boolean => ((octet | 32) - 97) >>> 0 < 26;

/** A letter, or none, and up to five digits. */
const isSerial = (bytes: Uint8Array, start: number, end: number): boolean => {
  const from = isLetter(bytes[start] as number) ? start + 1 : start;
  if (end === from || end - from > seriesDigits) return false;
  for (let at = from; at < end; at++) if (((bytes[at] as number) - zero) >>> 0 > 9) return false;
  return true;
};

/** A token that begins with a letter, or a port of at most 65535 in decimal. */
const isPlainPort = (bytes: Uint8Array, start: number, end: number): boolean => {
  const first = bytes[start] as number;
  if (isLetter(first)) return true;
  if (end - start > 5 || (first === 48 && end - start > 1)) return false;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  return value <= 65535;
};
