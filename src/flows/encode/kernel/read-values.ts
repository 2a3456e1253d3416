/**
 * The loops that see every value of a sealed file: what is packed in pages becomes codes, numbers and entries, and what is coded becomes
 * values again. Only what is plainly right is taken; where something is odd, the JavaScript beside each of them decides.
 */
import { below, type i32, type i64, load32, load64, store32, store64, toI32, toI64 } from '../../meter/kernel/words.ts';

/** Numbers of `width` bits (1 to 32) from a bit on; up to eight octets past the last one are read. The answer is below 0 where one is above `last`. */
export function unpack(from: i32, bitOfFirst: i32, width: i32, count: i32, to: i32, last: i32): i32 {
  const mask = (1n << toI64(width)) - 1n;
  const end = to + (count << 2);
  let at = to;
  let bit = bitOfFirst;
  let odd = 0;
  while (at < end) {
    const value = toI32((load64(from + (bit >>> 3)) >> toI64(bit & 7)) & mask);
    odd = odd | value | (last - value);
    store32(at, value);
    at += 4;
    bit += width;
  }
  return odd;
}

/** Adds up differences of at most 32 bits: the lower words of the sums, `step` octets apart, with `high` behind each where there is room. */
export function addDeltas(from: i32, bitOfFirst: i32, width: i32, count: i32, to: i32, step: i32, low: i32, least: i32, high: i32): i32 {
  const mask = (1n << toI64(width)) - 1n;
  let at = to;
  let left = count;
  let bit = bitOfFirst;
  let sum = low;
  while (left > 0) {
    sum = sum + least + toI32((load64(from + (bit >>> 3)) >> toI64(bit & 7)) & mask);
    store32(at, sum);
    if (step === 8) store32(at + 4, high);
    at += step;
    bit += width;
    left = left - 1;
  }
  return sum;
}

/** The lowest octets of a word, 1 to 8 of them. */
const lowest = (word: i64, octets: i32): i64 => {
  const others = toI64(64 - (octets << 3));
  return (word << others) >> others;
};

/** A text of at most 12 octets as an entry. */
const writeEntry = (at: i32, length: i32, entry: i32): void => {
  let first = 0n;
  let rest = 0n;
  if (length > 8) {
    first = load64(at);
    rest = lowest(load64(at + 8), length - 8);
  } else if (length > 0) first = lowest(load64(at), length);
  store32(entry, length);
  store64(entry + 4, first);
  store32(entry + 12, toI32(rest));
};

/** PLAIN texts of at most 12 octets as entries: the address behind them, or 0 where one is longer or reaches past the end. */
export function readTexts(from: i32, end: i32, count: i32, to: i32): i32 {
  let at = from;
  let entry = to;
  const last = to + (count << 4);
  while (entry < last) {
    if (at + 4 > end) return 0;
    const length = load32(at);
    if (!below(length, 13) || at + 4 + length > end) return 0;
    writeEntry(at + 4, length, entry);
    at = at + 4 + length;
    entry += 16;
  }
  return at;
}

/** Texts of these lengths that lie one behind the other as entries; false where one has more than 12 octets. */
export function spreadTexts(from: i32, lengths: i32, count: i32, to: i32): boolean {
  let at = from;
  let entry = to;
  let given = lengths;
  const last = to + (count << 4);
  while (entry < last) {
    const length = load32(given);
    if (!below(length, 13)) return false;
    writeEntry(at, length, entry);
    at += length;
    entry += 16;
    given += 4;
  }
  return true;
}

/** Entries of 64 bits by their codes. */
export function gatherPairs(codes: i32, entries: i32, count: i32, to: i32): void {
  const end = codes + (count << 2);
  let code = codes;
  let at = to;
  while (code < end) {
    store64(at, load64(entries + (load32(code) << 3)));
    code += 4;
    at += 8;
  }
}

/** Texts of at most 12 octets by their codes, one behind the other, and where each ends, counted from `begin`. Answers where the last one does. */
export function gatherTexts(codes: i32, entries: i32, count: i32, to: i32, ends: i32, begin: i32): i32 {
  const last = codes + (count << 2);
  const base = to - begin;
  let code = codes;
  let end = ends;
  let at = to;
  while (code < last) {
    const entry = entries + (load32(code) << 4);
    // Twelve octets whatever it has: the next one overwrites the rest.
    store64(at, load64(entry + 4));
    store32(at + 8, load32(entry + 12));
    at += load32(entry);
    store32(end, at - base);
    code += 4;
    end += 4;
  }
  return at - base;
}

/** Where texts of these lengths end that lie one behind the other, counted from `begin`. */
export function addLengths(lengths: i32, count: i32, ends: i32, begin: i32): i32 {
  const last = lengths + (count << 2);
  let length = lengths;
  let end = ends;
  let sum = begin;
  while (length < last) {
    sum += load32(length);
    store32(end, sum);
    length += 4;
    end += 4;
  }
  return sum;
}

/** The greatest of these lengths if they add up to `wanted`, and -1 if not. */
export function checkLengths(lengths: i32, count: i32, wanted: i32): i32 {
  const last = lengths + (count << 2);
  let length = lengths;
  let longest = 0;
  let sum = 0n;
  while (length < last) {
    const octets = load32(length);
    if (below(longest, octets)) longest = octets;
    sum += toI64(octets);
    length += 4;
  }
  return sum === toI64(wanted) ? longest : -1;
}
