/**
 * Addresses and prefixes read from text that a person typed: strict, since a guess about an address is a wrong answer.
 * IPv4 is four decimal octets without leading zeros (RFC 6943 section 3.1.1 tells what laxer forms have cost);
 * IPv6 is RFC 4291 section 2.2 without zones. Values are two halves of 64 bits, IPv4 in its mapped place (::ffff:a.b.c.d).
 */
import { ipv4TextOctets, ipv6TextOctets, writeIpv4, writeIpv6 } from './address.ts';

/** The upper and the lower 64 bits of an address, unsigned. */
export type Halves = { readonly hi: bigint; readonly lo: bigint };

/** An address. `version` tells 192.0.2.1 (4) from ::ffff:192.0.2.1 (6), which have the same halves. */
export type Address = Halves & { readonly version: 4 | 6 };

/** A block of addresses: `length` leading bits are fixed (0 to 32 or 0 to 128); `first` and `last` belong to it. */
export type Prefix = { readonly version: 4 | 6; readonly length: number; readonly first: Halves; readonly last: Halves };

const all64 = (1n << 64n) - 1n;
const mapped = 0xffff_0000_0000n;

/** Reads an address, or returns undefined. Surrounding blanks, zones, ports and brackets are not part of an address. */
export const parseAddress = (text: string): Address | undefined => {
  if (text.includes(':')) return parseIpv6(text);
  const word = parseIpv4Word(text);
  return word === undefined ? undefined : { version: 4, hi: 0n, lo: mapped | BigInt(word) };
};

/** Reads `ADDRESS/LENGTH`, or returns undefined. Bits behind the length are cleared: 10.1.2.3/8 is 10.0.0.0/8. */
export const parsePrefix = (text: string): Prefix | undefined => {
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > (address.version === 4 ? 32 : 128)) return undefined;
  return prefixOf(address, Number(digits));
};

/** The block of the first `length` bits of an address; `length` must fit the version. */
export const prefixOf = (address: Address, length: number): Prefix => {
  const hostBits = BigInt((address.version === 4 ? 32 : 128) - length);
  const host = (1n << hostBits) - 1n;
  const first = ((address.hi << 64n) | address.lo) & ~host;
  return { version: address.version, length, first: halvesOf(first), last: halvesOf(first | host) };
};

/** The address in the form of RFC 5952 (IPv6) or as a dotted quad. */
export const formatAddress = ({ version, hi, lo }: Address): string => {
  const text = new Uint8Array(Math.max(ipv4TextOctets, ipv6TextOctets) + 3);
  const low = word(lo, 0n);
  const end = version === 4 ? writeIpv4(text, 0, low) : writeIpv6(text, 0, word(hi, 32n), word(hi, 0n), word(lo, 32n), low);
  return String.fromCharCode(...text.subarray(0, end));
};

/** The prefix as `ADDRESS/LENGTH`. */
export const formatPrefix = ({ version, length, first }: Prefix): string => `${formatAddress({ version, ...first })}/${length}`;

const halvesOf = (bits: bigint): Halves => ({ hi: bits >> 64n, lo: bits & all64 });

/** Signed, as the writers of `address.ts` know zero groups from. */
const word = (half: bigint, shift: bigint): number => Number((half >> shift) & 0xffff_ffffn) | 0;

const octet = '(0|[1-9][0-9]{0,2})';
const dottedQuad = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`);

const parseIpv4Word = (text: string): number | undefined => {
  const octets = dottedQuad.exec(text)?.slice(1).map(Number);
  if (octets === undefined || octets.some((value) => value > 255)) return undefined;
  return octets.reduce((bits, value) => bits * 256 + value, 0);
};

/** RFC 4291 section 2.2: eight groups; one `::` for one or more zero groups; the last two groups may be a dotted quad. */
const parseIpv6 = (text: string): Address | undefined => {
  if (text.length > 45) return undefined;
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const isShort = sides.length === 2;
  const head = parseGroups(sides[0]!, !isShort);
  const tail = isShort ? parseGroups(sides[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (isShort ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bits = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return { version: 6, ...halvesOf(bits) };
};

/** The groups between two ends or an end and `::`; a dotted quad counts as two and may stand only at the end of the address. */
const parseGroups = (text: string, isEnd: boolean): number[] | undefined => {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const quad = isEnd && index === parts.length - 1 ? parseIpv4Word(part) : undefined;
    if (quad === undefined) return undefined;
    groups.push(Math.floor(quad / 65536), quad % 65536);
  }
  return groups;
};
