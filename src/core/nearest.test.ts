import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const words = ['host', 'port', 'proto', 'packets', 'duration', 'scanned_after', 'scanned_before'];

test.each([
  ['prot', 'proto'], // as near to "port", but this one only needs to be typed on
  ['hots', 'host'],
  ['HOST', 'host'],
  ['packet', 'packets'],
  ['scaned_after', 'scanned_after'],
  ['dration', 'duration'],
  ['xyz', undefined],
  ['', undefined],
  ['h'.repeat(1000), undefined],
])('%s is nearest to %s', (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});

test('a short word needs to be near', () => {
  expect(nearest('as', ['if', 'id'])).toBeUndefined();
  expect(nearest('ix', ['if', 'id'])).toBe('if');
});
