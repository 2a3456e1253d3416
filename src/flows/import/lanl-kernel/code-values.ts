/**
 * The values of a column of a row group as codes by order of appearance, and its distinct values by their codes. In no loop is there a branch that
 * depends on whether a value is new, which nobody foresees: all is written as if it were, behind the last entry, and that counts only where it is.
 */
import { type i32, type i64, load8, load32, load64, store32, store64, toI32, toI64 } from '../../meter/kernel/words.ts';
import { codes, coding, entries, known, large, mostKnown, mostLarge } from './coding-layout.ts';

/** The place of a number that is too large for `known`, or the empty one where it belongs. */
const findLarge = (value: i64, base: i32): i32 => {
  let slot = toI32((value * 0x9e37_79b9_7f4a_7c15n) >> 40n) & (mostLarge - 1);
  while (true) {
    const code = load32(large + (slot << 2)) - base;
    if (code < 0 || load64(entries + (code << 3)) === value) break;
    slot = (slot + 1) & (mostLarge - 1);
  }
  return large + (slot << 2);
};

/** Codes so many texts at `from`, which are codes of the import, behind those that are there. */
export function codeTexts(from: i32, count: i32): void {
  const base = load32(coding.base);
  const end = from + (count << 2);
  let to = codes + (load32(coding.count) << 2);
  let size = load32(coding.size);
  let at = from;
  while (at < end) {
    const text = load32(at);
    const place = known + (text << 2);
    const before = load32(place) - base;
    const isNew = before >> 31;
    const code = (before & ~isNew) | (size & isNew);
    store32(entries + (size << 2), text);
    store32(place, base + code);
    store32(to, code);
    size -= isNew;
    at += 4;
    to += 4;
  }
  store32(coding.size, size);
  store32(coding.count, load32(coding.count) + count);
}

/** The same for numbers of 1 or 8 octets. */
export function codeNumbers(from: i32, count: i32, octets: i32): void {
  const base = load32(coding.base);
  const end = from + count * octets;
  let to = codes + (load32(coding.count) << 2);
  let size = load32(coding.size);
  let at = from;
  while (at < end) {
    const value = octets === 8 ? load64(at) : toI64(load8(at));
    let place = known + (toI32(value) << 2);
    if (value > toI64(mostKnown - 1)) place = findLarge(value, base);
    const before = load32(place) - base;
    const isNew = before >> 31;
    const code = (before & ~isNew) | (size & isNew);
    store64(entries + (size << 3), value);
    store32(place, base + code);
    store32(to, code);
    size -= isNew;
    at += octets;
    to += 4;
  }
  store32(coding.size, size);
  store32(coding.count, load32(coding.count) + count);
}
