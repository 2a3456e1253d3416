import { describe, expect, test } from 'vitest';
import { decode } from './decode.ts';
import { ethernet, ipv4, ipv6, octets, tcp, u16, u32, udp } from './frame-builder.ts';
import { Packet, packetFlags, tunnelTypes } from './packet.ts';
import { decodeInner, noInner } from './tunnel.ts';

const payload = octets('68656c6c6f');
const inner4 = ipv4({ protocol: 6 }, tcp(0x18, payload));
const inner6 = ipv6({ next: 6 }, tcp(0x18, payload));
const teredo6 = octets(ipv6({ next: 6 }, tcp(0x18, payload)));
teredo6.set(octets('20010000'), 8);
const frame4 = ethernet(0x0800, inner4);
const frame6 = ethernet(0x86dd, inner6);

function open(packetBytes: Uint8Array, cut = packetBytes.length) {
  const view = new DataView(Uint8Array.from(packetBytes.subarray(0, cut)).buffer);
  const packet = new Packet();
  packet.seconds = 77;
  packet.captured = cut;
  packet.original = packetBytes.length;
  decode(101, view, 0, packet);
  const inner = new Packet();
  return { result: decodeInner(view, packet, inner), packet, inner, view };
}

const gre = (start: string, rest: Uint8Array) => ipv4({ protocol: 47 }, octets(start, rest));
const toPort = (port: number, rest: Uint8Array) => ipv4({ protocol: 17 }, udp(rest, 50_000, port));

const tunnels: [name: string, type: keyof typeof tunnelTypes, bytes: Uint8Array][] = [
  ['IPv4 in IPv4', 'ipip', ipv4({ protocol: 4 }, inner4)],
  ['IPv6 in IPv4', 'sixInFour', ipv4({ protocol: 41 }, inner6)],
  ['IPv4 in IPv6', 'ipInIpv6', ipv6({ next: 4 }, inner4)],
  ['IPv6 in IPv6', 'ipInIpv6', ipv6({ next: 41 }, inner6)],
  ['EtherIP', 'etherip', ipv4({ protocol: 97 }, octets('3000', frame4))],
  ['MPLS in IP', 'mplsInUdp', ipv4({ protocol: 137 }, octets('00064140', inner4))],
  ['GRE', 'gre', gre('00000800', inner4)],
  ['GRE around IPv6', 'gre', gre('000086dd', inner6)],
  ['GRE with checksum, key and sequence', 'gre', gre('b0000800 00000000 00000001 00000002', inner4)],
  ['GRE with routes', 'gre', gre('40000800 00000000 0800 00 04 0a000003 00000000', inner4)],
  ['GRE around Ethernet', 'gre', gre('20006558 00000007', frame4)],
  ['GRE around a tagged frame', 'gre', gre('00006558', ethernet(0x8100, octets('0007 0800', inner4)))],
  ['GRE around MPLS', 'gre', gre('00008847', octets('00064140', inner4))],
  ['PPTP', 'gre', gre('3081880b 002d0001 00000002 00000003', octets('ff030021', inner4))],
  ['ERSPAN type I', 'erspan', gre('000088be', frame4)],
  ['ERSPAN type II', 'erspan', gre('100088be 00000001 1000000000000000', frame4)],
  ['ERSPAN type III', 'erspan', gre('100022eb 00000001 200000000000000000000000', frame6)],
  ['ERSPAN type III with subheader', 'erspan', gre('100022eb 00000001 200000000000000000000001 0000000000000000', frame4)],
  ['VXLAN', 'vxlan', toPort(4789, octets('0800000000000700', frame4))],
  ['VXLAN on the port of Linux', 'vxlan', toPort(8472, octets('0800000000000700', frame6))],
  ['Geneve', 'geneve', toPort(6081, octets('0000655800000700', frame4))],
  ['Geneve with options, around IP', 'geneve', toPort(6081, octets('0200080000000700 0102800100000000', inner4))],
  ['GTP-U', 'gtpu', toPort(2152, octets('30ff0000 00000001', inner4))],
  ['GTP-U with sequence', 'gtpu', toPort(2152, octets('32ff0000 00000001 00010000', inner6))],
  ['GTP-U with extensions', 'gtpu', toPort(2152, octets('34ff0000 00000001 00000085 01000085 02000000 00000000', inner4))],
  ['Teredo', 'teredo', toPort(3544, inner6)],
  ['Teredo with authentication and origin', 'teredo', toPort(3544, octets('0001 00 00 0000000000000000 00 0000 1234 0a000001', inner6))],
  ['Teredo between hosts', 'teredo', toPort(40_000, teredo6)],
  ['MPLS in UDP', 'mplsInUdp', toPort(6635, octets('00064140', inner4))],
  ['L2TP', 'l2tp', toPort(1701, octets('0002 0001 0002 ff030021', inner4))],
  ['L2TP with length, sequence and offset', 'l2tp', toPort(1701, octets('4a02 0000 0001 0002 0001 0001 0002 0000 ff030021', inner4))],
];

describe.each(tunnels)('%s', (_name, type, bytes) => {
  test('opens to the packet inside', () => {
    const { result, inner, packet } = open(bytes);
    expect(result).toBe(0);
    expect(inner).toMatchObject({ tunnelDepth: 1, tunnelType: tunnelTypes[type], protocol: 6, srcPort: 1111, dstPort: 443, flags: 0 });
    expect(inner).toMatchObject({ seconds: 77, payloadLength: 5, octets: inner.ipVersion === 4 ? 45 : 65 });
    expect(packet.tunnelDepth).toBe(0);
  });

  test('cut anywhere, never shows what is not there', () => {
    for (let cut = 0; cut < bytes.length; cut++) {
      const { result, inner } = open(bytes, cut);
      expect([0, noInner]).toContain(result);
      if (result === 0) expect(inner.flags & packetFlags.malformed).toBe(0);
    }
  });
});

test('opens one layer a call', () => {
  const { inner, view } = open(gre('00000800', gre('000086dd', inner6)));
  expect(inner).toMatchObject({ protocol: 47, tunnelDepth: 1 });
  const innermost = new Packet();
  expect(decodeInner(view, inner, innermost)).toBe(0);
  expect(innermost).toMatchObject({ ipVersion: 6, tunnelDepth: 2, srcPort: 1111 });
  expect(decodeInner(view, innermost, new Packet())).toBe(noInner);
});

test('the start of a fragmented tunnel opens, its later fragments do not', () => {
  const first = open(
    ipv4({ protocol: 47, fragment: 0x2000 }, octets('00000800', ipv4({ protocol: 6, totalLength: 4000 }, tcp(0x10, payload)))),
  );
  expect(first.result).toBe(0);
  expect(first.inner).toMatchObject({ octets: 4000, flags: 0 });
  expect(open(ipv4({ protocol: 47, fragment: 0x0010 }, octets('00000800', inner4))).result).toBe(noInner);
});

describe('is no tunnel', () => {
  const rows: [name: string, bytes: Uint8Array][] = [
    ['plain TCP', inner4],
    ['UDP to a tunnel port with something else', toPort(4789, octets(u32(0x08000000), u32(0), new Uint8Array(60)))],
    ['VXLAN without its flag', toPort(4789, octets('0000000000000700', frame4))],
    ['GTP echo', toPort(2152, octets('32010004 00000000 00010000', u16(0)))],
    ['GTP extensions of length 0', toPort(2152, octets('34ff0000 00000001 00000085 00000085', inner4))],
    ['L2TP control', toPort(1701, octets('c802 0014 0001 0000 0000 0000', inner4))],
    ['Geneve of version 1', toPort(6081, octets('4000655800000700', frame4))],
    ['GRE around ARP', gre('00000806', new Uint8Array(28))],
    ['GRE with endless routes', gre('40000800 00000000', octets(...Array.from({ length: 30 }, () => '08000000')))],
    ['IP in IP of the wrong version', ipv4({ protocol: 41 }, inner4)],
    ['EtherIP of another version', ipv4({ protocol: 97 }, octets('2000', frame4))],
  ];
  test.each(rows)('%s', (_name, bytes) => {
    expect(open(bytes).result).toBe(noInner);
  });
});
