import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readFileBytes, readOctets } from './byte-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-bytes-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([0, 1, readOctets - 1, readOctets, readOctets + 1, 5 * readOctets + 77])('gives all %i octets in order', async (length) => {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(at, at);
  const path = join(folder, `file-${length}`);
  writeFileSync(path, content);
  const parts: Buffer[] = [];
  for await (const piece of readFileBytes(path)) parts.push(Buffer.from(piece));
  expect(Buffer.concat(parts).equals(content)).toBe(true);
});

test('a reader may leave early', async () => {
  const path = join(folder, 'long');
  writeFileSync(path, Buffer.alloc(4 * readOctets));
  for await (const piece of readFileBytes(path)) {
    expect(piece.length).toBe(readOctets);
    break;
  }
});

test.each([
  ['absent', 'not-found'],
  ['.', 'invalid'],
])('%s is a problem', async (name, code) => {
  await expect(readFileBytes(join(folder, name)).next()).rejects.toMatchObject({ code });
});
