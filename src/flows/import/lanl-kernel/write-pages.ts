/** The octets of Parquet's pages: codes in few bits, differences of rising numbers, the texts of a dictionary. Each function answers where they end. */
import { type i32, type i64, leadingZeros, load32, load64, store8, store64, toI32, toI64 } from '../../meter/kernel/words.ts';
import { codes, coding, entries, page, values } from './coding-layout.ts';
import { texts } from './layout.ts';

/** Packs the codes with the lowest bit first, `width` of 1 to 16 bits each, filled up to a multiple of eight codes. */
export function packCodes(count: i32, width: i32, to: i32): i32 {
  store64(codes + (count << 2), 0n);
  store64(codes + (count << 2) + 8, 0n);
  store64(codes + (count << 2) + 16, 0n);
  store64(codes + (count << 2) + 24, 0n);
  const both = toI64(width);
  let at = to;
  let held = 0n;
  let bits = 0;
  let i = codes;
  const end = codes + (((count + 7) >> 3) << 5);
  while (i < end) {
    const pair = load64(i);
    held = held | (((pair & 0xffff_ffffn) | ((pair >> 32n) << both)) << toI64(bits));
    bits += width + width;
    // What has come to whole octets is written, and the rest kept.
    store64(at, held);
    at += bits >> 3;
    held = held >> toI64(bits & 56);
    bits = bits & 7;
    i += 8;
  }
  return at;
}

const bitsOf = (value: i64): i32 => 64 - toI32(leadingZeros(value));

/** ULEB128; answers where it ends. */
const writeVarint = (value: i64, to: i32): i32 => {
  let rest = value;
  let at = to;
  while (rest > 127n) {
    store8(at, toI32(rest & 127n) | 128);
    rest = rest >> 7n;
    at += 1;
  }
  store8(at, toI32(rest));
  return at + 1;
};

/** The difference of the value number `i` from the one before. */
const differenceAt = (i: i32): i64 => load64(values + (i << 3)) - load64(values - 8 + (i << 3));

/** The blocks of DELTA_BINARY_PACKED for values that do not fall, from the second on: 128 differences in four parts, each less the least of the block. */
export function writeRising(count: i32): i32 {
  let at = page;
  let from = 1;
  while (from < count) {
    let end = from + 128;
    if (end > count) end = count;
    let least = differenceAt(from);
    let i = from + 1;
    while (i < end) {
      const difference = differenceAt(i);
      if (difference < least) least = difference;
      i += 1;
    }
    at = writeVarint(least + least, at);
    let bits = at + 4;
    let part = 0;
    while (part < 4) {
      const begin = from + (part << 5);
      let stop = begin + 32;
      if (stop > end) stop = end;
      let all = 0n;
      i = begin;
      while (i < stop) {
        all = all | (differenceAt(i) - least);
        i += 1;
      }
      const width = bitsOf(all);
      if (width > 32) return 0;
      store8(at + part, width);
      let held = 0n;
      let have = 0;
      let to = bits;
      i = begin;
      while (i < stop) {
        held = held | ((differenceAt(i) - least) << toI64(have));
        have += width;
        store64(to, held);
        to += have >> 3;
        held = held >> toI64(have & 56);
        have = have & 7;
        i += 1;
      }
      // A part has room for all of its 32, with zeros where there is no value.
      const next = bits + (width << 2);
      if (stop < begin + 32) {
        if (to < next) {
          store8(to, toI32(held));
          to += 1;
        }
        while (to < next) {
          store8(to, 0);
          to += 1;
        }
      }
      bits = next;
      part += 1;
    }
    at = bits;
    from += 128;
  }
  return at;
}

/** Where the text of an entry lies. */
export const entryAt = (code: i32): i32 => texts + (load32(entries + (code << 2)) << 4);

/** The texts of a dictionary, none of them too long to lie in its place, each with its length in front. */
export function writeTexts(): i32 {
  let at = page;
  let code = 0;
  while (code < load32(coding.size)) {
    const text = entryAt(code);
    // All twelve octets, of which the next text overwrites what does not count.
    store64(at, load64(text));
    store64(at + 8, load64(text + 8));
    at += load32(text) + 4;
    code += 1;
  }
  return at;
}
