/**
 * LANL lines, from one to the next, into a block of rows, with the code of each text in place of the text. Commas are looked for in 64 octets at
 * once, and digits are added up eight at a time. Only lines that are plainly right are taken, and whose texts are known; at the first of any
 * other kind it stops, and `lanl.ts` decides.
 */
import {
  below,
  type i32,
  type i64,
  load8,
  load32,
  load64,
  matches16,
  store8,
  store32,
  store64,
  toI32,
  toI64,
  trailingZeros,
} from '../../meter/kernel/words.ts';
import {
  block,
  carriageReturn,
  codeColumn,
  comma,
  highs,
  keyAt,
  keyOctets,
  lineFeed,
  lines,
  longTexts,
  mostLines,
  overNine,
  reading,
  series,
  slots,
  texts,
  zeros,
} from './layout.ts';

/** Eight digits less '0' as a number; those that are not there are zeros below. */
const numberOf = (digits: i64): i64 => {
  const pairs = ((digits * 2561n) >> 8n) & 0x00ff_00ff_00ff_00ffn;
  const fours = ((pairs * 6553601n) >> 16n) & 0x0000_ffff_0000_ffffn;
  return (fours * 42949672960001n) >> 32n;
};

/** The last `octets` (1 to 8) before `end`, each less '0', with zeros below them. */
const digitsBefore = (end: i32, octets: i32): i64 => {
  const others = toI64(64 - (octets << 3));
  return ((load64(end - 8) ^ zeros) >> others) << others;
};

/** 1 where a small number is more than another, and where an octet is '0': without a branch, where nobody could foresee which way it goes. */
const isMore = (one: i32, other: i32): i32 => (other - one) >>> 31;
const isZero = (octet: i32): i32 => ((octet ^ 48) - 1) >>> 31;

/** Whether one of the digits is none. */
const isOdd = (digits: i64): boolean => (((digits + overNine) | digits) & highs) !== 0n;

/** A number of 9 to 11 digits, which all fields may have; 0 for any other. */
const longNumber = (at: i32, end: i32): i64 => {
  const octets = end - at - 8;
  if (octets < 1 || octets > 3) return 0n;
  const upper = digitsBefore(end - 8, octets);
  const lower = digitsBefore(end, 8);
  return isOdd(upper) || isOdd(lower) ? 0n : numberOf(upper) * 100000000n + numberOf(lower);
};

/**
 * A number of at least `least` without leading zeros, into eight octets. This reader and the next answer false for "not plainly right", and have
 * written nothing to count on.
 */
export function readNumber(at: i32, end: i32, least: i64, to: i32): boolean {
  const octets = end - at;
  let value = 0n;
  if (below(octets - 1, 8)) {
    const digits = digitsBefore(end, octets);
    if (isOdd(digits)) return false;
    value = numberOf(digits);
  } else {
    value = longNumber(at, end);
    if (value === 0n) return false;
  }
  if (value < least || (isZero(load8(at)) & isMore(octets, 1)) !== 0) return false;
  store64(to, value);
  return true;
}

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
const touch = (from: i32, to: i32): void => {
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
const codeTexts = (from: i32, to: i32): boolean => {
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

/** Which of 64 octets are commas, a bit each from the lowest. */
const commasFrom = (at: i32): i64 =>
  toI64(matches16(at, comma) | (matches16(at + 16, comma) << 16)) |
  (toI64(matches16(at + 32, comma) | (matches16(at + 48, comma) << 16)) << 32n);

/** Where the LF of the last field stands, which is a number; 0 where it is too long for one. */
const feedFrom = (at: i32): i32 => {
  const found = matches16(at, lineFeed);
  return found === 0 ? 0 : at + toI32(trailingZeros(toI64(found)));
};

/** Whether the flow of a row ends in time; if so it is counted. */
const finish = (pair: i32): boolean => {
  const time = load64(pair + block.time);
  if (time + load64(pair + block.duration) > load64(reading.lastSecond)) return false;
  if (time < load64(reading.time)) store32(reading.unordered, load32(reading.unordered) + 1);
  store64(reading.time, time);
  const line = load64(reading.line) + 1n;
  store64(reading.line, line);
  store64(pair + block.id, line);
  return true;
};

/**
 * The line at `start`, of eleven columns or of nine and maybe an id, into `row` but for texts that are to be looked up, whose keys are added at
 * `reading.key`. Answers where the next one begins, or 0.
 */
export function readLine(start: i32, row: i32, isBiflow: i32, withId: i32): i32 {
  const batch = load32(reading.batch);
  const pair = batch + (row << 3);
  const word = batch + (row << 2);
  const least = isBiflow ? 0n : 1n;
  let at = start;
  let base = start;
  let commas = commasFrom(start);
  /** Where the field at hand ends; 64 octets behind where it began if it does not. */
  const nextComma = (): i32 => {
    if (commas === 0n) {
      base = at;
      commas = commasFrom(at);
    }
    const end = base + toI32(trailingZeros(commas));
    commas = commas & (commas - 1n);
    return end;
  };
  const number = (from: i64, to: i32): boolean => {
    const end = nextComma();
    const isRight = readNumber(at, end, from, to);
    at = end + 1;
    return isRight;
  };
  const text = (place: i32): boolean => {
    const end = nextComma();
    const code = readSerial(at, end, place & 1);
    const column = word + place * codeColumn + block.source;
    let isRight = true;
    if (code !== 0) store32(column, code);
    else {
      const key = load32(reading.key);
      isRight = readText(at, end, place & 1, key, column);
      store32(reading.key, key + keyOctets);
    }
    at = end + 1;
    return isRight;
  };
  const lastNumber = (to: i32): boolean => {
    const feed = feedFrom(at);
    const isRight = feed !== 0 && readNumber(at, load8(feed - 1) === carriageReturn ? feed - 1 : feed, 0n, to);
    at = feed + 1;
    return isRight;
  };

  if (withId && !number(0n, reading.value)) return 0;
  if (!number(least, pair + block.time)) return 0;
  if (!number(0n, pair + block.duration)) return 0;
  if (!text(0)) return 0;
  if (!isBiflow && !text(1)) return 0;
  if (!text(2)) return 0;
  if (!isBiflow && !text(3)) return 0;
  if (!number(0n, reading.value) || load64(reading.value) > 255n) return 0;
  store8(batch + row + block.protocol, load32(reading.value));
  if (isBiflow && !text(1)) return 0;
  if (isBiflow && !text(3)) return 0;
  if (!number(least, pair + block.packets)) return 0;
  if (isBiflow && !number(0n, pair + block.revPackets)) return 0;
  if (isBiflow && !number(0n, pair + block.octets)) return 0;
  if (!lastNumber(isBiflow ? pair + block.revOctets : pair + block.octets)) return 0;
  return at;
}

/** Reads the lines from `from` on, up to `end`, into rows below `rows`; answers where the first begins that was not taken. */
export function readLines(from: i32, end: i32, rows: i32, isBiflow: i32, withId: i32): i32 {
  let at = from;
  let row = load32(reading.row);
  // Few at first: where a text is new, what was read behind it is read again.
  let most = 2;
  let next = at;
  while (at < end && row < rows && next !== 0) {
    let count = 0;
    store32(reading.key, lines.keys);
    while (count < most && at < end && row + count < rows) {
      const keys = load32(reading.key);
      next = readLine(at, row + count, isBiflow, withId);
      if (next === 0) {
        store32(reading.key, keys);
        break;
      }
      store32(lines.starts + (count << 2), at);
      store32(lines.keyEnds + (count << 2), load32(reading.key));
      at = next;
      count += 1;
    }
    touch(lines.keys, load32(reading.key));
    let key = lines.keys;
    let done = 0;
    while (done < count) {
      const keyEnd = load32(lines.keyEnds + (done << 2));
      if (!codeTexts(key, keyEnd) || !finish(load32(reading.batch) + (row << 3))) {
        store32(reading.row, row);
        return load32(lines.starts + (done << 2));
      }
      key = keyEnd;
      done += 1;
      row += 1;
    }
    if (most < mostLines) most = most + most;
  }
  store32(reading.row, row);
  return at;
}

/** The slot of the text that is kept at that place, or the empty one where it belongs. */
export function findSlot(text: i32): i32 {
  const low = load64(text);
  const place = longTexts + load32(text + 8);
  const high = isLong(toI32(low)) ? longKey(place, toI32(low)) : load64(text + 8);
  return findFrom(firstSlot(low, high), low, high, place);
}
