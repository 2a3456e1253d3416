/**
 * Columns of ended records as numbers for the encoder: gathered in the order of the rows, with the least and the greatest of them; then as their differences
 * (DELTA_BINARY_PACKED of Parquet), or as they are. And the packing of small numbers in few bits, as parquet/packing.ts does it.
 */
import { columnOf, valueAt } from './columns.ts';
import { encoding } from './layout.ts';
import {
  type f64,
  type i32,
  type i64,
  leadingZeros32,
  load32,
  loadF64,
  store8,
  store32,
  store64,
  storeF64,
  toF64,
  toI32,
  toI64,
  toLong,
  toUnsigned,
  unsignedToF64,
} from './words.ts';

/** Notes a number and whether it is the least or the greatest so far. */
const note = (i: i32, value: f64): void => {
  storeF64(encoding.values + (i << 3), value);
  if (value < loadF64(encoding.least)) storeF64(encoding.least, value);
  if (value > loadF64(encoding.most)) storeF64(encoding.most, value);
};

const beginValues = (): void => {
  storeF64(encoding.least, 1e300);
  storeF64(encoding.most, -1e300);
};

/** Gathers whole numbers that are doubles. */
export function gatherWholes(places: i32, count: i32, at: i32): void {
  const column = columnOf(at);
  beginValues();
  let i = 0;
  while (i < count) {
    note(i, loadF64(valueAt(column, places, i)));
    i += 1;
  }
}

/** Gathers words without sign. */
export function gatherWords(places: i32, count: i32, at: i32): void {
  const column = columnOf(at);
  beginValues();
  let i = 0;
  while (i < count) {
    note(i, unsignedToF64(load32(valueAt(column, places, i))));
    i += 1;
  }
}

/** Gathers the places themselves, with `first` added. */
export function gatherPlaces(places: i32, count: i32, first: f64): void {
  beginValues();
  let i = 0;
  while (i < count) {
    note(i, first + toF64(load32(places + (i << 2))));
    i += 1;
  }
}

/** Gathers times as microseconds. What is left below one is added, times `factor`, to the remainder of its row: of each row, or of those with a level. */
export function gatherTimes(places: i32, count: i32, at: i32, nanosAt: i32, factor: i32, isAll: i32): void {
  const seconds = columnOf(at);
  const nanos = columnOf(nanosAt);
  beginValues();
  let row = 0;
  let i = 0;
  while (i < count) {
    const part = load32(valueAt(nanos, places, i));
    const micros = toUnsigned(toF64(part) / 1000);
    note(i, loadF64(valueAt(seconds, places, i)) * 1e6 + toF64(micros));
    if (!isAll) while (load32(encoding.levels + (row << 2)) === 0) row += 1;
    const remainder = encoding.remainders + (row << 2);
    store32(remainder, load32(remainder) + factor * (part - micros * 1000));
    row += 1;
    i += 1;
  }
}

/** Gathers the remainders that are not 0, which are 0 from then on, and notes the levels; answers how many there are. */
export function gatherRemainders(rows: i32): i32 {
  beginValues();
  let count = 0;
  let row = 0;
  while (row < rows) {
    const value = load32(encoding.remainders + (row << 2));
    store32(encoding.remainders + (row << 2), 0);
    store32(encoding.levels + (row << 2), value === 0 ? 0 : 1);
    if (value !== 0) {
      note(count, toF64(value));
      count += 1;
    }
    row += 1;
  }
  return count;
}

/** Writes numbers of two words to `encoding.page`, and which is the least and the greatest of them; they have no sign. */
export function writePairs(places: i32, count: i32, highAt: i32, lowAt: i32): void {
  const high = columnOf(highAt);
  const low = columnOf(lowAt);
  let least = ~0n;
  let most = 0n;
  store32(encoding.leastAt, 0);
  store32(encoding.mostAt, 0);
  let i = 0;
  while (i < count) {
    const value = toI64(load32(valueAt(low, places, i))) | (toI64(load32(valueAt(high, places, i))) << 32n);
    store64(encoding.page + (i << 3), value);
    if (value < least) {
      least = value;
      store32(encoding.leastAt, i);
    }
    if (value > most) {
      most = value;
      store32(encoding.mostAt, i);
    }
    i += 1;
  }
}

/** Packs words, `width` of 1 to 32 bits each with the lowest first, and fills up to a multiple of eight words; answers where that ends. Up to 8 octets behind it change. */
export function pack(from: i32, count: i32, width: i32, to: i32): i32 {
  const step = toI64(width);
  const end = to + ((count + 7) >>> 3) * width;
  const fromEnd = from + (count << 2);
  let at = from;
  let out = to;
  let held = 0n;
  let bits = 0n;
  while (at < fromEnd) {
    held |= toI64(load32(at)) << bits;
    bits += step;
    // All is written each time, and whole octets are done with: no branch depends on how many.
    store64(out, held);
    out += toI32(bits >> 3n);
    held = held >> (bits & 56n);
    bits = bits & 7n;
    at += 4;
  }
  while (out < end) {
    store64(out, held);
    held = 0n;
    out += 8;
  }
  return end;
}

/** ULEB128; answers where it ends. */
const writeVarint = (out: i32, value: i64): i32 => {
  let rest = value;
  let at = out;
  while (rest > 127n) {
    store8(at, toI32(rest) | 128);
    rest = rest >> 7n;
    at += 1;
  }
  store8(at, toI32(rest));
  return at + 1;
};

/** Zigzag and ULEB128. */
export function writeSigned(out: i32, value: f64): i32 {
  return writeVarint(out, toLong(value < 0 ? value * -2 - 1 : value * 2));
}

/** Bits that hold each of the 32 words at `at`. */
const widthOf = (at: i32): i32 => {
  let all = 0;
  let i = 0;
  while (i < 128) {
    all |= load32(at + i);
    i += 4;
  }
  return 32 - leadingZeros32(all);
};

/** The widths of the four parts of a block of 128 words, then those parts that have any. */
const writeParts = (to: i32): i32 => {
  let out = to + 4;
  let part = 0;
  while (part < 4) {
    const from = encoding.block + (part << 7);
    const width = widthOf(from);
    store8(to + part, width);
    if (width > 0) out = pack(from, 32, width, out);
    part += 1;
  }
  return out;
};

/**
 * Writes what was gathered to `encoding.page` as parquet/packing.ts does (`writeDifferences`): the first, then the differences in blocks of 128, each less the
 * least of its block. Answers where it ends, or 0 where what is left has more than 32 bits.
 */
export function writeDifferences(count: i32): i32 {
  let before = loadF64(encoding.values);
  let out = writeSigned(writeVarint(writeVarint(writeVarint(encoding.page, 128n), 4n), toI64(count)), before);
  let from = encoding.values + 8;
  const end = encoding.values + (count << 3);
  while (from < end) {
    let blockEnd = from + 1024;
    if (blockEnd > end) blockEnd = end;
    let least: f64 = 1e300;
    let most: f64 = -1e300;
    let at = from;
    let to: i32 = encoding.differences;
    while (at < blockEnd) {
      const value = loadF64(at);
      const difference = value - before;
      before = value;
      storeF64(to, difference);
      to += 8;
      if (difference < least) least = difference;
      if (difference > most) most = difference;
      at += 8;
    }
    if (most - least > 4294967295) return 0;
    out = writeSigned(out, least);
    if (most === least) {
      store32(out, 0);
      out += 4;
    } else {
      let word: i32 = encoding.block;
      at = encoding.differences;
      while (at < to) {
        store32(word, toUnsigned(loadF64(at) - least));
        word += 4;
        at += 8;
      }
      while (word < encoding.block + 512) {
        store32(word, 0);
        word += 4;
      }
      out = writeParts(out);
    }
    from = blockEnd;
  }
  return out;
}
