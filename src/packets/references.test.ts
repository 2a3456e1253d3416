import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../core/problem.ts';
import { decode } from './decode.ts';
import { linkTypes } from './link.ts';
import { outcome, Packet, packetFlags } from './packet.ts';
import { CaptureReader } from './reader.ts';
import { decodeInner } from './tunnel.ts';

const folder = process.env.WEIR_TEST_DATA ?? '';
const needed = '[needs WEIR_TEST_DATA: the folder with reference captures]';

/** One line of references.jsonl; figures are absent where the file must be refused. */
type Reference = { file: string; packets?: number; ipv4: number; ipv6: number; arp: number; l3_octets: number };

function measure(file: string, length: number) {
  const stored = readFileSync(join(folder, file));
  const bytes = stored[0] === 0x1f ? gunzipSync(stored) : stored;
  const sums = { packets: 0, ipv4: 0, ipv6: 0, arp: 0, l3_octets: 0 };
  const reader = new CaptureReader({
    frame(view, offset, packet, link) {
      const result = decode(link.linkType, view, offset, packet);
      sums.packets++;
      // RARP is ARP's other operation: the reference counts them together. On Cisco HDLC the same number is SLARP.
      const isRarp = packet.etherType === 0x8035 && link.linkType !== linkTypes.ciscoHdlc;
      if (result === outcome.nonIp && (packet.etherType === 0x0806 || isRarp)) sums.arp++;
      if (result === outcome.malformed || result === outcome.nonIp) return;
      if (packet.ipVersion === 4) sums.ipv4++;
      if (packet.ipVersion === 6) sums.ipv6++;
      // The reference adds 40 where the header's length is 0; here the length is inferred and flagged.
      sums.l3_octets += packet.flags & packetFlags.lenInferred ? 40 : packet.octets;
    },
  });
  for (let at = 0; at < bytes.length; at += length) reader.push(bytes.subarray(at, at + length));
  reader.end();
  return { sums, reader };
}

const references: Reference[] = folder
  ? readFileSync(join(folder, 'references.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Reference)
  : [];
const isPresent = references.length > 0;

describe.skipIf(!isPresent)(`real captures ${needed}`, () => {
  test.each(references.filter((reference) => reference.packets !== undefined && reference.packets !== null))('$file', (reference) => {
    const { packets, ipv4, ipv6, arp, l3_octets } = reference;
    expect(measure(reference.file, 1 << 20).sums).toEqual({ packets, ipv4, ipv6, arp, l3_octets });
  });

  test.each(references.filter((reference) => (reference.packets ?? null) === null))('$file is refused', (reference) => {
    let fault: Problem | undefined;
    try {
      measure(reference.file, 1 << 20);
    } catch (error) {
      fault = error as Problem;
    }
    expect(fault).toMatchObject({ code: 'unprocessable', facts: { offset: expect.any(Number), packet: 1 } });
  });

  test('small pieces change nothing', () => {
    for (const file of ['captures/ndpi/sites.pcapng', 'captures/ndpi/netflix.pcap']) {
      expect(measure(file, 61).sums).toEqual(measure(file, 1 << 20).sums);
    }
  });
});

/** All packets of a pcapng file as text. */
function transcript(path: string): string {
  const lines: string[] = [];
  const reader = new CaptureReader({
    frame(view, offset, { seconds, nanos, captured, original, flags, interfaceIndex }, link) {
      const data = Buffer.from(view.buffer, view.byteOffset + offset, captured).toString('hex');
      lines.push([seconds, nanos, captured, original, flags, interfaceIndex, link.linkType, data].join(' '));
    },
  });
  reader.push(readFileSync(path));
  reader.end();
  return lines.join('\n');
}

/** Packets as capinfos counts them, for test001 to test202. */
const pcapngPackets: Record<string, number> = {
  '001': 4,
  '002': 0,
  '003': 0,
  '004': 4,
  '005': 4,
  '006': 5,
  '007': 1,
  '008': 4,
  '009': 2,
  '010': 4,
  '011': 4,
  '012': 4,
  '013': 0,
  '014': 0,
  '015': 0,
  '016': 4,
  '017': 0,
  '018': 4,
  '100': 5,
  '101': 4,
  '102': 5,
  '200': 0,
  '201': 4,
  '202': 8,
};

describe.skipIf(!isPresent)(`pcapng in both byte orders ${needed}`, () => {
  test.each(isPresent ? readdirSync(join(folder, 'pcapng/le')) : [])('%s', (name) => {
    const little = transcript(join(folder, 'pcapng/le', name));
    expect(transcript(join(folder, 'pcapng/be', name))).toBe(little);
    expect(little === '' ? 0 : little.split('\n').length).toBe(pcapngPackets[name.slice(4, 7)]);
  });
});

describe.skipIf(!isPresent)(`tunnels of real captures ${needed}`, () => {
  test.each([
    // Where nfpcapd opens the tunnel its octets are those of the inner packets.
    ['captures/ndpi/4in4tunnel.pcap', 5, 640],
    ['captures/ndpi/4in6tunnel.pcap', 4, 1780],
    ['captures/ndpi/6in4tunnel.pcap', 127, 35_975],
    ['captures/ndpi/6in6tunnel.pcap', 2, 104],
    ['captures/ndpi/vxlan.pcap', 127, 76_686],
    ['captures/zeek/tunnels-geneve.pcap', 6, 504],
    ['captures/tcpdump/mpls-over-udp.pcap', 2, 168],
    ['captures/ndpi/ipv6_in_gtp.pcap', 2, 200],
    ['captures/arkime/gre-erspan-vxlan.pcap', 7, 687],
  ])('%s', (file, packets, octets) => {
    const inner = new Packet();
    const sums = { packets: 0, octets: 0 };
    const reader = new CaptureReader({
      frame(view, offset, packet, link) {
        if (decode(link.linkType, view, offset, packet) !== 0 || decodeInner(view, packet, inner) !== 0) return;
        sums.packets++;
        sums.octets += inner.octets;
      },
    });
    reader.push(readFileSync(join(folder, file)));
    reader.end();
    expect(sums).toEqual({ packets, octets });
  });
});
