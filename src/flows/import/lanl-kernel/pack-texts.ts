/**
 * The texts of a dictionary as a frame of zstd (RFC 8878) that is made without looking for anything: sorted by their length, so that what stands in
 * front of a text, its length in four octets, is the same as in front of the one before. So the octets of the texts are the literals, which get
 * prefix codes, and each sequence is as long as the others: these texts, then four octets from a text before.
 *
 *   length text length | text length text length ... text | length text length | text ...
 *   a block as it is   | a block of literals, sequences   | the next length
 */
import { type i32, load8, load32, load64, store8, store32, store64, toI32, toI64 } from '../../meter/kernel/words.ts';
import { byLength, codes, coding, frame, leastPacked, longestText, mostOfBlock, page, prefix, values } from './coding-layout.ts';
import { highs } from './layout.ts';
import { entryAt } from './write-pages.ts';

const countOf = (octets: i32): i32 => byLength.counts + (octets << 2);
/** Where the octets of the texts of a length end, and the code of the next of them while they are sorted. */
const endOf = (octets: i32): i32 => byLength.ends + (octets << 2);
const nextOf = (octets: i32): i32 => byLength.next + (octets << 2);

/** The first four octets of a text, as a number that is in order with them; those behind its end are 0. */
const headOf = (text: i32): i32 => {
  const word = load32(text + 4);
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
};

/** Whether a text comes before another in order of octets; both of at most twelve. */
const isBefore = (one: i32, other: i32): boolean => {
  let at = 4;
  while (at < 16 && load8(one + at) === load8(other + at)) at += 1;
  if (at === 16) return load32(one) < load32(other);
  return load8(one + at) < load8(other + at);
};

/**
 * Looks at the texts of a dictionary: notes the least and the greatest, and how many there are of each length. Answers 0 where one is too long to lie
 * in its place, 2 where such a frame can be made of them (ASCII, and none is empty), else 1.
 */
export function surveyTexts(): i32 {
  let octets = 0;
  while (octets <= longestText) {
    store32(countOf(octets), 0);
    octets += 1;
  }
  let least = entryAt(0);
  let most = least;
  let leastHead = toI64(headOf(least));
  let mostHead = leastHead;
  let upper = 0n;
  let code = 0;
  while (code < load32(coding.size)) {
    const text = entryAt(code);
    octets = load32(text);
    if (octets > longestText) return 0;
    store32(countOf(octets), load32(countOf(octets)) + 1);
    upper = upper | load64(text) | load64(text + 8);
    const head = toI64(headOf(text));
    if (head <= leastHead && isBefore(text, least)) {
      least = text;
      leastHead = head;
    }
    if (head >= mostHead && isBefore(most, text)) {
      most = text;
      mostHead = head;
    }
    code += 1;
  }
  store32(coding.least, least);
  store32(coding.most, most);
  return (upper & highs) === 0n && load32(countOf(0)) === 0 ? 2 : 1;
}

/**
 * Sorts the texts by their lengths, gives them and the rows, of which there are so many, codes in that order, and puts their octets into the page.
 * Answers how many octets they have with their lengths; 0, and nothing is done, where they are few.
 */
export function sortTexts(rows: i32): i32 {
  let plain = 0;
  let first = 0;
  let at = page;
  let octets = 1;
  while (octets <= longestText) {
    const count = load32(countOf(octets));
    store32(nextOf(octets), first);
    store32(endOf(octets), at);
    first += count;
    // The last text of a length is written with what stands behind it.
    at += count * octets + 16;
    plain += count * (octets + 4);
    octets += 1;
  }
  if (plain < leastPacked) return 0;
  let code = 0;
  while (code < first) {
    const text = entryAt(code);
    octets = load32(text);
    const to = load32(endOf(octets));
    store64(to, load64(text + 4));
    store32(to + 8, load32(text + 12));
    store32(endOf(octets), to + octets);
    const place = load32(nextOf(octets));
    store32(nextOf(octets), place + 1);
    store32(values + (code << 2), place);
    code += 1;
  }
  let row = codes;
  while (row < codes + (rows << 2)) {
    store32(row, load32(values + (load32(row) << 2)));
    row += 4;
  }
  return plain;
}

/** Counts octets of the sorted texts, up to so many of each length. */
export function countOctets(most: i32): void {
  let octets = 1;
  while (octets <= longestText) {
    const end = load32(endOf(octets));
    let at = end - load32(countOf(octets)) * octets;
    let stop = at + most;
    if (stop > end) stop = end;
    while (at < stop) {
      const count = prefix.counts + (load8(at) << 2);
      store32(count, load32(count) + 1);
      at += 1;
    }
    octets += 1;
  }
}

/** Writes the codes of the octets before `end`, the last first, as a decoder takes them; answers where they end. */
export function packStream(from: i32, end: i32, to: i32): i32 {
  let held = 0n;
  let bits = 0;
  let out = to;
  let at = end;
  const add = (octet: i32): void => {
    const code = load32(prefix.codes + (octet << 2));
    held = held | (toI64(code & 0xffff) << toI64(bits));
    bits += code >>> 16;
  };
  const flush = (): void => {
    store64(out, held);
    out += bits >> 3;
    held = held >> toI64(bits & 56);
    bits = bits & 7;
  };
  while (at - from > 3) {
    at -= 4;
    const four = load32(at);
    add(four >>> 24);
    add((four >>> 16) & 255);
    add((four >>> 8) & 255);
    add(four & 255);
    flush();
  }
  while (at > from) {
    at -= 1;
    add(load8(at));
    flush();
  }
  // A 1 above the last bit tells where it is.
  store64(out, held | (1n << toI64(bits)));
  return out + 1;
}

/** The header of a block, three octets: of kind 0 for octets as they are, 2 for packed ones. */
const writeHeader = (octets: i32, kind: i32, isLast: i32, to: i32): void => {
  const header = (octets << 3) | (kind << 1) | isLast;
  store8(to, header);
  store8(to + 1, header >>> 8);
  store8(to + 2, header >>> 16);
};

/** A block of so many texts as they are, each with its length in front; answers where it ends. */
const writeTextsPlainly = (from: i32, count: i32, octets: i32, isLast: i32, to: i32): i32 => {
  writeHeader(count * (octets + 4), 0, isLast, to);
  let at = to + 3;
  let text = from;
  while (text < from + count * octets) {
    store32(at, octets);
    store64(at + 4, load64(text));
    store32(at + 12, load32(text + 8));
    at += octets + 4;
    text += octets;
  }
  return at;
};

/** A block of the first text, with the length of the next one behind it; answers where it ends. */
const writeFirst = (from: i32, octets: i32, to: i32): i32 => {
  const at = writeTextsPlainly(from, 1, octets, 0, to);
  store32(at, octets);
  writeHeader(octets + 8, 0, 0, to);
  return at + 4;
};

/** The literals of a block at `to`, in four streams; answers where they end. */
const packLiterals = (from: i32, octets: i32, hasTree: i32, to: i32): i32 => {
  let at = to + 5;
  let i = 0;
  while (i < (hasTree === 0 ? prefix.treeOctets : 0)) {
    store8(at, load8(prefix.tree + i));
    at += 1;
    i += 1;
  }
  const sizes = at;
  const part = (octets + 3) >> 2;
  at += 6;
  let stream = 0;
  while (stream < 4) {
    const begin = from + stream * part;
    const end = stream < 3 ? begin + part : from + octets;
    const next = packStream(begin, end, at);
    if (stream < 3) {
      store8(sizes + stream + stream, next - at);
      store8(sizes + stream + stream + 1, (next - at) >>> 8);
    }
    at = next;
    stream += 1;
  }
  // Their kind (with a tree, or with that of a block before), four streams with sizes of 18 bits, the sizes.
  const header = toI64(hasTree === 0 ? 2 : 3) | (3n << 2n) | (toI64(octets) << 4n) | (toI64(at - to - 5) << 22n);
  store32(to, toI32(header));
  store8(to + 4, toI32(header >> 32n));
  return at;
};

/** So many sequences at `to`, of a text and four octets from as far back as texts are apart; answers where they end. */
const packSequences = (count: i32, octets: i32, to: i32): i32 => {
  store8(to, (count >> 8) + 128);
  store8(to + 1, count);
  // Literals, distance and length each have the one code that follows. A distance is told with 3 more, as a power of 2 and bits.
  store8(to + 2, 0x54);
  const distance = octets + 4 + 3;
  const bits = distance < 16 ? 3 : 4;
  store8(to + 3, octets);
  store8(to + 4, bits);
  store8(to + 5, 1);
  let at = to + 6;
  let held = 0n;
  let have = 0;
  let left = count;
  while (left > 0) {
    held = held | (toI64(distance & ((1 << bits) - 1)) << toI64(have));
    have += bits;
    if (have > 31) {
      store32(at, toI32(held));
      at += 4;
      held = held >> 32n;
      have -= 32;
    }
    left -= 1;
  }
  store64(at, held | (1n << toI64(have)));
  return at + (have >> 3) + 1;
};

/** The frame of sorted texts, in which fewer than `least` of a length are written as they are; answers where it ends. */
export function packTexts(plain: i32, least: i32): i32 {
  // Magic number; one segment, whose size stands in four octets.
  store32(frame, 0xfd2f_b528);
  store8(frame + 4, 0xa0);
  store32(frame + 5, plain);
  let to = frame + 9;
  let hasTree = 0;
  let rest = load32(coding.size);
  let octets = 1;
  while (octets <= longestText) {
    let left = load32(countOf(octets));
    let from = load32(endOf(octets)) - left * octets;
    while (left > 0) {
      let count = mostOfBlock;
      if (left < count) count = left;
      rest -= count;
      const isLast = rest === 0 ? 1 : 0;
      if (count < least) to = writeTextsPlainly(from, count, octets, isLast, to);
      else {
        const block = writeFirst(from, octets, to);
        const literals = packLiterals(from + octets, (count - 1) * octets, hasTree, block + 3);
        to = packSequences(count - 2, octets, literals);
        writeHeader(to - block - 3, 2, isLast, block);
        hasTree = 1;
      }
      from += count * octets;
      left -= count;
    }
    octets += 1;
  }
  return to;
}
