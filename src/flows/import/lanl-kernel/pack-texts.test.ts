import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeLengths, codesOf, describeTree, symbols } from '../../parquet/huffman.ts';
import { codes, coding, entries, frame, leastPacked, prefix } from './coding-layout.ts';
import { lanlMemory, startLanlKernel } from './kernel.ts';
import { texts as textsAt } from './layout.ts';

const memory = lanlMemory();
const kernel = startLanlKernel(memory);
const u8 = new Uint8Array(memory.buffer);
const u32 = new Uint32Array(memory.buffer);

/** The frame of a dictionary of texts, unpacked and cut into them again in the order that codes 0, 1, 2 ... of rows have got. */
const roundTrip = (texts: readonly string[], counted: number, least: number) => {
  u32[coding.size / 4] = texts.length;
  for (const [code, text] of texts.entries()) {
    u8.fill(0, textsAt + code * 16, textsAt + code * 16 + 16);
    u32[textsAt / 4 + code * 4] = text.length;
    u8.set(Buffer.from(text, 'latin1'), textsAt + code * 16 + 4);
    u32[entries / 4 + code] = code;
    u32[codes / 4 + code] = code;
  }
  expect(kernel.surveyTexts()).toBe(2);
  const plain = kernel.sortTexts(texts.length);
  expect(plain).toBe(texts.reduce((sum, text) => sum + text.length + 4, 0));
  const counts = u32.subarray(prefix.counts / 4, prefix.counts / 4 + symbols).fill(0);
  kernel.countOctets(counted);
  const lengths = codeLengths(counts);
  u32.set(codesOf(lengths), prefix.codes / 4);
  u8.set(describeTree(lengths), prefix.tree);
  const packed = Buffer.from(u8.slice(frame, kernel.packTexts(plain, least)));
  const page = packed.length < plain || least > texts.length ? zstdDecompressSync(packed) : undefined;
  const found: string[] = [];
  for (let at = 0; page !== undefined && at < page.length; at += 4 + page.readUInt32LE(at)) {
    found.push(page.toString('latin1', at + 4, at + 4 + page.readUInt32LE(at)));
  }
  const order = texts.map((_, code) => found[u32[codes / 4 + code] as number]);
  return { packed, plain, texts: page === undefined ? texts : order };
};

const text = (length: number, seed: number, variety: number) =>
  Array.from({ length }, (_, at) => String.fromCharCode((Math.imul(seed + at * 7, 0x9e3779b1) >>> 9) % variety)).join('');

test('zstd unpacks texts of any lengths, whatever their codes were chosen by', () => {
  const kinds = fc.array(fc.record({ count: fc.nat(20_000), length: fc.integer({ min: 1, max: 12 }) }), { minLength: 1, maxLength: 4 });
  const given = fc.tuple(kinds, fc.integer({ min: 1, max: 128 }), fc.nat(5000), fc.constantFrom(64, 2 ** 31 - 1));
  const property = fc.property(given, ([kinds, variety, counted, least]) => {
    const texts = kinds
      .flatMap(({ count, length }) => Array.from({ length: count }, (_, at) => text(length, at, variety)))
      .slice(0, 61_440);
    fc.pre(texts.reduce((sum, { length }) => sum + length + 4, 0) >= leastPacked);
    const trip = roundTrip(texts, counted, least);
    expect(trip.texts.every((found, at) => found === texts[at])).toBe(true);
  });
  fc.assert(property, { seed: 3, numRuns: 60 });
});

test.each([64, 65, 66, 129, 130, 131, 7999, 8000, 8001, 8063, 8064, 16_000, 61_440])(
  '%i texts of a length come out of their frame',
  (count) => {
    for (const length of [4, 8, 9, 12]) {
      const texts = [
        ...Array.from({ length: 600 }, (_, at) => text(3, at, 20)),
        ...Array.from({ length: count }, (_, at) => text(length, at, 20)),
      ];
      const trip = roundTrip(texts.slice(0, 61_440), 4096, 64);
      expect(trip.texts).toEqual(texts.slice(0, 61_440));
    }
  },
);

test('names take a third of their octets', () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `C${10_000 + ((at * 7919) % 90_000)}`);
  const { packed, plain } = roundTrip(names, 4096, 64);
  expect(packed.length / plain).toBeLessThan(0.33);
});
