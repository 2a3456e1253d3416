import { BlockList, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipv6TextOctets, writeIpv4, writeIpv6 } from './address.ts';

const target = new Uint8Array(64);
const text = (end: number): string => new TextDecoder().decode(target.subarray(3, end));
const ipv4 = (word: number): string => text(writeIpv4(target, 3, word));
const ipv6 = (words: readonly number[]): string => text(writeIpv6(target, 3, words[0]!, words[1]!, words[2]!, words[3]!));
const word = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0x10000, 0xffff0000 | 0, -1), fc.integer());

test.each([
  [0, '0.0.0.0'],
  [-1, '255.255.255.255'],
  [0x7f000001, '127.0.0.1'],
  [0xc0a80a63 | 0, '192.168.10.99'],
])('writes %i as %s', (value, expected) => {
  expect(ipv4(value)).toBe(expected);
  expect(ipv4(value >>> 0)).toBe(expected);
});

test.each([
  [[0, 0, 0, 0], '::'],
  [[0, 0, 0, 1], '::1'],
  [[0x00010000, 0, 0, 0], '1::'],
  [[0x20010db8, 0, 0, 1], '2001:db8::1'],
  [[0x20010db8, 1, 0x00010001, 0x00010001], '2001:db8:0:1:1:1:1:1'],
  [[0x20010000, 0, 0x00010000, 1], '2001::1:0:0:1'],
  [[0x20010db8, 0, 0x00010000, 1], '2001:db8::1:0:0:1'],
  [[0xfe800000 | 0, 0, 0x021122ff, 0xfe334455 | 0], 'fe80::211:22ff:fe33:4455'],
  [[0, 0, 0xffff, 0xc0000201 | 0], '::ffff:192.0.2.1'],
  [[-1, -1, -1, -1], 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
])('writes %j as %s', (words, expected) => {
  expect(ipv6(words)).toBe(expected);
});

test('writes any IPv6 address so that it reads back as itself, in the shortest form', () => {
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), (words) => {
      const short = ipv6(words);
      const long = words.flatMap((w) => [w >>> 16, w & 0xffff]).map((group) => group.toString(16));
      const list = new BlockList();
      list.addAddress(long.join(':'), 'ipv6');
      expect(isIPv6(short) && list.check(short, 'ipv6')).toBe(true);
      expect(short.length).toBeLessThanOrEqual(ipv6TextOctets);
      // The WHATWG URL standard serialises by the same rules, save for the dotted tail.
      if (!short.includes('.')) expect(short).toBe(new URL(`http://[${long.join(':')}]`).hostname.slice(1, -1));
    }),
  );
});

test('writes any IPv4 address so that it reads back as itself', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const dotted = ipv4(value);
      expect(isIPv4(dotted)).toBe(true);
      expect(dotted.split('.').reduce((sum, octet) => (sum << 8) | Number(octet), 0)).toBe(value);
    }),
  );
});
