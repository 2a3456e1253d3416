/** Texts of a page as the entries of a vector: a length and up to 12 octets in place, or the place in the page. */
import { isInKernel, resultRows, results, valueKernel } from '../encode/kernel/kernel.ts';
import { inlineOctets, type Joined } from '../encode/raw-column.ts';
import { Deltas } from './read-deltas.ts';
import { Unreadable } from './read-fault.ts';
import { padding, type Scratch } from './scratch.ts';

/** What is kept of each of the three words of a text in place, by its length. */
const masks = new Int32Array((inlineOctets + 1) * 3);
for (let length = 0; length <= inlineOctets; length++) {
  for (let octet = 0; octet < length; octet++) masks[length * 3 + (octet >> 2)]! |= 0xff << ((octet & 3) * 8);
}

/** Gives the texts of a page in order. */
export type Texts = {
  /** Octets in which the long ones lie; undefined while none has been given. */
  readonly heap: Uint8Array | undefined;
  /** The next `count` texts as entries from `target[at]` on. */
  read(target: Uint32Array, at: number, count: number): void;
  skip(count: number): void;
};

/** Writes the text in `view[at, at + length)`, of at most 12 octets, as the entry from `target[to]` on. */
const writeShort = (target: Uint32Array, to: number, view: DataView, at: number, length: number): void => {
  const mask = length * 3;
  target[to] = length;
  target[to + 1] = view.getInt32(at, true) & masks[mask]!;
  target[to + 2] = length > 4 ? view.getInt32(at + 4, true) & masks[mask + 1]! : 0;
  target[to + 3] = length > 8 ? view.getInt32(at + 8, true) & masks[mask + 2]! : 0;
};

/** The same for a text that is longer, which stays where it is. */
const writeLong = (target: Uint32Array, to: number, view: DataView, at: number, length: number): void => {
  target[to] = length;
  target[to + 1] = view.getInt32(at, true);
  target[to + 2] = at;
  target[to + 3] = 0;
};

/** The octets of a page, and of its padding. */
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length + padding);

/** PLAIN: before each text its length in four octets. */
export class PlainTexts implements Texts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #hasLong = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = at;
  }

  get heap(): Uint8Array | undefined {
    return this.#hasLong ? this.#bytes : undefined;
  }

  read(target: Uint32Array, at: number, count: number): void {
    if (isInKernel(target) && this.#readShort(target.byteOffset + at * 4, count)) return;
    const view = this.#view;
    const end = this.#bytes.length;
    let from = this.#at;
    for (let to = at, last = at + count * 4; to < last; to += 4) {
      const length = lengthAt(view, from, end);
      from += 4;
      if (length <= inlineOctets) writeShort(target, to, view, from, length);
      else {
        writeLong(target, to, view, from, length);
        this.#hasLong = true;
      }
      from += length;
    }
    this.#at = from;
  }

  /** Reads entries at an address of the kernel; false where that is not for it. */
  #readShort(to: number, count: number): boolean {
    const { byteOffset, length } = this.#bytes;
    const behind = valueKernel.readTexts(byteOffset + this.#at, byteOffset + length, count, to);
    if (behind === 0) return false;
    this.#at = behind - byteOffset;
    return true;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#at += 4 + lengthAt(this.#view, this.#at, this.#bytes.length);
  }
}

/** The length that stands at `at`, of a text that ends before `end`. */
const lengthAt = (view: DataView, at: number, end: number): number => {
  if (at + 4 > end) throw new Unreadable('texts end too early');
  const length = view.getUint32(at, true);
  if (length > end - at - 4) throw new Unreadable('a text is longer than its page');
  return length;
};

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all texts without anything between them. */
export class DeltaTexts implements Texts {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #lengths: Uint32Array;
  readonly #hasLong: boolean;
  #next = 0;
  #at: number;

  /** `most`: values of the page. */
  constructor(bytes: Uint8Array, at: number, most: number, scratch: Scratch) {
    const deltas = new Deltas(at === 0 ? bytes : bytes.subarray(at), 0);
    if (deltas.count > most) throw new Unreadable('a page has more texts than values');
    const lengths = scratch.words(deltas.count);
    deltas.read(lengths, 0, deltas.count, 1);
    this.#at = at + deltas.end;
    const octets = bytes.length - this.#at;
    const longest = octets < 0 ? -1 : valueKernel.checkLengths(lengths.byteOffset, lengths.length, octets);
    if (longest < 0) throw new Unreadable('the texts of a page have other lengths than it says');
    this.#lengths = lengths;
    this.#hasLong = longest > inlineOctets;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  get heap(): Uint8Array | undefined {
    return this.#hasLong ? this.#bytes : undefined;
  }

  /** The next `count` texts as they lie there. */
  take(count: number): Joined {
    if (count > this.#lengths.length - this.#next) throw new Unreadable('texts end too early');
    const joined = { bytes: this.#bytes, at: this.#at, lengths: this.#lengths, first: this.#next };
    this.skip(count);
    return joined;
  }

  read(target: Uint32Array, at: number, count: number): void {
    writeTexts(target, at, this.#view, this.take(count), count);
  }

  skip(count: number): void {
    const lengths = this.#lengths;
    const end = Math.min(lengths.length, this.#next + count);
    for (let next = this.#next; next < end; next += resultRows) {
      const address = lengths.byteOffset + next * 4;
      this.#at = valueKernel.addLengths(address, Math.min(resultRows, end - next), results.ends.byteOffset, this.#at);
    }
    this.#next = end;
  }
}

/** Writes the first `count` texts as entries; returns the octets in which long ones lie, if there may be some. */
export const writeJoined = (target: Uint32Array, joined: Joined, count: number): Uint8Array | undefined => {
  const { bytes, at, lengths, first } = joined;
  const { words } = results;
  if (valueKernel.spreadTexts(bytes.byteOffset + at, lengths.byteOffset + first * 4, count, words.byteOffset) !== 0) {
    target.set(words.subarray(0, count * 4));
    return undefined;
  }
  return writeTexts(target, 0, viewOf(bytes), joined, count) ? bytes : undefined;
};

/** Whether one of them is long. */
const writeTexts = (target: Uint32Array, at: number, view: DataView, { at: begin, lengths, first }: Joined, count: number): boolean => {
  let from = begin;
  let to = at;
  let hasLong = false;
  for (let next = first; next < first + count; next++, to += 4) {
    const length = lengths[next]!;
    if (length <= inlineOctets) writeShort(target, to, view, from, length);
    else {
      writeLong(target, to, view, from, length);
      hasLong = true;
    }
    from += length;
  }
  return hasLong;
};
