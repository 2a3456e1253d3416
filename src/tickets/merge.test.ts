import { expect, test } from 'vitest';
import { type Json, mergePatch } from './merge.ts';

// The table of RFC 7396, appendix A.
test.each<[Json, Json, Json]>([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched by %j', (target, patch, merged) => {
  expect({ ...(mergePatch(target, patch) as object) }).toEqual({ ...(merged as object) });
});

test('leaves both as they were, and no prototype is reached', () => {
  const target = { about: { hosts: ['a'] } };
  const patch = JSON.parse('{"__proto__": {"polluted": true}, "about": {"hosts": null}}') as Json;
  mergePatch(target, patch);
  expect(target).toEqual({ about: { hosts: ['a'] } });
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
