/**
 * Files that are cut, damaged or no captures at all, sent to a running server: each ends in one problem that says where,
 * nothing of it stays, and the server goes on. With `keep_good` what came before the fault is kept.
 */
import { createConnection } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { madeTraffic, pcapngOf, pcapOf } from './made-captures.ts';
import { hasReferenceData, needed, readReference } from './reference-data.ts';
import { type Import, RunningServer } from './running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
});
afterAll(() => server.stop());

const { frames } = madeTraffic(12);
const capture = pcapOf(frames);
const captureNg = pcapngOf(frames);
const lanlRow = (row: number): string => `${row + 1},0,C${row},N1,C2,443,6,1,${40 + row}\n`;
const lanl = Buffer.from(Array.from({ length: 500 }, (_, row) => lanlRow(row)).join(''));

/** The octets with some of them overwritten. */
const withOctets = (file: Uint8Array, at: number, ...values: number[]): Buffer => {
  const copy = Buffer.from(file);
  copy.set(values, at);
  return copy;
};

const half = (file: Uint8Array): Uint8Array => file.subarray(0, file.length >> 1);

/** Offset of the header of the packet with that number, from 1, in a classic capture of these frames. */
const offsetOfPacket = (number: number): number => frames.slice(0, number - 1).reduce((at, { bytes }) => at + 16 + bytes.length, 24);

/** A refused file: the sentence that says why. */
const refused = async (record: Import): Promise<string> => {
  expect(record.state).toBe('failed');
  const { problem } = record;
  expect(problem?.code).toMatch(/^(unprocessable|invalid)$/);
  expect(server.staged()).toEqual([]);
  return `${problem?.title} ${problem?.detail ?? ''}`;
};

/** Whether everything is as it was and the server lives. */
const nothingStayed = async (before: number): Promise<void> => {
  expect((await server.summary()).flows).toBe(before);
  expect(server.isAlive).toBe(true);
  expect((await server.get('/healthz')).status).toBe(200);
};

describe('a file that is refused says where', () => {
  const packet20 = offsetOfPacket(20);
  const rows: [what: string, file: Uint8Array, says: RegExp][] = [
    ['a packet of four gigabytes', withOctets(capture, packet20 + 8, 255, 255, 255, 255), new RegExp(`packet 20.*offset ${packet20}`)],
    ['a pcapng block that ends with another length', withOctets(captureNg, captureNg.length - 4, 1), /packet \d+.*offset \d+/],
    ['a gzip cut in its middle', half(gzipSync(capture)), /gzip.*offset \d+|offset \d+.*gzip/i],
    ['a zstd with damage in it', withOctets(zstdCompressSync(capture), 900, 1, 2, 3, 4, 5, 6, 7, 8), /offset \d+/],
    ['noise', Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * at * 31 + at * 7) & 0xff)), /no known format/],
    ['zeros', Buffer.alloc(5000), /no known format/],
    ['a page of the web', Buffer.from('<!doctype html><title>404</title>'), /no known format/],
    ['rows with a wrong number', Buffer.concat([lanl, Buffer.from('1,0,C1,N1,C2,443,6,-3,40\n')]), /line 501, column 8 .*"-3"/],
    ['rows that are too short', Buffer.concat([lanl, Buffer.from('1,0,C1\n')]), /line 501.*nine|line 501.*9/],
    ['a line without end', Buffer.concat([lanl, Buffer.alloc(3_000_000, 0x31)]), /line 501 is longer than/],
  ];

  test.each(rows)('%s', async (_what, file, says) => {
    const { flows } = await server.summary();
    expect(await refused(await server.import(file))).toMatch(says);
    await nothingStayed(flows);
  });

  test('nothing at all', async () => {
    expect(await refused(await server.import(''))).toMatch(/empty|no body/);
  });

  test.skipIf(!hasReferenceData)(`the hostile rows: each with its line ${needed}`, async () => {
    const file = readReference('lanl/hostile-rows.txt');
    expect(await refused(await server.import(file, { format: 'lanl-2015' }))).toMatch(/^line 2/);
    const record = await server.imported(file, { format: 'lanl-2015', skip_bad: 'all' });
    expect(record.bad_rows.map(({ line }) => line)).toEqual(expect.arrayContaining([2, 3, 4, 6]));
    expect(record.rows_bad + record.flows).toBe(16);
    expect(record.bad_rows.every(({ line, reason }) => reason.startsWith(`line ${line}`))).toBe(true);
  });
});

describe('a capture that ends inside a packet, as those of a killed writer do', () => {
  test.each([
    ['in its octets', 30],
    ['in its header', 5],
  ])('%s: all whole packets count, and a warning says where', async (_where, octets) => {
    const at = offsetOfPacket(20);
    const record = await server.imported(capture.subarray(0, at + octets), { again: true });
    expect(record.packets).toBe(19);
    expect(record.warnings.join()).toMatch(new RegExp(`ends inside a packet.*offset ${at}, packet 20`));
    expect((await server.summary(`source ${record.id}`)).packets).toBe(record.packets_metered);
  });

  test('the same of pcapng', async () => {
    const record = await server.imported(captureNg.subarray(0, -7), { again: true });
    expect(record.packets).toBe(frames.length - 1);
    expect(record.warnings.join()).toMatch(/ends inside a packet or block.*offset \d+, packet \d+/);
  });
});

describe('keep_good', () => {
  test('keeps the packets before a damaged one, and says so', async () => {
    const damaged = withOctets(capture, offsetOfPacket(40) + 8, 255, 255, 255, 255);
    const record = await server.imported(damaged, { keep_good: true });
    expect(record.packets).toBe(39);
    expect(record.warnings.join()).toMatch(/kept what came before a fault: .*packet 40/);
    expect((await server.summary(`source ${record.id}`)).packets).toBe(record.packets_metered);
  });

  test.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes, { level: 1 })],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
  ] as const)('keeps the packets before the damage of a small %s', async (name, pack) => {
    const packed = pack(Buffer.from(pcapOf(madeTraffic(3000).frames)));
    expect(packed.length).toBeLessThan(1_000_000);
    // Within the first 64 KiB of what comes out, where the format is not even looked at yet.
    const cut = packed.subarray(0, Math.min(9000, packed.length >> 1));
    const damaged = withOctets(packed, 12_000, ...Array<number>(64).fill(255));
    for (const file of name === 'gzip' ? [cut, damaged] : [cut]) {
      const record = await server.imported(file, { keep_good: true, again: true });
      expect(record.packets).toBeGreaterThan(10);
      expect(record.warnings.join()).toMatch(/offset \d+/);
    }
  });

  test('keeps the packets before the end of a cut gzip', async () => {
    const office = madeTraffic(2000).frames;
    const record = await server.imported(half(gzipSync(pcapOf(office))), { keep_good: true });
    expect(record.packets).toBeGreaterThan(office.length / 4);
    expect(record.packets).toBeLessThan(office.length);
    expect(record.warnings.join()).toMatch(/gzip.*offset \d+/);
  });

  test('is of no help to what is no capture', async () => {
    await refused(await server.import(Buffer.alloc(5000), { keep_good: true }));
  });
});

/** A generator that gives the same numbers for the same seed: 32 bits each. */
const randomOf = (seed: number) => (): number => {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return seed >>> 0;
};

test('two dozen mutated files are each imported whole or refused with a place, and the server lives', async () => {
  const seed = Number(process.env.WEIR_TEST_SEED ?? Date.now() % 1e9) || 1;
  console.log(`mutated uploads: WEIR_TEST_SEED=${seed}`);
  const random = randomOf(seed);
  const originals = [capture, captureNg, lanl, gzipSync(capture)];
  for (let round = 0; round < 24; round++) {
    const file = Buffer.from(originals[random() % originals.length] as Uint8Array);
    for (let change = 1 + (random() % 6); change > 0; change--) file[random() % file.length] = random();
    const cut = random() % 3 === 0 ? file.subarray(0, random() % file.length) : file;
    const { flows } = await server.summary();
    const record = await server.import(cut, { keep_good: random() % 2 === 0, again: true });
    if (record.state === 'failed') {
      expect(record.problem).toMatchObject({ code: 'unprocessable' });
      expect((await server.summary()).flows).toBe(flows);
    } else expect((await server.summary()).flows).toBe(flows + record.flows);
    expect(server.staged()).toEqual([]);
  }
  const peak = server.peakMemory();
  if (peak !== undefined) expect(peak).toBeLessThan(700e6);
  expect(server.isAlive).toBe(true);
});

test('an upload that breaks off leaves nothing', async () => {
  const { flows } = await server.summary();
  const { port } = new URL(server.url);
  const socket = createConnection(Number(port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`POST /api/v1/imports HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${capture.length}\r\n\r\n`);
  socket.write(capture.subarray(0, capture.length / 2));
  await expect.poll(() => server.metric('weir_imports_running')).toBe(1);
  socket.destroy();
  await expect.poll(() => server.metric('weir_imports_running')).toBe(0);
  expect(server.staged()).toEqual([]);
  await nothingStayed(flows);
});

test('the same content twice is refused as a duplicate, under any wrapping', async () => {
  const first = await server.imported(pcapOf(madeTraffic(5).frames));
  for (const file of [pcapOf(madeTraffic(5).frames), gzipSync(pcapOf(madeTraffic(5).frames))]) {
    const { state, problem } = await server.import(file);
    expect({ state, code: problem?.code }).toEqual({ state: 'failed', code: 'conflict' });
    expect(`${problem?.title} ${problem?.detail}`).toContain(`${first.id}`);
  }
});

test('a Parquet file that is cut is told without SQL, and without where the server put it', async () => {
  const { state, problem } = await server.import(Buffer.from(`PAR1${'x'.repeat(5000)}`));
  expect([state, problem]).toMatchObject([
    'failed',
    { title: 'this is not a whole Parquet file', detail: 'Invalid Input Error: No magic bytes found at end of file' },
  ]);
});
