import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from './sse.ts';

async function read(...blocks: string[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  async function* encode() {
    for (const block of blocks) yield new TextEncoder().encode(block);
  }
  for await (const event of readEvents(encode())) events.push(event);
  return events;
}

const text = ': hello\nevent: progress\ndata: {"a":1}\n\nid: 7\ndata: one\ndata:two\n\n';
const events = [
  { event: 'progress', data: '{"a":1}', id: undefined },
  { event: 'message', data: 'one\ntwo', id: '7' },
];

test.each([
  ['in one block', [text]],
  ['octet by octet', [...text]],
  ['with CRLF', [text.replaceAll('\n', '\r\n')]],
  ['with CRLF, octet by octet', [...text.replaceAll('\n', '\r\n')]],
])('reads events %s', async (_name, blocks) => {
  expect(await read(...blocks)).toEqual(events);
});

test('leaves out an event that is not whole', async () => {
  expect(await read('data: a\n')).toEqual([]);
});

test('refuses a line without end', async () => {
  await expect(read('data: '.padEnd(2 << 20, 'x'))).rejects.toThrow('1 MiB');
});
