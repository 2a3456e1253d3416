import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeLengths, codesOf, describeTree, symbols } from '../../parquet/huffman.ts';
import { frame, page, pageOctets, prefix } from './coding-layout.ts';
import { lanlMemory, startLanlKernel } from './kernel.ts';

const memory = lanlMemory();
const kernel = startLanlKernel(memory);
const u8 = new Uint8Array(memory.buffer);
const u32 = new Uint32Array(memory.buffer);

/** The frame of a page, whose codes are chosen by its first octets. */
const packed = (octets: Uint8Array, counted: number): Buffer => {
  u8.set(octets, page);
  const counts = u32.subarray(prefix.counts / 4, prefix.counts / 4 + symbols).fill(0);
  kernel.countOctets(page + Math.min(octets.length, counted));
  const lengths = codeLengths(counts);
  u32.set(codesOf(lengths), prefix.codes / 4);
  u8.set(describeTree(lengths), prefix.tree);
  return Buffer.from(u8.slice(frame, kernel.packPage(page + octets.length)));
};

test('zstd unpacks pages of any octets, whatever their codes were chosen by', () => {
  const pages = fc.tuple(fc.integer({ min: 256, max: 300_000 }), fc.nat(16_384), fc.integer({ min: 1, max: symbols }), fc.integer());
  fc.assert(
    fc.property(pages, ([length, counted, variety, seed]) => {
      const octets = Buffer.from(Array.from({ length }, (_, at) => (Math.imul(at + seed, 0x9e3779b1) >>> 9) % variety));
      const frame = packed(octets, counted);
      fc.pre(frame.length < octets.length);
      expect(zstdDecompressSync(frame).equals(octets)).toBe(true);
    }),
    { seed: 3, numRuns: 60 },
  );
});

test.each([65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 131_072, 131_328, 131_329, pageOctets])(
  '%i octets come out of their frame',
  (length) => {
    const octets = Buffer.from(Array.from({ length }, (_, at) => (at * at) % 27));
    expect(zstdDecompressSync(packed(octets, 100)).equals(octets)).toBe(true);
  },
);

test('names take less than half of their octets', () => {
  const names = Buffer.concat(
    Array.from({ length: 20_000 }, (_, at) => Buffer.from(`\x05\0\0\0C${10_000 + ((at * 7919) % 90_000)}`, 'latin1')),
  );
  expect(packed(names, 16_384).length / names.length).toBeLessThan(0.45);
});
