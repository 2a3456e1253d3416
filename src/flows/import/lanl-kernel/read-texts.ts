/** Texts of LANL lines as codes: those of a series have codes that follow from them (texts.ts), all others are looked up. */
import { below, type i32, type i64, load8, load32, load64, store8, store32, store64, toI32, toI64 } from '../../meter/kernel/words.ts';
import { keyAt, keyOctets, longTexts, reading, series, slots, texts } from './layout.ts';
import { digitsBefore, isMore, isOdd, isZero, numberOf } from './read-numbers.ts';

/** The slot in which the search for a text begins. */
const firstSlot = (low: i64, high: i64): i32 => {
  const mixed = low ^ (high * 0x9e37_79b9_7f4a_7c15n);
  // A product depends on the bits below only: the upper half is folded into the lower one first.
  const hash = (mixed ^ (mixed >> 32n)) * 0xd6e8_feb8_6659_fd93n;
  return slots + ((toI32(hash >> 40n) & load32(reading.mask)) << 2);
};

/** Where the text of an entry lies; for an empty one in front of all. */
const textOf = (entry: i32): i32 => texts - 16 + ((entry & ~1) << 3);

/** Octets that a text has in its place. */
const isLong = (octets: i32): boolean => octets > 12;

/** The second half of the key of a long text: what of its octets decides where it is looked for. */
const longKey = (at: i32, octets: i32): i64 => load64(at + 4) ^ (load64(at + octets - 8) * 0x9e37_79b9_7f4a_7c15n);

/** Whether two texts of more than eight octets are the same. */
const areSame = (one: i32, other: i32, octets: i32): boolean => {
  let at = 0;
  while (at + 8 < octets) {
    if (load64(one + at) !== load64(other + at)) return false;
    at += 8;
  }
  return load64(one + octets - 8) === load64(other + octets - 8);
};

/** Whether the text that stands at `place` and has this key is the one kept at `text`. */
const isText = (text: i32, low: i64, high: i64, place: i32): boolean => {
  if (load64(text) !== low) return false;
  if (isLong(toI32(low))) return areSame(longTexts + load32(text + 8), place, toI32(low));
  return load64(text + 8) === high;
};

/** The slot of a text, or the empty one where it belongs. */
const findFrom = (first: i32, low: i64, high: i64, place: i32): i32 => {
  const behind = slots + 4 + (load32(reading.mask) << 2);
  let slot = first;
  while (true) {
    const entry = load32(slot);
    if (entry === 0 || isText(textOf(entry), low, high, place)) break;
    slot += 4;
    if (slot === behind) slot = slots;
  }
  return slot;
};

/** A text of 1 to 255 octets, which will be looked up by the key at `key` and its code put at `code`. */
export function readText(at: i32, end: i32, isPort: i32, key: i32, code: i32): boolean {
  const octets = end - at;
  if (!below(octets - 1, 255)) return false;
  let first = load64(at);
  let rest = 0n;
  if (octets > 8) rest = load64(at + 8) & ((1n << toI64((octets - 8) << 3)) - 1n);
  else {
    const others = toI64(64 - (octets << 3));
    first = (first << others) >> others;
  }
  const low = toI64(octets) | (first << 32n);
  let high = (first >> 32n) | (rest << 32n);
  if (isLong(octets)) high = longKey(at, octets);
  store64(key + keyAt.low, low);
  store64(key + keyAt.high, high);
  store32(key + keyAt.slot, firstSlot(low, high));
  store32(key + keyAt.place, at);
  store32(key + keyAt.isPort, isPort);
  store32(key + keyAt.code, code);
  return true;
}

/**
 * The code of a text that belongs to a series, which follows from the text: the digits as a number with a 1 in front. 0 for any other text, and
 * for a port that is none.
 */
export function readSerial(at: i32, end: i32, isPort: i32): i32 {
  const first = load8(at);
  const begin = load32(series.codes + (first << 2));
  const isNumber = isMore(58, first); // only digits and letters begin a series
  const octets = end - at - 1 + isNumber;
  if (begin === 0 || !below(octets - 1, series.digits)) return 0;
  const digits = digitsBefore(end, octets);
  if (isOdd(digits)) return 0;
  const value = toI32(numberOf(digits | (1n << toI64(56 - (octets << 3)))));
  if ((isPort & isNumber & (isMore(value, 165_535) | (isZero(first) & isMore(octets, 1)))) !== 0) return 0;
  const code = begin + value;
  if (load8(series.seen + code) === 0) {
    store8(series.seen + code, 1);
    store32(texts + (code << 4), end - at);
    store64(texts + (code << 4) + 4, load64(at) & ((1n << toI64((end - at) << 3)) - 1n));
  }
  return code;
}

/**
 * Reads the slots of all keys and the texts they name, so that they are in the cache when they are looked at. Nearly each lies in memory that the
 * core's own cache does not hold; with no branch that depends on what was read, their waits overlap.
 */
export const touch = (from: i32, to: i32): void => {
  let read = 0;
  let key = from;
  while (key < to) {
    read = read | load32(textOf(load32(load32(key + keyAt.slot))));
    key += keyOctets;
  }
  // Means nothing; without it nobody would need what was read.
  store32(reading.touched, read);
};

/** Puts the codes of the texts of a line into their columns; false, and the text told of, where one is not known. */
export const lookUp = (from: i32, to: i32): boolean => {
  let key = from;
  while (key < to) {
    const low = load64(key + keyAt.low);
    const isPort = load32(key + keyAt.isPort);
    const entry = load32(findFrom(load32(key + keyAt.slot), low, load64(key + keyAt.high), load32(key + keyAt.place)));
    if (entry === 0 || (isPort & ~entry) !== 0) {
      store32(reading.missing, load32(key + keyAt.place));
      store32(reading.missingOctets, toI32(low));
      store32(reading.missingIsPort, isPort);
      return false;
    }
    store32(load32(key + keyAt.code), (entry >>> 1) - 1);
    key += keyOctets;
  }
  return true;
};

/** The slot of the text that is kept at that place, or the empty one where it belongs. */
export function findSlot(text: i32): i32 {
  const low = load64(text);
  const place = longTexts + load32(text + 8);
  const high = isLong(toI32(low)) ? longKey(place, toI32(low)) : load64(text + 8);
  return findFrom(firstSlot(low, high), low, high, place);
}
