import { expect, test } from 'vitest';
import { describeNode, readNodeDocument } from './document.ts';
import { fromWire } from './wire-node.ts';

const base = { isDir: false, created: 4, modified: 5, deadline: 0 };

test.each([
  ['text', '/a', Buffer.from('é\n')],
  ['an empty value', '/a/b', Buffer.alloc(0)],
  ['a value that is not UTF-8', '/a', Buffer.from([0x61, 0xff, 0])],
  ['a name that is not UTF-8', '/a\xff', Buffer.from('x')],
])('%s comes back as it was', (_what, path, value) => {
  const node = { ...base, path, value };
  expect(readNodeDocument(JSON.parse(JSON.stringify(describeNode(node))))).toEqual(node);
});

test('a time to live is told in seconds and kept as a moment', () => {
  const node = { ...base, path: '/a', value: Buffer.from('x'), deadline: 10_500 };
  const document = describeNode(node, 1000);
  expect(document).toMatchObject({ ttl: 10, expiration: '1970-01-01T00:00:10.500Z' });
  expect(readNodeDocument({ ...document }).deadline).toBe(10_500);
});

test.each([
  [{ value: 'x' }, 'path'],
  [{ path: '/a' }, 'value'],
  [{ path: '/a', value: 7 }, 'value'],
  [{ path: '/a', dir: 'yes' }, 'dir'],
  [{ path: '/a', value: 'x', ttl: -1 }, 'ttl'],
  [{ path: '/a', value: 'x', expiration: 'tomorrow' }, 'expiration'],
])('%j is refused for its %s', (document, member) => {
  expect(() => readNodeDocument(document)).toThrow(`no right ${member}`);
});

test.each([
  ['the exact moment where the clocks agree', '1970-01-01T00:01:39.500Z', 100, 99_500],
  ["what is left where the server's clock is ahead", '1970-01-01T01:00:00Z', 100, 100_000],
  ["what is left where the server's clock is behind", '1969-01-01T00:00:00Z', 100, 100_000],
])('a deadline from the wire is %s', (_what, expiration, ttl, deadline) => {
  expect(fromWire({ key: '/a', value: 'x', expiration, ttl }, 0).deadline).toBe(deadline);
});
