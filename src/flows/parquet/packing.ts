/**
 * Small whole numbers in few bits (https://parquet.apache.org/docs/file-format/data-pages/encodings/): the hybrid of runs and
 * packed bits that codes and levels have, and the packed differences of rising numbers.
 */
import type { Octets } from './octets.ts';

/** Bits that hold 0 to `most`; at most 32. */
export const bitsFor = (most: number): number => 32 - Math.clz32(most);

/** The same value `count` times, as a run of the hybrid; `width` bits each. */
export const writeRun = (out: Octets, value: number, count: number, width: number): void => {
  out.varint(count * 2);
  for (let shift = 0; shift < width; shift += 8) out.byte(value >>> shift);
};

/** Values that somebody else packs, as `pack` does. */
export type Packer = { pack(count: number, width: number): Uint8Array };

/** Values as one packed run of the hybrid: groups of eight, the last filled up with zeros. `width` is 1 to 32. */
export const writePacked = (out: Octets, values: Uint32Array | Packer, count: number, width: number): void => {
  out.varint(((count + 7) >> 3) * 2 + 1);
  if (values instanceof Uint32Array) pack(out, values, count, width);
  else out.append(values.pack(count, width));
};

/** Whole words that are packed until they are copied: as many as the values of a row group may need. */
let packed = new Uint32Array(4096);

/** Packs the first values with the lowest bit first, `width` of 1 to 32 bits each, and fills up to a multiple of eight values. */
const pack = (out: Octets, values: Uint32Array, count: number, width: number): void => {
  const octets = ((count + 7) >> 3) * width;
  if (packed.length * 4 < octets + 8) packed = new Uint32Array((octets >> 2) + 8);
  const words = packed;
  let at = 0;
  let held = 0;
  let bits = 0;
  let i = 0;
  // Two at a time where they fit a word together.
  for (const both = width * 2; both <= 32 && i + 1 < count; i += 2) {
    const value = values[i]! | (values[i + 1]! << width);
    held |= value << bits;
    bits += both;
    if (bits < 32) continue;
    words[at++] = held;
    bits -= 32;
    // A shift by 32 would be one by 0.
    held = bits === 0 ? 0 : value >>> (both - bits);
  }
  for (; i < count; i++) {
    const value = values[i]!;
    held |= value << bits;
    bits += width;
    if (bits < 32) continue;
    words[at++] = held;
    bits -= 32;
    held = bits === 0 ? 0 : value >>> (width - bits);
  }
  words[at++] = held;
  for (; at * 4 < octets; at++) words[at] = 0;
  out.append(new Uint8Array(words.buffer, 0, octets));
};

const block = 128;
const mini = 32;
const deltas = new Uint32Array(block);
/** Differences before the least of them is taken off. */
const differences = new Float64Array(block);

/** What stands in front of the blocks of differences of `count` whole numbers. */
export const beginDifferences = (out: Octets, first: number, count: number): void => {
  out.varint(block);
  out.varint(block / mini);
  out.varint(count);
  out.signedVarint(first);
};

/** A block of differences that are all the same. */
const writeSame = (out: Octets, difference: number): void => {
  out.signedVarint(difference);
  for (let part = 0; part < block / mini; part++) out.byte(0);
};

/** DELTA_BINARY_PACKED of whole numbers from `first` on, each one more than the one before. */
export const writeCount = (out: Octets, first: number, count: number): void => {
  beginDifferences(out, first, count);
  for (let from = 1; from < count; from += block) writeSame(out, 1);
};

/**
 * DELTA_BINARY_PACKED: the first of `count` whole numbers of -2^52 to 2^52, then the differences in blocks of 128, each less
 * the least of its block. False where what is left has more than 32 bits; what was written is of no use then.
 */
export const writeDifferences = (out: Octets, values: Float64Array, count: number): boolean => {
  beginDifferences(out, values[0] as number, count);
  for (let from = 1; from < count; from += block) {
    const size = Math.min(block, count - from);
    let before = values[from - 1] as number;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < size; i++) {
      const value = values[from + i] as number;
      const delta = value - before;
      before = value;
      differences[i] = delta;
      if (delta < least) least = delta;
      if (delta > most) most = delta;
    }
    if (most - least > 0xffff_ffff) return false;
    if (most === least) {
      writeSame(out, least);
      continue;
    }
    for (let i = 0; i < size; i++) deltas[i] = differences[i]! - least;
    for (let i = size; i < block; i++) deltas[i] = 0;
    out.signedVarint(least);
    writeMinis(out);
  }
  return true;
};

const minis = Array.from({ length: block / mini }, (_, at) => deltas.subarray(at * mini, (at + 1) * mini));

const widths = new Uint8Array(block / mini);

/** The widths of the four parts of a block, then those parts that have any. */
const writeMinis = (out: Octets): void => {
  for (let at = 0; at < minis.length; at++) {
    widths[at] = widthOf(minis[at] as Uint32Array);
    out.byte(widths[at] as number);
  }
  for (let at = 0; at < minis.length; at++) {
    const width = widths[at] as number;
    if (width > 0) pack(out, minis[at] as Uint32Array, mini, width);
  }
};

/** Bits that hold each of a part. */
const widthOf = (part: Uint32Array): number => {
  let all = 0;
  for (let i = 0; i < mini; i++) all |= part[i] as number;
  return bitsFor(all >>> 0);
};
