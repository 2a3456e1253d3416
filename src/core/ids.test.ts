import { expect, test } from 'vitest';
import { acceptRequestId, createIds, randomText } from './ids.ts';

test('counts behind a prefix of its own', () => {
  const make = createIds('abc');
  expect([make(), make()]).toEqual(['abc-1', 'abc-2']);
  expect(createIds()()).not.toBe(createIds()());
});

test.each([
  ['trace-1', 'trace-1'],
  ['00-4bf92f._A', '00-4bf92f._A'],
  ['00/4bf92f', 'made'],
  ['', 'made'],
  ['a b', 'made'],
  ['a\r\nb', 'made'],
  ['é', 'made'],
  ['x'.repeat(129), 'made'],
  [undefined, 'made'],
  [['a', 'b'], 'made'],
])('%j becomes %s', (offered, id) => expect(acceptRequestId(offered, () => 'made')).toBe(id));

test('random text has the length and the letters it says', () => expect(randomText(40)).toMatch(/^[0-9a-v]{40}$/));
