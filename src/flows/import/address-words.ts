/** Addresses from text to the two 64-bit halves that the store filters on. */
import { isIP } from 'node:net';

/** An address as four 32-bit words, most significant first; IPv4 is IPv4-mapped (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2). */
export type AddressWords = { readonly version: 4 | 6; readonly words: readonly [number, number, number, number] };

/** Reads a dotted quad or an IPv6 address without a zone; undefined for any other text. */
export const readAddress = (text: string): AddressWords | undefined => {
  const version = text.includes('%') ? 0 : isIP(text);
  if (version === 4) return { version: 4, words: [0, 0, 0xffff, quad(text)] };
  if (version === 6) return { version: 6, words: ipv6Words(text) };
  return undefined;
};

const quad = (text: string): number => text.split('.').reduce((word, part) => word * 256 + Number(part), 0);

const ipv6Words = (text: string): [number, number, number, number] => {
  const [head = '', tail] = text.split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  const word = (i: number) => (groups[i] as number) * 65536 + (groups[i + 1] as number);
  return [word(0), word(2), word(4), word(6)];
};

const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').flatMap(groupOf));

/** A dotted tail counts as two groups. */
const groupOf = (text: string): number[] => {
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const word = quad(text);
  return [Math.floor(word / 65536), word % 65536];
};
