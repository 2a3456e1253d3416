import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { readFileBytes } from '../src/core/byte-source.ts';
import { openFlows } from '../src/flows/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const capture = join(root, 'examples/loopback.pcap.gz');

/** Imports the shipped capture into a store of its own. */
async function importCapture() {
  const folder = mkdtempSync(join(tmpdir(), 'weir-demo-test-'));
  const flows = await openFlows(folder);
  try {
    const source = { name: 'loopback.pcap.gz', bytes_total: null, path: capture, open: () => readFileBytes(capture) };
    const imported = await flows.import(source, {}, () => undefined);
    return { imported, summary: await flows.summary({}), icmp: await flows.summary({ filter: 'proto icmp or proto icmp6' }) };
  } finally {
    await flows.close();
    rmSync(folder, { recursive: true });
  }
}

/** Counts of a little-endian classic pcap of Ethernet, by its record headers alone. */
function countRecords(file: Buffer) {
  const sums = { packets: 0, bytes: 0 };
  for (let at = 24; at < file.length; at += 16 + file.readUInt32LE(at + 8)) {
    sums.packets++;
    sums.bytes += file.readUInt32LE(at + 12) - 14; // nothing is padded on the loopback interface: the rest is layer 3
  }
  return sums;
}

test('every packet of the shipped capture is in a flow, every octet of layer 3 counted', async () => {
  const { imported, summary } = await importCapture();
  const expected = countRecords(gunzipSync(readFileSync(capture)));
  expect(imported).toMatchObject({
    state: 'done',
    packets: expected.packets,
    packets_metered: expected.packets,
    skipped: {},
    warnings: [],
  });
  expect(summary).toMatchObject({ ...expected, flows: imported.flows, days: 1 });
});

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

test.skipIf(!isThere('tshark'))('tshark counts the same packets and octets in it [needs tshark]', async () => {
  const fields = ['-e', 'ip.len', '-e', 'ipv6.plen', '-e', 'icmp.type', '-e', 'icmpv6.type'];
  // The first occurrence: ICMP errors carry the header of the packet that they are about.
  const args = ['-r', capture, '-T', 'fields', '-E', 'occurrence=f', '-E', 'separator=,', ...fields];
  const lines = spawnSync('tshark', args, { encoding: 'utf8' }).stdout.trim().split('\n');
  const packets = lines.map((line) => {
    const [v4, v6, ...icmp] = line.split(',');
    return { bytes: v4 ? Number(v4) : Number(v6) + 40, isIcmp: icmp.some((type) => type !== '') };
  });
  const { summary, icmp } = await importCapture();
  expect(summary).toMatchObject({ packets: packets.length, bytes: packets.reduce((sum, { bytes }) => sum + bytes, 0) });
  expect(icmp.packets).toBe(packets.filter(({ isIcmp }) => isIcmp).length);
});

test('the demo prints a table, JSON and XML, and ends when asked to', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/demo.ts', '--once'], { cwd: root, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [, imported, top, json, xml] = stdout.split(/^\$ weir .*$/m) as [string, string, string, string, string];
  expect(imported).toMatch(/(\d+) packets: \1 in \d+ flows/);
  expect(top).toMatch(/^host +flows +packets +bytes/m);
  expect(top).toMatch(/^127\.77\.0\.80 /m);
  expect(JSON.parse(json)).toMatchObject([{ id: 1 }, { id: 2, src_comp: expect.stringMatching(/^127\.77\.0\./) }]);
  expect(XMLValidator.validate(xml.trim())).toBe(true);
  expect(new XMLParser().parse(xml).records.record).toMatchObject([{ id: 1 }, { id: 2 }]);
});

test('the demo goes on until Ctrl-C and then ends cleanly', async () => {
  const demo = spawn(process.execPath, ['scripts/demo.ts'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(demo, 'close');
  const address = await readUntil(demo.stdout, /goes on at (http:\S+) until Ctrl-C.*\/docs\.\n/s);
  expect((await fetch(`${address}/api/v1/flows/summary`)).status).toBe(200);
  demo.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
});

/** The first group of a pattern, once the text so far has it; throws when the text ends without it. */
async function readUntil(stream: Readable, pattern: RegExp): Promise<string> {
  const found = Promise.withResolvers<string>();
  let text = '';
  stream.on('data', (part) => {
    text += String(part);
    const match = pattern.exec(text);
    if (match !== null) found.resolve(match[1] as string);
  });
  stream.on('end', () => found.reject(new Error(`not found: ${pattern} in ${text}`)));
  return found.promise;
}
