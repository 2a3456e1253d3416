import { expect, test } from 'vitest';
import { readTarget } from './target.ts';

test.each([
  ['/v2/keys', { kind: 'keys', path: '/', query: '' }],
  ['/v2/keys/', { kind: 'keys', path: '/', query: '' }],
  ['/v2/keys/a/?x=%zz', { kind: 'keys', path: '/a', query: 'x=%zz' }],
  ['/v2/keys/a%2Fb+c%00%FF', { kind: 'keys', path: '/a/b+c\0\xff', query: '' }],
  ['http://host:1/v2/keys/a', { kind: 'keys', path: '/a', query: '' }],
  ['/v2/keysfoo', { kind: 'page', path: '/v2/keysfoo', query: '' }],
  ['/v2/keys/a%zz', { kind: 'malformed' }],
  ['/v2/keys//a/../b/?q=1', { kind: 'moved', location: '/v2/keys/b/?q=1' }],
  ['/v2/keys/%2e%2e/é'.replace('é', '%C3%A9'), { kind: 'moved', location: '/v2/%C3%A9' }],
  ['/v2/keys/a/.', { kind: 'moved', location: '/v2/keys/a' }],
  ['/v2/keys/..a/b.', { kind: 'keys', path: '/..a/b.', query: '' }],
])('%s', (target, expected) => {
  expect(readTarget(target)).toEqual(expected);
});
