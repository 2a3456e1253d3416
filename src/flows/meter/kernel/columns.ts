/**
 * Columns of ended records for the encoder (import/record-rows.ts), in a memory of its own: which records have a value, and the values of those
 * columns whose values are few and small, as codes by order of appearance.
 */
import { recordOctets } from './constants.ts';
import { encoding, endedAt, recordAt } from './layout.ts';
import { below, type i32, load32, loadF64, store32, toF64, toUnsigned } from './words.ts';

const recordAtPlace = (places: i32, i: i32): i32 => encoding.records + load32(places + (i << 2)) * recordOctets;

/** Notes the code of the value number `i`. */
const put = (i: i32, value: i32): void => {
  const slot = encoding.table + (value << 2);
  let found = load32(slot);
  if (found === 0) {
    found = load32(encoding.size) + 1;
    store32(encoding.size, found);
    store32(slot, found);
    store32(encoding.entries + ((found - 1) << 4), value);
  }
  store32(encoding.codes + (i << 2), found - 1);
};

/** Empties the table; answers how many entries there are, or -1 where a value was not for it. */
const settle = (isWhole: boolean): i32 => {
  const size = load32(encoding.size);
  let entry = 0;
  while (entry < size) {
    store32(encoding.table + (load32(encoding.entries + (entry << 4)) << 2), 0);
    entry += 1;
  }
  store32(encoding.size, 0);
  return isWhole ? size : -1;
};

/** Notes what each of so many records at `encoding.places` has. */
export function survey(count: i32): void {
  let all = -1;
  let any = 0;
  let i = 0;
  while (i < count) {
    const bits = load32(recordAtPlace(encoding.places, i) + endedAt.has);
    store32(encoding.possessions + (i << 2), bits);
    all &= bits;
    any |= bits;
    i += 1;
  }
  store32(encoding.all, all);
  store32(encoding.any, any);
}

/** Notes which of them have what a bit tells, and their places; answers how many. */
export function choose(count: i32, bit: i32): i32 {
  if ((load32(encoding.all) & bit) !== 0) return count;
  if ((load32(encoding.any) & bit) === 0) return 0;
  let chosen = 0;
  let i = 0;
  while (i < count) {
    const level = (load32(encoding.possessions + (i << 2)) & bit) !== 0 ? 1 : 0;
    store32(encoding.levels + (i << 2), level);
    store32(encoding.chosen + (chosen << 2), load32(encoding.places + (i << 2)));
    chosen += level;
    i += 1;
  }
  return chosen;
}

/** Codes some bits of a word, with `plus` added; answers how many entries they have, or -1 where one is beyond 16 bits. */
export function codeBits(places: i32, count: i32, at: i32, shift: i32, mask: i32, plus: i32): i32 {
  let isWhole = true;
  let i = 0;
  while (i < count) {
    const value = ((load32(recordAtPlace(places, i) + at) >>> shift) & mask) + plus;
    if (!below(value, 65_536)) {
      isWhole = false;
      break;
    }
    put(i, value);
    i += 1;
  }
  return settle(isWhole);
}

/** The same of a whole number that is a double; of the last second as the whole seconds since the start. */
export function codeWhole(places: i32, count: i32, at: i32, isDuration: i32): i32 {
  let isWhole = true;
  let i = 0;
  while (i < count) {
    const record = recordAtPlace(places, i);
    let value = loadF64(record + at);
    if (isDuration) {
      const borrowed = load32(record + recordAt.lastNanos) < load32(record + recordAt.startNanos) ? 1 : 0;
      value -= loadF64(record + recordAt.start) + toF64(borrowed);
    }
    if (value < 0 || value > 65_535) {
      isWhole = false;
      break;
    }
    put(i, toUnsigned(value));
    i += 1;
  }
  return settle(isWhole);
}
