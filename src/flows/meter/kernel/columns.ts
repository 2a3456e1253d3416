/**
 * Columns of ended records for the encoder (import/record-group.ts), in a memory of its own. What records are made of lies there field by field, since each
 * column is read in another order than the records came: that of their times. So the values of one field stay in the cache while they are read.
 *
 * Here are the records' way in, which of them have a value, and columns by codes, by order of appearance.
 */
import { has, ipv6, recordOctets, recordPairs } from './constants.ts';
import { encoding, endedAt, recordAt } from './layout.ts';
import { below, type f64, type i32, load8, load32, load64, loadF64, store8, store32, store64, toI32, toLong } from './words.ts';

/** Where the field at `at` of the record at place 0 lies; that of each other is 8 octets behind the one before. */
export const columnOf = (at: i32): i32 => encoding.records + (at >>> 3) * encoding.stride + (at & 4);

/** Where the value of the record lies whose place is the number `i` of some. */
export const valueAt = (column: i32, places: i32, i: i32): i32 => column + (load32(places + (i << 2)) << 3);

/** Takes so many records from `encoding.batch`, and gives them the places from `place` on. */
export function spread(count: i32, place: i32): void {
  let from: i32 = encoding.batch;
  let to = encoding.records + (place << 3);
  const end = from + count * recordOctets;
  while (from < end) {
    let at = 0;
    while (at < recordPairs) {
      store64(to + at * encoding.stride, load64(from + (at << 3)));
      at += 1;
    }
    from += recordOctets;
    to += 8;
  }
}

/** Notes what each of so many records at `encoding.places` has. */
export function survey(count: i32): void {
  const column = columnOf(endedAt.has);
  let all = -1;
  let any = 0;
  let i = 0;
  while (i < count) {
    const bits = load32(valueAt(column, encoding.places, i));
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

/** A new entry of four words and a tag; answers its code. */
const addEntry = (a: i32, b: i32, c: i32, d: i32, tag: i32): i32 => {
  const code = load32(encoding.size);
  const entry = encoding.entries + (code << 4);
  store32(encoding.size, code + 1);
  store32(entry, a);
  store32(entry + 4, b);
  store32(entry + 8, c);
  store32(entry + 12, d);
  store8(encoding.tags + code, tag);
  return code;
};

/** The code of a value of four words and a tag. */
export function findEntry(a: i32, b: i32, c: i32, d: i32, tag: i32): i32 {
  store32(encoding.isHashed, 1);
  const product = (a ^ ((b ^ ((c ^ (d * 0x9e3779b1)) * 0x85ebca6b)) * 0xc2b2ae35)) * 0x27d4eb2f;
  let slot = (product ^ (product >>> 15)) & encoding.lastSlot;
  while (true) {
    const at = encoding.slots + (slot << 2);
    const found = load32(at) - 1;
    if (found < 0) {
      const code = addEntry(a, b, c, d, tag);
      store32(at, code + 1);
      return code;
    }
    const entry = encoding.entries + (found << 4);
    const isHalf = load32(entry) === a && load32(entry + 4) === b;
    if (isHalf && load32(entry + 8) === c && load32(entry + 12) === d && load8(encoding.tags + found) === tag) return found;
    slot = (slot + 1) & encoding.lastSlot;
  }
}

/** Notes the code of the value number `i`, which has 64 bits: small ones are found by themselves. */
const putCode = (i: i32, low: i32, high: i32): void => {
  let code = -1;
  if (high === 0 && below(low, 65_536)) {
    const slot = encoding.table + (low << 2);
    code = load32(slot) - 1;
    if (code < 0) {
      code = addEntry(low, 0, 0, 0, 0);
      store32(slot, code + 1);
    }
  } else code = findEntry(low, high, 0, 0, 0);
  store32(encoding.codes + (i << 2), code);
};

/** Makes the tables ready for the next column; answers how many entries there are. */
const settle = (): i32 => {
  const size = load32(encoding.size);
  let at: i32 = encoding.entries;
  const end = at + (size << 4);
  while (at < end) {
    if (below(load32(at), 65_536)) store32(encoding.table + (load32(at) << 2), 0);
    at += 16;
  }
  store32(encoding.size, 0);
  if (load32(encoding.isHashed) === 0) return size;
  store32(encoding.isHashed, 0);
  at = encoding.slots;
  while (at <= encoding.slots + (encoding.lastSlot << 2)) {
    store64(at, 0n);
    at += 8;
  }
  return size;
};

/** Codes some bits of a word, with `plus` added; answers how many entries they have. */
export function codeBits(places: i32, count: i32, at: i32, shift: i32, mask: i32, plus: i32): i32 {
  const column = columnOf(at);
  let i = 0;
  while (i < count) {
    putCode(i, ((load32(valueAt(column, places, i)) >>> shift) & mask) + plus, 0);
    i += 1;
  }
  return settle();
}

/** The same of two words, the upper one with some of its bits only. */
export function codeHalves(places: i32, count: i32, highAt: i32, shift: i32, mask: i32, lowAt: i32): i32 {
  const high = columnOf(highAt);
  const low = columnOf(lowAt);
  let i = 0;
  while (i < count) {
    putCode(i, load32(valueAt(low, places, i)), (load32(valueAt(high, places, i)) >>> shift) & mask);
    i += 1;
  }
  return settle();
}

const putWhole = (i: i32, value: f64): void => {
  const whole = toLong(value);
  putCode(i, toI32(whole), toI32(whole >> 32n));
};

/** The same of whole numbers that are doubles. */
export function codeWholes(places: i32, count: i32, at: i32): i32 {
  const column = columnOf(at);
  let i = 0;
  while (i < count) {
    putWhole(i, loadF64(valueAt(column, places, i)));
    i += 1;
  }
  return settle();
}

/** The same of whole seconds between the first and the last packet. */
export function codeDurations(places: i32, count: i32): i32 {
  const start = columnOf(recordAt.start);
  const last = columnOf(recordAt.last);
  const startNanos = columnOf(recordAt.startNanos);
  const lastNanos = columnOf(recordAt.lastNanos);
  let i = 0;
  while (i < count) {
    const at = load32(places + (i << 2)) << 3;
    const seconds = loadF64(last + at) - loadF64(start + at);
    putWhole(i, load32(lastNanos + at) < load32(startNanos + at) ? seconds - 1 : seconds);
    i += 1;
  }
  return settle();
}

/** The same of the ports of all records as they are shown: those that have none show 0, or type and code of ICMP as the destination's. */
export function codePorts(count: i32, shift: i32, isDestination: i32): i32 {
  const ports = columnOf(recordAt.ports);
  const labels = columnOf(recordAt.flowLabel);
  let i = 0;
  while (i < count) {
    const bits = load32(encoding.possessions + (i << 2));
    const word = load32(valueAt(ports, encoding.places, i));
    let shown = 0;
    if ((bits & has.ports) !== 0) shown = (word >>> shift) & 0xffff;
    else if (isDestination && (bits & has.icmp) !== 0)
      shown = (word & 0xff00) | ((load32(valueAt(labels, encoding.places, i)) >>> 20) & 255);
    putCode(i, shown, 0);
    i += 1;
  }
  return settle();
}

/** The same of the addresses of one end of all records, from the word at `firstAt` on and that at `lastAt`; they are tagged 6 or 4. */
export function codeAddresses(count: i32, firstAt: i32, lastAt: i32): i32 {
  const a = columnOf(firstAt);
  const b = columnOf(firstAt + 4);
  const c = columnOf(firstAt + 8);
  const d = columnOf(lastAt);
  const metas = columnOf(recordAt.meta);
  let i = 0;
  while (i < count) {
    const at = load32(encoding.places + (i << 2)) << 3;
    const tag = (load32(metas + at) & ipv6) === 0 ? 4 : 6;
    store32(encoding.codes + (i << 2), findEntry(load32(a + at), load32(b + at), load32(c + at), load32(d + at), tag));
    i += 1;
  }
  return settle();
}

/** Writes so many entries of 4 or 8 octets to `encoding.page`, and which is the least and the greatest of them; numbers without sign. */
export function writeEntries(size: i32, width: i32): void {
  let least = ~0n;
  let most = 0n;
  let leastCode = 0;
  let mostCode = 0;
  let code = 0;
  let out: i32 = encoding.page;
  while (code < size) {
    const value = load64(encoding.entries + (code << 4));
    // What comes behind an entry of four octets is written over.
    store64(out, value);
    if (value < least) {
      least = value;
      leastCode = code;
    }
    if (value > most) {
      most = value;
      mostCode = code;
    }
    out += width;
    code += 1;
  }
  store32(encoding.leastAt, leastCode);
  store32(encoding.mostAt, mostCode);
}
