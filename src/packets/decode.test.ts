import { describe, expect, test } from 'vitest';
import { decode } from './decode.ts';
import { ethernet, ipv4, ipv6, octets, tcp, u16, u32, udp, udpFrame, vlan } from './frame-builder.ts';
import { linkTypes } from './link.ts';
import { outcomes, Packet, packetFlags } from './packet.ts';

/** Decodes a frame that lies somewhere inside a larger buffer; `cut` octets of it are captured. */
function decodeFrame(linkType: number, frame: Uint8Array, cut = frame.length, packet = new Packet()) {
  const buffer = octets('ffffffffffffff', frame.subarray(0, cut), 'eeeeeeeeeeeeeeeeeeee');
  packet.captured = Math.min(cut, frame.length);
  packet.original = frame.length;
  packet.flags = 0;
  const result = outcomes[decode(linkType, new DataView(buffer.buffer, buffer.byteOffset, buffer.length), 7, packet)];
  return { result, packet };
}

const payload = octets('68656c6c6f');
const v4 = ipv4({ protocol: 17 }, udp(payload));
const v6 = ipv6({ next: 17 }, udp(payload));
const snap = (type: number, inner: Uint8Array) => octets('aaaa03 000000', u16(type), inner);
const pppV4 = octets('0021', v4);
const wireless = (control: string, rest: Uint8Array) => octets(control, '0000 020000000002 020000000001 020000000003 1000', rest);

describe('link headers lead to the same IPv4 packet', () => {
  const rows: [name: string, linkType: number, frame: Uint8Array][] = [
    ['Ethernet', 1, ethernet(0x0800, v4)],
    ['Ethernet, padded', 1, octets(ethernet(0x0800, v4), new Uint8Array(13))],
    ['one tag', 1, ethernet(0x8100, vlan(7, 0x0800, v4))],
    ['two tags', 1, ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x0800, v4)))],
    ['three old tags', 1, ethernet(0x9100, vlan(7, 0x9200, vlan(8, 0x8100, vlan(9, 0x0800, v4))))],
    ['802.3, LLC and SNAP', 1, ethernet(8 + v4.length, snap(0x0800, v4))],
    ['802.3, LLC with the IP access point', 1, ethernet(3 + v4.length, octets('060603', v4))],
    ['jumbo LLC', 1, ethernet(0x8870, snap(0x0800, v4))],
    ['tag, then SNAP', 1, ethernet(0x8100, vlan(7, 60, snap(0x0800, v4)))],
    ['PPPoE', 1, ethernet(0x8864, octets('1100 0001', u16(pppV4.length), pppV4))],
    ['MPLS', 1, ethernet(0x8847, octets('00064040', '00065140', v4))],
    ['MPLS pseudowire', 1, ethernet(0x8847, octets('00064140', ethernet(0x0800, v4)))],
    ['MPLS pseudowire with control word', 1, ethernet(0x8847, octets('00064140 00000000', ethernet(0x0800, v4)))],
    ['Cisco metadata', 1, ethernet(0x8909, octets('010100010000', '0800', v4))],
    ['NSH', 1, ethernet(0x894f, octets('0fc60101 00450000', new Uint8Array(16), v4))],
    ['IPv4 announced, whatever the ethertype says of the version', 1, ethernet(0x0800, v4)],
    ['NULL, little endian', 0, octets('02000000', v4)],
    ['NULL, big endian', 0, octets('00000002', v4)],
    ['LOOP', 108, octets('00000002', v4)],
    ['ENC', 109, octets('02000000 00000000 00000000', v4)],
    ['RAW', 101, v4],
    ['RAW of BSD', 12, v4],
    ['RAW of OpenBSD', 14, v4],
    ['IPV4', 228, v4],
    ['SLIP', 8, octets(new Uint8Array(16), v4)],
    ['SLL', 113, octets('0000 0001 0006 0200000000010000', '0800', v4)],
    ['SLL with LLC', 113, octets('0000 0001 0006 0200000000010000', '0004', snap(0x0800, v4))],
    ['SLL2', 276, octets('0800 0000 00000003 0001 00 06 0200000000010000', v4)],
    ['PPP', 9, octets('ff03', pppV4)],
    ['PPP without address', 9, pppV4],
    ['PPP with a compressed protocol', 9, octets('21', v4)],
    ['PPP that is Cisco HDLC', 9, octets('0f00 0800', v4)],
    ['PPP, MPLS', 50, octets('ff03 0281 00064140', v4)],
    ['PPP with direction', 204, octets('01 ff03', pppV4)],
    ['PPPoE as link', 51, octets('1100 0001', u16(pppV4.length), pppV4)],
    ['Cisco HDLC', 104, octets('8f00 0800', v4)],
    ['Cisco HDLC with direction', 205, octets('00 8f00 0800', v4)],
    ['frame relay, Cisco', 107, octets('1861 0800', v4)],
    ['frame relay, NLPID', 107, octets('1861 03 cc', v4)],
    ['frame relay, padded SNAP', 107, octets('1861 03 00 80 000000 0800', v4)],
    ['frame relay, address of 4, with direction', 206, octets('01 18606061 03 cc', v4)],
    ['ATM', 100, snap(0x0800, v4)],
    ['FDDI', 10, octets('50 020000000002 020000000001', snap(0x0800, v4))],
    ['MPLS as link', 219, octets('00064140', v4)],
    ['IPNET', 226, octets('0102', new Uint8Array(22), v4)],
    ['PFLOG', 117, octets('3d02 0000', new Uint8Array(60), v4)],
    ['802.11', 105, wireless('0800', snap(0x0800, v4))],
    ['802.11 QoS', 105, wireless('8801', octets('0000', snap(0x0800, v4)))],
    ['802.11 of four addresses', 105, wireless('0803', octets('020000000004', snap(0x0800, v4)))],
    ['802.11 QoS with control field', 105, wireless('8881', octets('0000 00000000', snap(0x0800, v4)))],
    ['802.11 aggregate', 105, wireless('8801', octets('8000', '020000000002 020000000001', u16(v4.length), snap(0x0800, v4)))],
    ['radiotap', 127, octets('0000 0800 00000000', wireless('0800', snap(0x0800, v4)))],
    [
      'radiotap with time, flags, padding and FCS',
      127,
      octets('0000 1100 03000000', new Uint8Array(8), '30', wireless('8801', octets('0000 0000', snap(0x0800, v4), 'ffffffff'))),
    ],
    [
      'radiotap with two presence words',
      127,
      octets('0000 0d00 02000080 00000000 10', wireless('0800', snap(0x0800, octets(v4, 'ffffffff')))),
    ],
    ['Prism', 119, octets(new Uint8Array(144), wireless('0800', snap(0x0800, v4)))],
    ['AVS', 163, octets('80211001 00000040', new Uint8Array(56), wireless('0800', snap(0x0800, v4)))],
    ['NFLOG', 239, octets('02 00 0000', '0800 0100 08000100', '0500 0a00 61000000', u16swap(4 + v4.length), '0900', v4)],
    ['NFLOG, big endian', 239, octets('02 00 0000', '0008 0001 08000100', u16(4 + v4.length), '0009', v4)],
    ['PPI', 192, octets('00 00 1000 01000000 0800040000000000', ethernet(0x0800, v4))],
    ['PKTAP', 258, octets('10000000 01000000 0c000000 00000000', v4)],
  ];

  test.each(rows)('%s', (_name, linkType, frame) => {
    const { result, packet } = decodeFrame(linkType, frame);
    expect(result).toBe('decoded');
    expect(packet).toMatchObject({ ipVersion: 4, octets: 33, protocol: 17, srcC: 0xffff, srcD: 0x0a000001, dstD: 0x0a000002 });
    expect(packet).toMatchObject({ srcPort: 1111, dstPort: 2222, tos: 8, ttl: 64, payloadLength: 5, flags: 0, isFragment: 0 });
  });

  test.each(rows)('%s, cut anywhere, is never read beyond the cut', (_name, linkType, frame) => {
    for (let cut = 0; cut < frame.length; cut++) {
      const { result, packet } = decodeFrame(linkType, frame, cut);
      // What is behind the cut is 0xee: no address or port may show it.
      expect([packet.srcPort, packet.dstPort, packet.dstD]).not.toContain(0xeeee);
      if (result === 'decoded') expect(packet.flags & packetFlags.malformed).toBe(0);
      else expect(['truncated', 'non_ip']).toContain(result);
    }
  });
});

function u16swap(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8);
}

describe('IPv6', () => {
  const rows: [name: string, linkType: number, frame: Uint8Array][] = [
    ['Ethernet', 1, ethernet(0x86dd, v6)],
    ['RAW', 101, v6],
    ['IPV6', 229, v6],
    ['NULL of Darwin', 0, octets('1e000000', v6)],
    ['SLL2', 276, octets('86dd 0000 00000003 0001 00 06 0200000000010000', v6)],
    ['PPP', 9, octets('ff03 0057', v6)],
    ['frame relay', 107, octets('1861 03 8e', v6)],
    ['an ethertype that says IPv4', 1, ethernet(0x0800, v6)],
    ['hop-by-hop', 1, ethernet(0x86dd, ipv6({ next: 0 }, octets('1100 000000000000', udp(payload))))],
  ];
  test.each(rows)('%s', (_name, linkType, frame) => {
    const { result, packet } = decodeFrame(linkType, frame);
    expect(result).toBe('decoded');
    expect(packet).toMatchObject({
      ipVersion: 6,
      protocol: 17,
      srcA: 0x20010db8,
      srcD: 1,
      dstA: 0x20010db8,
      dstD: 2,
      srcPort: 1111,
      dstPort: 2222,
    });
    expect(packet).toMatchObject({ tos: 8, ttl: 64, flowLabel: 0x12345, flags: 0 });
  });

  test('walks every kind of extension header by its own length unit', () => {
    const chain = octets(
      '2b01',
      new Uint8Array(14),
      '3c00',
      new Uint8Array(6),
      '8700',
      new Uint8Array(6),
      '3300',
      new Uint8Array(6),
      '1104',
      new Uint8Array(22),
    );
    // routing -> destination options -> mobility -> authentication (2 + 4 words of 4), in that order behind hop-by-hop
    const { packet } = decodeFrame(1, ethernet(0x86dd, ipv6({ next: 0 }, octets(chain, udp(payload)))));
    expect(packet).toMatchObject({ protocol: 17, srcPort: 1111, flags: 0 });
  });

  test('stops at ESP and at no next header', () => {
    expect(decodeFrame(101, ipv6({ next: 50 }, new Uint8Array(40))).packet).toMatchObject({ protocol: 50, srcPort: -1, flags: 0 });
    expect(decodeFrame(101, ipv6({ next: 0 }, octets('3b00 000000000000'))).packet).toMatchObject({
      protocol: 59,
      srcPort: -1,
      octets: 48,
    });
    expect(decodeFrame(101, ipv6({ next: 59 }, new Uint8Array(0))).packet).toMatchObject({ protocol: 59, octets: 40, flags: 0 });
  });

  test('gives up after sixteen extension headers', () => {
    const chain = octets(...Array.from({ length: 20 }, () => '3c00000000000000'));
    expect(decodeFrame(101, ipv6({ next: 60 }, chain)).packet).toMatchObject({ protocol: 60, srcPort: -1, flags: packetFlags.malformed });
  });

  test('an atomic fragment is a whole packet, others are fragments', () => {
    const fragment = (word: number) => ipv6({ next: 44 }, octets('1100', u16(word), 'deadbeef', udp(payload)));
    expect(decodeFrame(101, fragment(0)).packet).toMatchObject({ isFragment: 0, srcPort: 1111 });
    expect(decodeFrame(101, fragment(1)).packet).toMatchObject({
      isFragment: 1,
      moreFragments: 1,
      fragmentOffset: 0,
      srcPort: 1111,
      identification: 0xdeadbeef | 0,
    });
    expect(decodeFrame(101, fragment(0x08)).packet).toMatchObject({
      isFragment: 1,
      moreFragments: 0,
      fragmentOffset: 8,
      srcPort: -1,
      protocol: 17,
    });
  });

  test('a payload length of 0 is inferred for jumbograms and offload only', () => {
    const large = ethernet(0x86dd, ipv6({ next: 6, payloadLength: 0 }, tcp(0x10, new Uint8Array(80_000))));
    expect(decodeFrame(1, large).packet).toMatchObject({ octets: large.length - 14, flags: packetFlags.lenInferred, srcPort: 1111 });
    const padded = octets(ethernet(0x86dd, ipv6({ next: 59, payloadLength: 0 }, new Uint8Array(0))), new Uint8Array(6));
    expect(decodeFrame(1, padded).packet).toMatchObject({ octets: 40, flags: 0 });
  });
});

describe('IPv4', () => {
  test('skips options', () => {
    const { packet } = decodeFrame(101, ipv4({ protocol: 17, options: new Uint8Array(40) }, udp(payload)));
    expect(packet).toMatchObject({ srcPort: 1111, octets: 73, payloadLength: 5 });
  });

  test('fragments: only the first has ports', () => {
    const first = decodeFrame(101, ipv4({ protocol: 17, fragment: 0x2000, identification: 77 }, udp(payload))).packet;
    expect(first).toMatchObject({ isFragment: 1, moreFragments: 1, fragmentOffset: 0, identification: 77, srcPort: 1111 });
    const later = decodeFrame(101, ipv4({ protocol: 17, fragment: 0x00b9 }, udp(payload))).packet;
    expect(later).toMatchObject({ isFragment: 1, moreFragments: 0, fragmentOffset: 1480, srcPort: -1, dstPort: -1, flags: 0 });
    expect(decodeFrame(101, ipv4({ protocol: 17, fragment: 0x4000 }, udp(payload))).packet).toMatchObject({ isFragment: 0, srcPort: 1111 });
  });

  test('a total length of 0 comes from the frame', () => {
    const { packet } = decodeFrame(1, ethernet(0x0800, ipv4({ protocol: 6, totalLength: 0 }, tcp(0x18, new Uint8Array(3000)))));
    expect(packet).toMatchObject({ octets: 3040, tcpPayload: 3000, flags: packetFlags.lenInferred });
  });

  test('a total length above the frame is kept and flagged', () => {
    const { packet } = decodeFrame(1, ethernet(0x0800, ipv4({ protocol: 17, totalLength: 1500 }, udp(payload))));
    expect(packet).toMatchObject({ octets: 1500, flags: packetFlags.malformed, srcPort: 1111 });
  });

  test('padding is no payload, and its octets are no ports', () => {
    const { packet } = decodeFrame(1, octets(ethernet(0x0800, ipv4({ protocol: 17 }, new Uint8Array(0))), 'ffffffffffff'));
    expect(packet).toMatchObject({ octets: 20, srcPort: -1, flags: packetFlags.malformed });
  });

  test.each(['55000014', '41000014', '15000014'])('%s is no header', (start) => {
    expect(decodeFrame(228, octets(start, new Uint8Array(40))).result).toBe('malformed');
  });

  test('a cut header still tells its length, for the count of what was skipped', () => {
    const { result, packet } = decodeFrame(1, udpFrame(), 20);
    expect([result, packet.octets, packet.ipVersion]).toEqual(['truncated', 33, 4]);
  });

  test('a frame check sequence is no part of layer 3', () => {
    const packet = new Packet();
    packet.fcsOctets = 4;
    const frame = octets(ethernet(0x0800, ipv4({ protocol: 6, totalLength: 0 }, tcp(2, new Uint8Array(100)))), 'ffffffff');
    expect(decodeFrame(1, frame, frame.length, packet).packet.octets).toBe(140);
  });
});

describe('transport', () => {
  test('TCP', () => {
    const { packet } = decodeFrame(101, ipv4({ protocol: 6 }, tcp(0x1ff, payload, new Uint8Array(12))));
    expect(packet).toMatchObject({ srcPort: 1111, dstPort: 443, tcpFlags: 0x1ff, tcpSequence: 0x80000001 | 0, tcpAcknowledgement: 7 });
    expect(packet).toMatchObject({ tcpPayload: 5, payloadLength: 5, flags: 0 });
  });

  test('TCP payload is by the IP length, not by what was captured', () => {
    const { packet } = decodeFrame(101, ipv4({ protocol: 6 }, tcp(0x10, new Uint8Array(1400))), 60);
    expect(packet).toMatchObject({ tcpPayload: 1400, payloadLength: 20, flags: 0 });
  });

  test('TCP cut inside its header keeps what is whole', () => {
    const frame = ipv4({ protocol: 6 }, tcp(0x12, payload));
    expect(decodeFrame(101, frame, 23).packet).toMatchObject({ srcPort: -1, flags: packetFlags.truncated });
    expect(decodeFrame(101, frame, 24).packet).toMatchObject({ srcPort: 1111, tcpSequence: 0, flags: packetFlags.truncated });
    expect(decodeFrame(101, frame, 34).packet).toMatchObject({ dstPort: 443, tcpFlags: 0x12, tcpPayload: 5, flags: packetFlags.truncated });
  });

  test('a TCP header length that cannot be is flagged', () => {
    const broken = tcp(2, payload);
    broken[12] = 0xf0;
    expect(decodeFrame(101, ipv4({ protocol: 6 }, broken)).packet).toMatchObject({ srcPort: 1111, flags: packetFlags.malformed });
  });

  test('a UDP length beyond the datagram is flagged', () => {
    const broken = udp(payload);
    broken[5] = 200;
    expect(decodeFrame(101, ipv4({ protocol: 17 }, broken)).packet).toMatchObject({ srcPort: 1111, flags: packetFlags.malformed });
  });

  test.each([33, 132, 136])('protocol %i has ports', (protocol) => {
    expect(decodeFrame(101, ipv4({ protocol }, octets(udp(payload), new Uint8Array(8)))).packet).toMatchObject({
      srcPort: 1111,
      dstPort: 2222,
    });
  });

  test.each([2, 47, 50, 89, 103])('protocol %i has none', (protocol) => {
    expect(decodeFrame(101, ipv4({ protocol }, udp(payload))).packet).toMatchObject({ srcPort: -1, dstPort: -1, protocol, flags: 0 });
  });

  test.each([
    [4, 1, '0800', 8, 0, 0x4242],
    [4, 1, '0000', 0, 0, 0x4242],
    [4, 1, '0d00', 13, 0, 0x4242],
    [4, 1, '0303', 3, 3, -1],
    [6, 58, '8000', 128, 0, 0x4242],
    [6, 58, '8100', 129, 0, 0x4242],
    [6, 58, '8700', 135, 0, -1],
    [4, 58, '8000', -1, -1, -1],
    [6, 1, '0800', -1, -1, -1],
  ])('ICMP in IPv%i, protocol %i, %s', (version, protocol, start, type, code, identifier) => {
    const message = octets(start, '0000 4242 0001', payload);
    const frame = version === 4 ? ipv4({ protocol }, message) : ipv6({ next: protocol }, message);
    expect(decodeFrame(101, frame).packet).toMatchObject({ icmpType: type, icmpCode: code, icmpIdentifier: identifier, srcPort: -1 });
  });
});

describe('what is remembered of the link', () => {
  test('the outermost tag, the next, the top label, the addresses', () => {
    const frame = ethernet(0x88a8, vlan(7, 0x8100, vlan(8, 0x8100, vlan(9, 0x8847, octets(u32((1234 << 12) | 0x1ff), v4)))));
    expect(decodeFrame(1, frame).packet).toMatchObject({
      vlanId: 7,
      vlanInnerId: 8,
      mplsLabel: 1234,
      srcMac: 0x020000000001,
      dstMac: 0x020000000002,
    });
  });

  test('nothing of the packet before', () => {
    const { packet } = decodeFrame(1, ethernet(0x8100, vlan(7, 0x0800, ipv4({ protocol: 6, fragment: 0x2000 }, tcp(2, payload)))));
    decodeFrame(101, ipv6({ next: 58 }, octets('8000 0000 4242 0001')), undefined, packet);
    const fresh = decodeFrame(101, ipv6({ next: 58 }, octets('8000 0000 4242 0001'))).packet;
    expect(packet).toEqual(fresh);
  });
});

describe('frames that make no flow', () => {
  const rows: [name: string, linkType: number, frame: Uint8Array, result: string, etherType: number][] = [
    ['ARP', 1, ethernet(0x0806, new Uint8Array(28)), 'non_ip', 0x0806],
    ['tagged ARP', 1, ethernet(0x8100, vlan(7, 0x0806, new Uint8Array(28))), 'non_ip', 0x0806],
    ['LLDP', 1, ethernet(0x88cc, new Uint8Array(28)), 'non_ip', 0x88cc],
    ['spanning tree', 1, ethernet(38, octets('424203', new Uint8Array(35))), 'non_ip', 0],
    ['PPPoE discovery', 1, ethernet(0x8863, new Uint8Array(28)), 'non_ip', 0x8863],
    ['PPP control', 9, octets('ff03 c021 01000004'), 'non_ip', 0],
    ['MPLS associated channel', 1, ethernet(0x8847, octets('00064140 10000000 00000000')), 'non_ip', 0x8847],
    ['802.11 management', 105, wireless('8000', new Uint8Array(40)), 'non_ip', 0],
    ['802.11 null data', 105, wireless('4801', new Uint8Array(0)), 'non_ip', 0],
    ['802.11 protected', 105, wireless('0841', new Uint8Array(40)), 'encrypted', 0],
    ['too many tags', 1, ethernet(0x8100, octets(...Array.from({ length: 40 }, () => '00018100'))), 'malformed', 0x8100],
    ['SNAP in SNAP in SNAP', 1, ethernet(200, octets(...Array.from({ length: 3000 }, () => 'aaaa03 000000 0040'))), 'malformed', 0],
    ['labels without bottom', 1, ethernet(0x8847, new Uint8Array(4000)), 'malformed', 0x8847],
    [
      'pseudowires in pseudowires',
      219,
      octets(...Array.from({ length: 2000 }, () => octets('000101ff', ethernet(0x8847, new Uint8Array(0))))),
      'malformed',
      0x8847,
    ],
    ['a frame shorter than Ethernet', 1, new Uint8Array(9), 'malformed', 0],
    ['PPI in PPI', 192, octets('00 00 0800 c0000000', '00 00 0800 c0000000', v4), 'unknown_link', 0],
    ['an unknown link', 160, new Uint8Array(64), 'unknown_link', 0],
    ['an undeclared interface', -1, new Uint8Array(64), 'undeclared_interface', 0],
  ];
  test.each(rows)('%s', (_name, linkType, frame, result, etherType) => {
    const decoded = decodeFrame(linkType, frame);
    expect(decoded.result).toBe(result);
    expect(decoded.packet.etherType).toBe(etherType);
  });
});

test('every link type that is named is opened', () => {
  for (const linkType of Object.values(linkTypes)) expect(decodeFrame(linkType, new Uint8Array(200)).result).not.toBe('unknown_link');
});
