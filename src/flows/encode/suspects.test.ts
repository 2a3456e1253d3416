import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { suspicion } from './suspects.ts';

const notations = { json: [0x22, 0x5c], csv: [0x22, 0x2c], xml: [0x26, 0x3c, 0x3e, 0xef] };

const wordOf = (octets: readonly number[]): number => octets.reduce((word, octet, at) => word | (octet << (8 * at)), 0);

describe.each(Object.entries(notations))('%s', (_, escaped) => {
  const isSuspect = new Function('word', `return ((${suspicion('word', escaped)}) & 0x80808080) !== 0;`) as (word: number) => boolean;

  test('no octet that needs escaping passes, wherever it stands', () => {
    const bad = fc.oneof(fc.integer({ min: 0, max: 0x1f }), fc.constantFrom(...escaped));
    const octets = fc.tuple(bad, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(octets, fc.nat(3), (word, turn) => {
        expect(isSuspect(wordOf([...word.slice(turn), ...word.slice(0, turn)]))).toBe(true);
      }),
    );
  });

  test('names, numbers and addresses pass', () => {
    const plain = fc.constantFrom(...Buffer.from('abcxyzABCXYZ0189-._~:/'));
    fc.assert(
      fc.property(fc.array(plain, { minLength: 4, maxLength: 4 }), (word) => {
        expect(isSuspect(wordOf(word))).toBe(false);
      }),
    );
  });
});
