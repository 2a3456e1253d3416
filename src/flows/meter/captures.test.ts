/**
 * Real captures through reader, decoder and meter, beside what other tools say of them: packets and octets must agree to
 * the last one, conversations where nothing but the rules of the tools could differ.
 */
import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createCaptureReader, createCaptureWriter, decode, linkTypes, outcome, packetFlags } from '../../packets/index.ts';
import type { MeterOptions } from './options.ts';
import { RecordBatch } from './record-batch.ts';
import { meterWithRows, type Row } from './testing.ts';

const folder = process.env.WEIR_TEST_DATA ?? '';
const needed = '[needs WEIR_TEST_DATA: the folder with reference captures]';
const noTimeOuts: Partial<MeterOptions> = { activeMs: 0, idleMs: 0, udpIdleMs: 0, icmpIdleMs: 0 };

type Conversations = { tcp: number; udp: number; sctp: number };
type Reference = { file: string; packets?: number | null; l3_octets: number; tshark: Conversations | null };

const references: Reference[] = folder
  ? readFileSync(join(folder, 'references.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Reference)
      .filter((reference) => (reference.packets ?? null) !== null)
  : [];

/** Flows of TCP, UDP and SCTP where tshark counts other conversations, and why. */
const tunnel = 'tshark opens the tunnel and counts the conversations inside';
const exceptions: Record<string, [tcp: number, udp: number, reason: string]> = {
  'ndpi/ip_fragmented_garbage.pcap': [
    4,
    0,
    'four datagrams of garbage, each with ports in its first fragment; tshark names ports after reassembly only',
  ],
  'ndpi/4in4tunnel.pcap': [0, 0, tunnel],
  'ndpi/4in6tunnel.pcap': [0, 0, tunnel],
  'ndpi/6in4tunnel.pcap': [0, 0, tunnel],
  'ndpi/6in6tunnel.pcap': [0, 0, tunnel],
  'ndpi/gre.pcapng': [0, 0, tunnel],
  'ndpi/vxlan.pcap': [0, 9, tunnel],
  'ndpi/ipv6_in_gtp.pcap': [0, 2, tunnel],
  'ndpi/FAX-Call-t38-CA-TDM-SIP-FB-1.pcap': [
    0,
    5,
    'tshark starts a new conversation where SIP or MEGACO announces media; argus has five flows, nfpcapd ten directions',
  ],
  'ndpi/fuzz-2006-06-26-2594.pcap': [
    24,
    221,
    'one packet has ports, but a TCP header that contradicts the IP length: a malformed flow here, no conversation there',
  ],
  'zeek/tunnels-gre-within-gre.pcap': [0, 0, tunnel],
  'zeek/tunnels-vxlan-encapsulated-http.pcap': [0, 1, tunnel],
  'zeek/tunnels-gtp-gtp1_gn_normal_incl_fragmentation.pcap': [0, 1, tunnel],
  'zeek/ipv4-fragmented-2.pcap': [
    0,
    1,
    'the fragments overlap or are incomplete: tshark does not reassemble them, the first one has ports all the same',
  ],
  'zeek/ipv4-fragmented-3.pcap': [1, 0, 'as fragmented-2'],
  'zeek/erspan.pcap': [0, 0, tunnel],
  'tcpdump/bigtcp-ipv6.pcap': [1, 0, 'payload length 0 of a GSO packet: tshark 4.0 calls it malformed'],
  'tcpdump/gso-ipv4-vxlan-ipv6.pcap': [0, 1, tunnel],
  'libpcap/filter-ipv6_ext_headers.pcap': [0, 0, 'more than 16 extension headers, the bound of the decoder'],
  'libpcap/filter-ipv6_ah_modes.pcap': [0, 1, 'AH in tunnel mode: IPv6 in IPv6'],
  'arkime/gre-erspan-vxlan.pcap': [0, 0, tunnel],
  'arkime/tcp_handshake_synthetic.pcap': [
    14,
    0,
    'a new SYN with other sequence number is a new conversation; without time-outs it is the same key',
  ],
  'arkime/6-4-gre-ppp-udp-4-dns.pcap': [0, 0, tunnel],
  'arkime/arkime_synthetic.pcap': [98, 94, tunnel],
};

/** Octets that differ from the reference, and why. */
const skippedOctets: Record<string, [octets: number, reason: string]> = {
  'zeek/trunc-ip4-trunc.pcap': [-32, 'the IP header itself is cut: counted as skipped, though its length could be read'],
};

const batch = new RecordBatch();

const meterFile = (bytes: Uint8Array, options: Partial<MeterOptions>) => {
  const { meter, rows } = meterWithRows({ maxFlows: 65_536, ...options }, batch);
  let skipped = 0;
  let inferred = 0;
  const reader = createCaptureReader({
    frame(view, offset, packet, link) {
      if (decode(link.linkType, view, offset, packet) !== outcome.decoded) skipped++;
      else {
        meter.add(packet);
        // The references add 40 where the header's length is 0; here it is inferred from the frame.
        if ((packet.flags & packetFlags.lenInferred) !== 0) inferred += packet.octets - 40;
      }
    },
  });
  reader.push(bytes);
  reader.end();
  meter.flush();
  return { rows: rows(), skipped, inferred, packets: reader.packets, counters: meter.counters };
};

const readCapture = (file: string): Uint8Array => {
  const stored = readFileSync(join(folder, file));
  return stored[0] === 0x1f ? gunzipSync(stored) : stored;
};

const sum = (rows: readonly Row[], ...names: string[]): number =>
  rows.reduce((total, row) => total + names.reduce((both, name) => both + Number(row[name] ?? 0), 0), 0);
const packetsOf = (rows: readonly Row[]): number => sum(rows, 'packet_count', 'rev_packet_count');
const octetsOf = (rows: readonly Row[]): number => sum(rows, 'byte_count', 'rev_byte_count');
const countOf = (rows: readonly Row[], protocol: number): number =>
  rows.filter((row) => row.protocol === protocol && row.src_port_num !== undefined).length;
const keysOf = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify([row.ip_version, row.src_comp, row.src_port, row.dst_comp, row.dst_port, row.protocol]));

describe.skipIf(references.length === 0)(`real captures ${needed}`, () => {
  test.each(references)('$file: packets, octets, conversations', ({ file, packets, l3_octets, tshark }) => {
    const bytes = readCapture(file);
    const name = file.replace('captures/', '');
    const { rows, skipped, inferred, packets: read, counters } = meterFile(bytes, noTimeOuts);
    expect(read).toBe(packets);
    expect(counters.packets + skipped).toBe(packets);
    expect(packetsOf(rows)).toBe(counters.packets);
    expect(octetsOf(rows) - inferred).toBe(l3_octets + (skippedOctets[name]?.[0] ?? 0));
    const [tcp, udp] = exceptions[name] ?? [tshark?.tcp ?? countOf(rows, 6), tshark?.udp ?? countOf(rows, 17)];
    expect({ tcp: countOf(rows, 6), udp: countOf(rows, 17) }).toEqual({ tcp, udp });
    if (tshark && !(name in exceptions)) expect(countOf(rows, 132)).toBe(tshark.sctp);
  });

  test.each(references)('$file: the same sums with time-outs, in one direction, and in little memory', ({ file, packets }) => {
    const bytes = readCapture(file);
    const { rows, skipped } = meterFile(bytes, noTimeOuts);
    expect(packetsOf(rows) + skipped).toBe(packets);
    for (const options of [
      {},
      { uniflow: true },
      { ...noTimeOuts, uniflow: true },
      { maxFlows: 4 },
      { keyVlan: true, keyInterface: true },
    ]) {
      const other = meterFile(bytes, options).rows;
      expect([packetsOf(other), octetsOf(other)]).toEqual([packetsOf(rows), octetsOf(rows)]);
    }
  });

  test('fragmented-1.pcap is one UDP flow of 3 packets and 498 octets', () => {
    const { rows } = meterFile(readCapture('captures/zeek/ipv4-fragmented-1.pcap'), {});
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ protocol: 17, packet_count: 3, byte_count: 498, fragments: 3 });
  });

  test('vlan-collisions.pcap is one set of flows, or one for each VLAN', () => {
    const bytes = readCapture('captures/zeek/vlan-collisions.pcap');
    const merged = meterFile(bytes, noTimeOuts).rows;
    const apart = meterFile(bytes, { ...noTimeOuts, keyVlan: true }).rows;
    expect(new Set(keysOf(merged)).size).toBe(merged.length);
    expect(apart.length).toBeGreaterThan(merged.length);
    expect(new Set(keysOf(apart)).size).toBe(merged.length);
  });

  test('both byte orders of the pcapng set give the same flows', () => {
    for (const name of readdirSync(join(folder, 'pcapng/le'), { recursive: true, encoding: 'utf8' }).filter((n) => n.endsWith('.pcapng'))) {
      const [little, big] = ['le', 'be'].map((order) => meterFile(readCapture(join('pcapng', order, name)), {}));
      expect([name, big!.rows]).toEqual([name, little!.rows]);
    }
  });
});

/** An Ethernet frame with one UDP datagram of a payload length. */
const udpFrame = (src: number, dst: number, srcPort: number, dstPort: number, payload: number): Uint8Array => {
  const frame = Buffer.alloc(42 + payload);
  frame.writeUInt16BE(0x0800, 12);
  frame[14] = 0x45;
  frame.writeUInt16BE(28 + payload, 16);
  frame[22] = 64;
  frame[23] = 17;
  frame.writeUInt32BE(src, 26);
  frame.writeUInt32BE(dst, 30);
  frame.writeUInt16BE(srcPort, 34);
  frame.writeUInt16BE(dstPort, 36);
  frame.writeUInt16BE(8 + payload, 38);
  return frame;
};

test('a capture made here gives the flows it was made of', () => {
  const blocks: Uint8Array[] = [];
  const writer = createCaptureWriter({ linkType: linkTypes.ethernet }, (block) => blocks.push(block));
  for (let i = 0; i < 1000; i++) {
    const host = 0x0a000000 + (i % 100);
    const isReply = i % 200 >= 100;
    const frame = isReply ? udpFrame(0x0a010101, host, 53, 5000, 100) : udpFrame(host, 0x0a010101, 5000, 53, 20);
    writer.write(1_700_000_000 + Math.floor(i / 200), i * 1000, frame);
  }
  writer.end();
  const { rows, skipped, packets } = meterFile(Buffer.concat(blocks), {});
  expect({ packets, skipped, flows: rows.length }).toEqual({ packets: 1000, skipped: 0, flows: 100 });
  for (const row of rows)
    expect(row).toMatchObject({ packet_count: 5, byte_count: 240, rev_packet_count: 5, rev_byte_count: 640, duration: 4 });
});
