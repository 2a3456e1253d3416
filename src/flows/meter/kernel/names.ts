/**
 * The entries of a dictionary as texts for the encoder: addresses and ports as core/address.ts and end-names.ts write them, each behind its length in
 * four octets, one after the other; and which is the least and the greatest in order of octets.
 */
import { colon, dot, lengthOctets, mappedWord, zero } from './constants.ts';
import { encoding } from './layout.ts';
import { type i32, load8, load32, store8, store32 } from './words.ts';

/** Writes 0 to 65535 in decimal; answers where it ends. */
const spellDecimal = (out: i32, value: i32): i32 => {
  const end = out + (value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10000 ? 4 : 5);
  let at = end;
  let rest = value;
  while (at > out) {
    // A tenth: exact for 16 bits.
    const tens = (rest * 52429) >>> 19;
    at -= 1;
    store8(at, zero + rest - tens * 10);
    rest = tens;
  }
  return end;
};

const spellDotted = (out: i32, octet: i32): i32 => {
  const end = spellDecimal(out, octet);
  store8(end, dot);
  return end + 1;
};

const spellIpv4 = (out: i32, word: i32): i32 => {
  const at = spellDotted(spellDotted(spellDotted(out, word >>> 24), (word >>> 16) & 255), (word >>> 8) & 255);
  return spellDecimal(at, word & 255);
};

/** One of the eight groups of the address whose four words lie at `entry`. */
const groupAt = (entry: i32, group: i32): i32 => {
  const word = load32(entry + ((group >>> 1) << 2));
  return (group & 1) === 0 ? word >>> 16 : word & 0xffff;
};

const spellDigit = (out: i32, digit: i32): i32 => {
  store8(out, digit < 10 ? zero + digit : 87 + digit);
  return out + 1;
};

const spellGroup = (out: i32, group: i32): i32 => {
  let at = out;
  if (group > 0xfff) at = spellDigit(at, group >>> 12);
  if (group > 0xff) at = spellDigit(at, (group >>> 8) & 15);
  if (group > 0xf) at = spellDigit(at, (group >>> 4) & 15);
  return spellDigit(at, group & 15);
};

/** First group and length of the longest run of two or more zero groups, the first of equals, as `first << 4 | length`; 128 where there is none. */
const longestRun = (entry: i32): i32 => {
  let best = 128;
  let first = 0;
  while (first < 8) {
    let length = 0;
    while (first + length < 8 && groupAt(entry, first + length) === 0) length += 1;
    if (length > 1 && length > (best & 15)) best = (first << 4) | length;
    first += length + 1;
  }
  return best;
};

/** The form of RFC 5952. */
const spellIpv6 = (out: i32, entry: i32): i32 => {
  const run = longestRun(entry);
  let at = out;
  let group = 0;
  while (group < 8) {
    if (group === run >>> 4) {
      store8(at, colon);
      at += 1;
      group += run & 15;
      if (group === 8) {
        store8(at, colon);
        at += 1;
      }
    } else {
      if (group > 0) {
        store8(at, colon);
        at += 1;
      }
      at = spellGroup(at, groupAt(entry, group));
      group += 1;
    }
  }
  return at;
};

/** `::ffff:` and a dotted quad (RFC 5952, section 5). */
const spellMapped = (out: i32, word: i32): i32 => {
  store32(out, 0x66663a3a);
  store32(out + 3, 0x3a666666);
  // "::ff", whose last octet the next four begin with, and "fff:".
  return spellIpv4(out + 7, word);
};

const spellAddress = (out: i32, entry: i32, version: i32): i32 => {
  if (version === 4) return spellIpv4(out, load32(entry + 12));
  const isMapped = load32(entry) === 0 && load32(entry + 4) === 0 && load32(entry + 8) === mappedWord;
  return isMapped ? spellMapped(out, load32(entry + 12)) : spellIpv6(out, entry);
};

/** Whether a text is before another in order of octets. */
const isLess = (one: i32, other: i32): boolean => {
  const length = load32(one - lengthOctets);
  const otherLength = load32(other - lengthOctets);
  let both = length;
  if (otherLength < both) both = otherLength;
  let i = 0;
  while (i < both) {
    const difference = load8(one + i) - load8(other + i);
    if (difference !== 0) return difference < 0;
    i += 1;
  }
  return length < otherLength;
};

/** Tells the length of a text, and notes whether it is the least or the greatest so far. */
const noteText = (text: i32, end: i32): void => {
  store32(text - lengthOctets, end - text);
  const isFirst = text === encoding.names + lengthOctets;
  if (isFirst || isLess(text, load32(encoding.leastAt))) store32(encoding.leastAt, text);
  if (isFirst || isLess(load32(encoding.mostAt), text)) store32(encoding.mostAt, text);
};

/** Writes so many entries, which are addresses of the version that their tags tell, to `encoding.names`; answers where they end. */
export function writeAddresses(size: i32): i32 {
  let out: i32 = encoding.names;
  let code = 0;
  while (code < size) {
    const text = out + lengthOctets;
    out = spellAddress(text, encoding.entries + (code << 4), load8(encoding.tags + code));
    noteText(text, out);
    code += 1;
  }
  return out;
}

/** The same of ports. */
export function writePorts(size: i32): i32 {
  let out: i32 = encoding.names;
  let code = 0;
  while (code < size) {
    const text = out + lengthOctets;
    out = spellDecimal(text, load32(encoding.entries + (code << 4)));
    noteText(text, out);
    code += 1;
  }
  return out;
}
