import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeLengths, codesOf, describeTree, mostBits, symbols } from './huffman.ts';

const counts = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(100_000)), { minLength: symbols, maxLength: symbols });

test('codes are as long as they may be, fill all there is, and none begins another', () => {
  fc.assert(
    fc.property(counts, (given) => {
      const lengths = codeLengths(Uint32Array.from(given));
      expect(lengths.every((length) => length >= 1 && length <= mostBits)).toBe(true);
      const codes = [...codesOf(lengths)].map((code) => (code & 0xffff).toString(2).padStart(code >>> 16, '0'));
      expect(codes.map((code) => code.length)).toEqual([...lengths]);
      codes.sort();
      for (const [at, code] of codes.entries()) if (at > 0) expect(code.startsWith(codes[at - 1] as string)).toBe(false);
      expect(codes.reduce((sum, { length }) => sum + 2 ** -length, 0)).toBe(1);
    }),
    { seed: 7 },
  );
});

test('octets that come often have short codes', () => {
  const lengths = codeLengths(Uint32Array.from({ length: symbols }, (_, at) => (at < 4 ? 1000 : 0)));
  expect([...lengths.subarray(0, 4)]).toEqual([2, 2, 2, 3]);
  expect(describeTree(lengths)).toHaveLength(symbols / 2 + 1);
});
