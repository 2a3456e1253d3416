import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeCapture } from '../../../bench/capture-packets.ts';
import { receiveBatches } from './batch-channel.ts';
import { formatAhead, ReadAhead } from './read-ahead.ts';
import { startReader } from './read-start.ts';
import { readImportWords } from './words.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-read-ahead-'));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = readImportWords({ name: 'office' }, 4096);

const fileOf = (name: string, content: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const office = (): Uint8Array => {
  const blocks: Uint8Array[] = [];
  writeCapture({ packets: 2000, seconds: 10 }, (block) => blocks.push(block));
  return Buffer.concat(blocks);
};

test('a capture is read before there is anybody to take its flows', async () => {
  const content = office();
  const path = fileOf('office.pcap', content);
  const reader = startReader();
  try {
    const ahead = new ReadAhead(reader, { path, octets: content.length, settings });
    const report = await ahead.report;
    let rows = 0;
    const take = async (batch: { count: number }, _: boolean, release: () => void): Promise<void> => {
      rows += batch.count;
      release();
    };
    await receiveBatches(ahead.writer, take, new AbortController().signal);
    expect(report).toMatchObject({ packets: 2000, metered: 2000, bytesRead: content.length, flows: rows });
    expect(rows).toBeGreaterThan(100);
    expect(ahead.isOf(path, { ...settings })).toBe(true);
    expect(ahead.isOf(path, { ...settings, keepGood: true })).toBe(false);
    expect(ahead.isOf(`${path}.gz`, settings)).toBe(false);
  } finally {
    await reader.terminate();
  }
});

test('only a plain capture or LANL file that is to be read as such is begun', () => {
  const capture = fileOf('capture', office().subarray(0, 1000));
  const text = fileOf('text.pcap', Buffer.from('1,0,C1,N2,C2,443,6,1,40\n'));
  const other = fileOf('other', Buffer.from('{"id":1}\n'));
  const formatOf = (path: string, more = {}) => formatAhead({ path, octets: 1000, settings: { ...settings, ...more } });
  expect(formatOf(capture)).toBe('pcap');
  expect(formatOf(text)).toBe('lanl-2015');
  expect(formatOf(capture, { format: 'parquet' })).toBeUndefined();
  expect(formatOf(other)).toBeUndefined();
  expect(formatOf(join(folder, 'absent'))).toBeUndefined();
});
