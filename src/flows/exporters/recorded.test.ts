import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { CollectedRows } from './collected.ts';
import { Decoder } from './decoder.ts';
import type { Exporter } from './exporter.ts';
import { createDatagramReader } from './recorded.ts';

const data = process.env.WEIR_TEST_DATA;
const title = (what: string) => `${what} [needs WEIR_TEST_DATA: the folder with recorded exports]`;

type Reference = {
  file: string[];
  templates: number;
  option_templates: number;
  records: number;
  option_records: number;
  sets_without_template: number;
  malformed: number;
  nfcapd?: { flows: number; packets: number; octets: number };
};

/** Streams whose count of records is not that of the reference, and why. */
const otherRecords: Record<string, number> = {
  // The reference counts the first of twelve datagrams that are glued together.
  'exports/payloads/netflow5.dat': 30,
  // Malformed: nothing is taken, as nfcapd does.
  'exports/payloads/netflow5_test_invalid01.dat': 0,
  'exports/payloads/netflow5_test_invalid02.dat': 0,
  // Eleven records came before their template.
  'exports/akvorado/netflow-data+templates.pcap': 21,
};

/** Streams whose sums are not those of nfcapd, in whatever way it may have counted; with ours, and why. */
const otherSums: Record<string, [packets: number, octets: number]> = {
  // The records that came before their template.
  'exports/akvorado/netflow-data+templates.pcap': [66, 58_329],
  // Pieces of packets, which nfcapd does not open.
  'exports/akvorado/netflow-datalink-template.pcap': [1, 96],
  'exports/akvorado/netflow-ethernet-over-mpls-with-control-word-template.pcap': [10, 14_337],
  'exports/akvorado/netflow-ipfix-srv6-template.pcap': [1, 104],
  'exports/akvorado/netflow-juniper-cpid-template.pcap': [1, 104],
  // Two samplers: nfcapd scales some records by the rate of another one.
  'exports/akvorado/netflow-multiplesamplingrates-options-template.pcap': [38, 14_818],
  // nfcapd adds the counters of the way out, which are those of the way in once more.
  'exports/payloads/netflow9_test_fortigate_fortios_542_appid_tpl258-269.dat': [105, 29_492],
  // The records of no length; tshark reads what we read.
  'exports/payloads/netflow9_test_0length_fields_tpl_data.dat': [2, 64],
};

const references = (): Reference[] =>
  data === undefined
    ? []
    : readFileSync(join(data, 'exports.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Reference);

const decodeFiles = (files: readonly string[], decoder: Decoder): Exporter => {
  const exporter = decoder.exporter('192.0.2.1', '192.0.2.1') as Exporter;
  const feed = (bytes: Uint8Array): void =>
    decoder.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), { exporter, isStream: false }, 1_700_000_000_000);
  for (const file of files) {
    const bytes = readFileSync(join(data as string, file));
    if (file.endsWith('.dat')) feed(bytes);
    else {
      const { reader } = createDatagramReader((datagram) => feed(datagram.bytes));
      reader.push(bytes);
      reader.end();
    }
  }
  return exporter;
};

test.skipIf(!data)(
  title('every recorded stream has the records and sums of the references'),
  () => {
    expect(references().length).toBeGreaterThan(70);
    for (const reference of references()) {
      const [name] = reference.file as [string];
      const rows = new CollectedRows();
      const exporter = decodeFiles(reference.file, new Decoder(rows));
      const counters = [...exporter.domains.values()].map((domain) => domain.counters);
      const sum = (read: (c: (typeof counters)[number]) => number): number => counters.reduce((total, c) => total + read(c), 0);
      expect([name, sum((c) => c.flows + c.events)]).toEqual([name, otherRecords[name] ?? reference.records]);
      expect([name, sum((c) => c.options)]).toEqual([name, reference.option_records]);
      expect([name, rows.count]).toEqual([name, sum((c) => c.flows)]);
      const all = rows.rows();
      const total = (column: 'packet_count' | 'byte_count' | 'rev_packet_count' | 'rev_byte_count', scaled: boolean): number =>
        all.reduce((most, row) => most + Number(row[column] ?? 0) * (scaled ? Number(row.sampling_rate) : 1), 0);
      const ours = otherSums[name];
      const raw = [total('packet_count', false), total('byte_count', false)];
      if (ours !== undefined) {
        expect([name, ...raw]).toEqual([name, ...ours]);
        continue;
      }
      if (reference.nfcapd === undefined) continue;
      // nfcapd counts both directions, and scales on arrival by rates that it knows.
      const both = [raw[0]! + total('rev_packet_count', false), raw[1]! + total('rev_byte_count', false)];
      const scaled = [total('packet_count', true), total('byte_count', true)];
      const { packets, octets } = reference.nfcapd;
      expect([raw, both, scaled].map((sums) => [name, ...sums])).toContainEqual([name, packets, octets]);
    }
  },
  60_000,
);

test.skipIf(!data)(title('data before its template waits, and is read once it comes'), () => {
  const rows = new CollectedRows();
  const decoder = new Decoder(rows);
  decodeFiles(['exports/akvorado/netflow-data.pcap'], decoder);
  expect(rows.count).toBe(0);
  const exporter = decodeFiles(['exports/akvorado/netflow-template.pcap'], decoder);
  expect([rows.count, [...exporter.domains.values()].map(({ counters }) => counters.late)]).toEqual([4, [4]]);
});

/** The fields of tshark's dissector that each flow has, and our columns. */
const dissected = [
  ['cflow.srcport', 'src_port'],
  ['cflow.dstport', 'dst_port'],
  ['cflow.protocol', 'protocol'],
  ['cflow.packets', 'packet_count'],
  ['cflow.octets', 'byte_count'],
] as const;

const hasTshark = spawnSync('tshark', ['--version']).status === 0 && spawnSync('mergecap', ['--version']).status === 0;
if (!hasTshark) console.warn('skipped: exports beside the dissector of tshark: apt install tshark');

test
  .skipIf(!data || !hasTshark)
  .each([[['netflow-template.pcap', 'netflow-data.pcap']], [['netflow-mpls.pcap']], [['netflow-physicalinterfaces.pcap']]])(
  title('flow for flow what tshark dissects: %j'),
  (names) => {
    const files = names.map((name) => join('exports/akvorado', name));
    const rows = new CollectedRows();
    decodeFiles(files, new Decoder(rows));
    const merged = join(mkdtempSync(join(tmpdir(), 'weir-dissect-')), 'exports.pcap');
    execFileSync('mergecap', ['-a', '-F', 'pcap', '-w', merged, ...files.map((file) => join(data as string, file))]);
    const fields = dissected.flatMap(([field]) => ['-e', field]);
    const args = ['-r', merged, '-T', 'fields', '-E', 'separator=|', '-E', 'aggregator=/s', ...fields];
    const shown = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    // A line a datagram, with the values of all its records in each field.
    const datagrams = shown
      .trim()
      .split('\n')
      .map((line) => line.split('|'));
    for (const [at, [, column]] of dissected.entries()) {
      const theirs = datagrams.flatMap((columns) =>
        (columns[at] as string)
          .split(' ')
          .filter((word) => word !== '')
          .map(Number),
      );
      expect([column, rows.rows().map((row) => Number(row[column] ?? 0))]).toEqual([column, theirs]);
    }
    rmSync(dirname(merged), { recursive: true });
  },
);

test.skipIf(!data).each([
  ['sflow-data-1140.pcap', 5, 5120],
  ['sflow-data-sflow-ipv4-data.pcap', 1, 0],
  ['sflow-data-sflow-expanded-sample.pcap', 1, 0],
  ['sflow-data-icmpv6.pcap', 1, 0],
])(title('sFlow samples become flows of one packet: %s'), (file, flows) => {
  const rows = new CollectedRows();
  const exporter = decodeFiles([`exports/akvorado/${file}`], new Decoder(rows));
  expect([exporter.faults, rows.count >= flows]).toEqual([{}, true]);
  for (const row of rows.rows()) expect([row.packet_count, Number(row.sampling_rate) >= 1]).toEqual([1n, true]);
});

test('a capture gives the whole UDP payloads that it has', () => {
  const frames: Uint8Array[] = [];
  const udp = (payload: number[], declared = payload.length): Uint8Array => {
    const length = 28 + payload.length;
    return Uint8Array.from([
      0x45,
      0,
      0,
      length,
      0,
      0,
      0,
      0,
      64,
      17,
      0,
      0,
      10,
      0,
      0,
      1,
      10,
      0,
      0,
      2,
      0,
      7,
      8,
      7,
      0,
      8 + declared,
      0,
      0,
      ...payload,
    ]);
  };
  const got: number[][] = [];
  const { reader, passed } = createDatagramReader(({ bytes }) => got.push([...bytes]));
  frames.push(udp([1, 2, 3]), udp([1], 9), Uint8Array.from([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]));
  reader.push(capture(frames));
  reader.end();
  expect([got, passed]).toEqual([[[1, 2, 3]], { other: 1, cut: 1 }]);
});

/** A classic capture of raw IP packets. */
const capture = (frames: readonly Uint8Array[]): Uint8Array => {
  const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
  const head = Buffer.concat([words(0xa1b2c3d4), Uint8Array.from([2, 0, 4, 0]), words(0, 0, 65_535, 101)]);
  return Buffer.concat([head, ...frames.flatMap((frame) => [words(1_700_000_000, 0, frame.length, frame.length), frame])]);
};
