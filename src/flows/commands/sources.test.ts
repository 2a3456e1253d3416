import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findSources } from './sources.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-sources-'));
  await mkdir(join(folder, 'deep'));
  for (const name of ['b.pcap', 'a.pcap', 'deep/c.pcap', '.hidden', 'odd[1].pcap']) await writeFile(join(folder, name), name);
});
afterAll(() => rm(folder, { recursive: true }));

const names = async (...words: string[]) => (await findSources(words)).map(({ name }) => name);

async function textOf(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const block of blocks) text += Buffer.from(block).toString();
  return text;
}

test('takes files, every file below a folder, and globs, in order', async () => {
  expect(await names(join(folder, 'b.pcap'))).toEqual(['b.pcap']);
  expect(await names(folder)).toEqual(['a.pcap', 'b.pcap', 'c.pcap', 'odd[1].pcap']);
  expect(await names(join(folder, '?.pcap'))).toEqual(['a.pcap', 'b.pcap']);
  expect(await names(join(folder, '**/c*'))).toEqual(['c.pcap']);
});

test('takes a name with brackets for the file that it names', async () => {
  expect(await names(join(folder, 'odd[1].pcap'))).toEqual(['odd[1].pcap']);
});

test('knows the size of a file and not that of standard input or of a pipe', async () => {
  const pipe = join(folder, 'deep/pipe');
  execFileSync('mkfifo', [pipe]);
  const sources = await findSources([join(folder, 'a.pcap'), '-', pipe]);
  expect(sources.map(({ name, bytes_total }) => [name, bytes_total])).toEqual([
    ['a.pcap', 6],
    ['stdin', null],
    ['pipe', null],
  ]);
});

test.each([['nothing-here.pcap'], ['nothing*.pcap']])('says that there is no %s', async (word) => {
  await expect(findSources([join(folder, word)])).rejects.toMatchObject({ code: 'not-found', title: expect.stringContaining(word) });
});

test('refuses to read standard input twice', async () => {
  await expect(findSources(['-', '-'])).rejects.toThrow('only once');
});

test('reads no more than the promised size of a file that grows, and complains of one that shrinks', async () => {
  const path = join(folder, 'a.pcap');
  const [source] = await findSources([path]);
  await writeFile(path, 'a.pcap and more');
  expect(await textOf(source!.open())).toBe('a.pcap');
  await truncate(path, 3);
  await expect(textOf(source!.open())).rejects.toThrow('became shorter');
});
