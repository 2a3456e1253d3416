/**
 * Addresses as text, written straight into a buffer of octets: no string is made, so that meters and encoders can write
 * millions a second. Words are 32 bits, most significant first; signed or unsigned makes no difference.
 */

/** The most octets `writeIpv4` writes: 255.255.255.255. */
export const ipv4TextOctets = 15;
/** The most octets `writeIpv6` writes: eight groups of four digits and seven colons (the dotted form is shorter). */
export const ipv6TextOctets = 39;

const zero = 0x30;
const dot = 0x2e;
const colon = 0x3a;

// For each octet its decimal digits, left-aligned in three octets, and how many of them there are.
const decimal = new Uint8Array(256 * 4);
for (let octet = 0; octet < 256; octet++) {
  const text = String(octet);
  for (let i = 0; i < text.length; i++) decimal[octet * 4 + i] = text.charCodeAt(i);
  decimal[octet * 4 + 3] = text.length;
}

const hexadecimal = new Uint8Array(Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0)));

/**
 * Writes a dotted quad at `at` and returns the position behind it. Needs room for `ipv4TextOctets` octets whatever the
 * address: up to two zero octets may be written behind a short one.
 */
export const writeIpv4 = (target: Uint8Array, at: number, word: number): number => {
  let end = writeOctet(target, at, word >>> 24);
  target[end++] = dot;
  end = writeOctet(target, end, (word >>> 16) & 255);
  target[end++] = dot;
  end = writeOctet(target, end, (word >>> 8) & 255);
  target[end++] = dot;
  return writeOctet(target, end, word & 255);
};

/** All three digit places are written and the position moves by those that count: no branch on the number of digits. */
const writeOctet = (target: Uint8Array, at: number, octet: number): number => {
  const entry = octet * 4;
  target[at] = decimal[entry]!;
  target[at + 1] = decimal[entry + 1]!;
  target[at + 2] = decimal[entry + 2]!;
  return at + decimal[entry + 3]!;
};

/**
 * Writes an IPv6 address in the form of RFC 5952 at `at` and returns the position behind it: lower case, no leading
 * zeros, the longest run of two or more zero groups (the first of equals) as `::`, and IPv4-mapped addresses with a dotted
 * tail (section 5). Needs room for `ipv6TextOctets` octets.
 */
export const writeIpv6 = (target: Uint8Array, at: number, a: number, b: number, c: number, d: number): number => {
  if (a === 0 && b === 0 && c === 0xffff) return writeIpv4(target, writeMappedPrefix(target, at), d);
  const run = longestZeroRun(zeroGroups(a, b, c, d));
  const first = run >> 4;
  const length = run & 15;
  let end = at;
  for (let group = 0; group < 8; group++) {
    if (length > 0 && group === first) {
      target[end++] = colon;
      group += length - 1;
      if (group === 7) target[end++] = colon;
      continue;
    }
    if (group > 0) target[end++] = colon;
    const word = group < 2 ? a : group < 4 ? b : group < 6 ? c : d;
    end = writeGroup(target, end, (group & 1) === 0 ? word >>> 16 : word & 0xffff);
  }
  return end;
};

/** `::ffff:` */
const writeMappedPrefix = (target: Uint8Array, at: number): number => {
  target[at] = colon;
  target[at + 1] = colon;
  target[at + 2] = target[at + 3] = target[at + 4] = target[at + 5] = 0x66;
  target[at + 6] = colon;
  return at + 7;
};

/** One bit for each of the eight groups, the first group in bit 0: set where the group is zero. */
const zeroGroups = (a: number, b: number, c: number, d: number): number =>
  zeroHalves(a) | (zeroHalves(b) << 2) | (zeroHalves(c) << 4) | (zeroHalves(d) << 6);

const zeroHalves = (word: number): number => (word >>> 16 === 0 ? 1 : 0) | ((word & 0xffff) === 0 ? 2 : 0);

/** First group and length of the run to shorten, as `first << 4 | length`, for each set of zero groups; 0 where there is none. */
const zeroRuns = new Uint8Array(256);
for (let groups = 0; groups < 256; groups++) {
  let best = 0;
  for (let first = 0; first < 8; first++) {
    let length = 0;
    while (first + length < 8 && groups & (1 << (first + length))) length++;
    if (length >= 2 && length > (best & 15)) best = (first << 4) | length;
  }
  zeroRuns[groups] = best;
}

const longestZeroRun = (groups: number): number => zeroRuns[groups]!;

const writeGroup = (target: Uint8Array, at: number, group: number): number => {
  let end = at;
  if (group >= 0x1000) target[end++] = hexadecimal[group >>> 12]!;
  if (group >= 0x100) target[end++] = hexadecimal[(group >>> 8) & 15]!;
  if (group >= 0x10) target[end++] = hexadecimal[(group >>> 4) & 15]!;
  target[end++] = group === 0 ? zero : hexadecimal[group & 15]!;
  return end;
};
