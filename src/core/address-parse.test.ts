import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Address, formatAddress, formatPrefix, parseAddress, parsePrefix } from './address-parse.ts';

const mapped = 0xffff_0000_0000n;

describe('parseAddress', () => {
  test.each<[string, 4 | 6, bigint, bigint]>([
    ['0.0.0.0', 4, 0n, mapped],
    ['192.0.2.1', 4, 0n, mapped | 0xc0000201n],
    ['255.255.255.255', 4, 0n, mapped | 0xffffffffn],
    ['::', 6, 0n, 0n],
    ['::1', 6, 0n, 1n],
    ['1::', 6, 0x0001_0000_0000_0000n, 0n],
    ['2001:db8::ff00:42:8329', 6, 0x2001_0db8_0000_0000n, 0x0000_ff00_0042_8329n],
    ['2001:DB8:0:0:8:800:200C:417A', 6, 0x2001_0db8_0000_0000n, 0x0008_0800_200c_417an],
    ['1:2:3:4:5:6:7::', 6, 0x0001_0002_0003_0004n, 0x0005_0006_0007_0000n],
    ['::2:3:4:5:6:7:8', 6, 0x0000_0002_0003_0004n, 0x0005_0006_0007_0008n],
    ['::ffff:192.0.2.1', 6, 0n, mapped | 0xc0000201n],
    ['::192.0.2.1', 6, 0n, 0xc0000201n],
    ['64:ff9b::192.0.2.33', 6, 0x0064_ff9b_0000_0000n, 0xc0000221n],
    ['1:2:3:4:5:6:192.0.2.1', 6, 0x0001_0002_0003_0004n, 0x0005_0006_c000_0201n],
  ])('%s', (text, version, hi, lo) => {
    expect(parseAddress(text)).toEqual({ version, hi, lo });
  });

  test.each([
    ['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.04', '1.2.3.', '.1.2.3', '1..2.3', '0x1.2.3.4', ' 1.2.3.4', '1.2.3.4 '],
    [
      ':',
      ':::',
      '::1::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '::1:2:3:4:5:6:7:8',
      '12345::',
      'g::',
      ':1',
      '1:',
      '1:::2',
    ],
    [
      '1.2.3.4::',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '::1.2.3',
      '::01.2.3.4',
      'fe80::1%eth0',
      '[::1]',
      '::1/64',
      'C1423',
      ':'.repeat(5000),
    ],
  ])('refuses %j', (...texts) => {
    for (const text of texts) expect(parseAddress(text), text).toBeUndefined();
  });
});

describe('parsePrefix', () => {
  test.each<[string, string, bigint, bigint, bigint, bigint]>([
    ['10.0.0.0/8', '10.0.0.0/8', 0n, mapped | 0x0a000000n, 0n, mapped | 0x0affffffn],
    ['10.1.2.3/8', '10.0.0.0/8', 0n, mapped | 0x0a000000n, 0n, mapped | 0x0affffffn],
    ['0.0.0.0/0', '0.0.0.0/0', 0n, mapped, 0n, mapped | 0xffffffffn],
    ['192.0.2.1/32', '192.0.2.1/32', 0n, mapped | 0xc0000201n, 0n, mapped | 0xc0000201n],
    ['::/0', '::/0', 0n, 0n, (1n << 64n) - 1n, (1n << 64n) - 1n],
    ['2001:db8::1/32', '2001:db8::/32', 0x2001_0db8_0000_0000n, 0n, 0x2001_0db8_ffff_ffffn, (1n << 64n) - 1n],
    ['2001:db8::/64', '2001:db8::/64', 0x2001_0db8_0000_0000n, 0n, 0x2001_0db8_0000_0000n, (1n << 64n) - 1n],
    ['2001:db8::1/127', '2001:db8::/127', 0x2001_0db8_0000_0000n, 0n, 0x2001_0db8_0000_0000n, 1n],
    ['::1/128', '::1/128', 0n, 1n, 0n, 1n],
  ])('%s is %s', (text, canonical, hi, lo, lastHi, lastLo) => {
    const prefix = parsePrefix(text)!;
    expect(formatPrefix(prefix)).toBe(canonical);
    expect([prefix.first, prefix.last]).toEqual([
      { hi, lo },
      { hi: lastHi, lo: lastLo },
    ]);
  });

  test.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '10/8', '/8', '10.0.0.0/ 8'])(
    'refuses %j',
    (text) => {
      expect(parsePrefix(text)).toBeUndefined();
    },
  );
});

test('text and back is the same address', () => {
  const half = fc.bigInt(0n, (1n << 64n) - 1n).chain((bits) => fc.constantFrom(bits, 0n, bits & 0xffffn, BigInt.asUintN(64, bits << 48n)));
  const address = fc.oneof(
    fc.record<Address>({ version: fc.constant(6), hi: half, lo: half }),
    fc.bigInt(0n, 0xffffffffn).map((bits): Address => ({ version: 4, hi: 0n, lo: mapped | bits })),
  );
  fc.assert(
    fc.property(address, (a) => {
      expect(parseAddress(formatAddress(a))).toEqual(a);
    }),
    { seed: 42, numRuns: 2000 },
  );
});

test('any text is an address or not, and never an exception', () => {
  const text = fc.string({ unit: fc.constantFrom('0', '1', '9', 'f', ':', '.', '/', '::', '25') });
  fc.assert(
    fc.property(text, (t) => {
      const address = parseAddress(t);
      if (address !== undefined) expect(parseAddress(formatAddress(address))).toEqual(address);
      parsePrefix(t);
    }),
    { seed: 42, numRuns: 5000 },
  );
});
