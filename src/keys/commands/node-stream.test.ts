import { expect, test } from 'vitest';
import { type Members, NodeReader } from './node-stream.ts';

/** Reads a text in pieces of a length. */
function read(text: string, length: number): { nodes: Members[]; head: Members | undefined } {
  const reader = new NodeReader();
  const bytes = Buffer.from(text);
  const nodes: Members[] = [];
  // The same memory each time, as a stream may do.
  const block = Buffer.alloc(length);
  for (let at = 0; at < bytes.length; at += length) nodes.push(...reader.push(block.subarray(0, bytes.copy(block, 0, at, at + length))));
  reader.end();
  return { nodes, head: reader.head };
}

const odd = 'a "nodes":[ \\ } ] { é 😀 \u2028';

test.each([1, 2, 3, 7, 64, 4096])('an export in pieces of %d octets gives its nodes and its head', (length) => {
  const nodes = [{ path: '/a', value: odd }, { path: odd, facts: { list: [1, [2], { x: '}' }] } }, {}];
  const text = JSON.stringify(
    { version: 1, note: odd, more: [1, { a: [] }], nodes, index: 7 },
    undefined,
    length % 2 === 0 ? 2 : undefined,
  );
  expect(read(text, length)).toEqual({ nodes, head: { version: 1, note: odd, more: [1, { a: [] }], nodes: [], index: 7 } });
});

test.each([1, 5, 4096])('of nested listings children come before their directory, in pieces of %d octets', (length) => {
  const leaf = (key: string) => ({ key, value: odd });
  const listing = {
    action: 'get',
    node: { dir: true, nodes: [leaf('/a'), { key: '/d', dir: true, nodes: [leaf('/d/x'), { key: '/d/e', dir: true }], modifiedIndex: 9 }] },
  };
  const { nodes, head } = read(JSON.stringify(listing), length);
  expect(nodes.map(({ key }) => key)).toEqual(['/a', '/d/x', '/d/e', '/d']);
  expect(nodes.at(-1)).toEqual({ key: '/d', dir: true, nodes: [], modifiedIndex: 9 });
  expect(head).toEqual({ action: 'get', node: { dir: true, nodes: [] } });
});

test('the head is known with the first node', () => {
  const reader = new NodeReader();
  expect(reader.push(Buffer.from('{"version": 3, "nodes": [ '))).toEqual([]);
  expect(reader.head).toEqual({ version: 3, nodes: [] });
});

test.each([
  ['', 'breaks off'],
  ['{"nodes":[{"a":1}', 'breaks off'],
  ['{"a":"', 'breaks off'],
  ['[1]', 'damaged before offset 0'],
  ['1', 'damaged'],
  ['"x"', 'damaged'],
  ['{"nodes":[1]}', 'damaged'],
  ['{"nodes":["x"]}', 'damaged'],
  ['{"nodes":[[]]}', 'damaged'],
  ['{"nodes":[{]}', 'damaged'],
  ['{"nodes":[{a:1}]}', 'damaged'],
  ['{"nodes":[}]', 'damaged'],
  ['{}{}', 'damaged'],
  ['}', 'damaged'],
])('%j is refused', (text, reason) => {
  expect(() => read(text, 4096)).toThrow(reason);
});

test('any bytes are read or refused', () => {
  const alphabet = '{}[]",:\\ nodes"a1';
  let seed = 1;
  const random = (limit: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % limit;
  };
  for (let round = 0; round < 3000; round++) {
    const text = `{"nodes":[${Array.from({ length: random(30) }, () => alphabet[random(alphabet.length)]).join('')}`;
    try {
      read(text, 1 + random(8));
      expect(() => JSON.parse(text)).not.toThrow();
    } catch (error) {
      expect(error).toMatchObject({ code: 'unprocessable' });
    }
  }
});
