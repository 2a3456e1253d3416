import { expect, test } from 'vitest';
import { endReasonNames, flagLetters } from '../filter/names.ts';
import { showKey } from './key.ts';

test.each([
  ['protocol', 6, 'tcp'],
  ['protocol', '17', 'udp'],
  ['tcp_flags', 27, 'FSPA'],
  ['tcp_flags', 0, 'none'],
  ['tcp_flags', null, '-'],
  ['end_reason', 3, 'closed'],
  ['end_reason', 77, '77'],
  ['dst_port', '443', '443'],
  ['src_comp', 'C6', 'C6'],
])('%s %j is shown as %s', (by, key, expected) => {
  expect(showKey(by, key)).toBe(expected);
});

test('flags and reasons have the words of the filter language', () => {
  for (const [letter, bit] of flagLetters) if (letter !== 'X') expect(showKey('tcp_flags', bit)).toBe(letter);
  for (const [word, number] of endReasonNames) expect(showKey('end_reason', number)).toBe(word);
});
