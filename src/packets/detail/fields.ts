/**
 * The fields of a packet under the names that Wireshark gives them, so that filters and scripts can move over. One table
 * serves field columns, JSON and filter words; `docs/24-capture.md` is checked against it.
 */
import { fieldOf, type HttpHead } from '../follow/http-head.ts';
import { protocols } from '../transport.ts';
import { formatIpv4, formatIpv6, formatMac } from './address-text.ts';
import type { Details } from './details.ts';

export type FieldValue = number | string | boolean;

/** How values are compared: `address` knows networks, `text` knows parts. */
export type FieldKind = 'number' | 'text' | 'address' | 'flag';

export type Field = {
  readonly name: string;
  readonly kind: FieldKind;
  readonly doc: string;
  /** The value, all values where there are several, or undefined where the packet has none. */
  readonly read: (packet: Details) => FieldValue | readonly FieldValue[] | undefined;
  /** A second name for values that stand elsewhere in JSON. */
  readonly isAlias?: boolean;
};

const table = new Map<string, Field>();

function add(kind: FieldKind, name: string, doc: string, read: Field['read'], isAlias = false): void {
  table.set(name, { name, kind, doc, read, ...(isAlias && { isAlias }) });
}

const when = <T>(has: boolean, read: () => T): T | undefined => (has ? read() : undefined);
const four = (d: Details): boolean => d.isIp && d.packet.ipVersion === 4;
const six = (d: Details): boolean => d.isIp && d.packet.ipVersion === 6;

// frame
add('number', 'frame.number', 'number of the packet, from 1', (d) => d.number);
add('text', 'frame.time', 'when, UTC (RFC 3339, nanoseconds)', (d) => timeOf(d.packet.seconds, d.packet.nanos));
add('text', 'frame.time_epoch', 'seconds since 1970 with nine decimals', (d) => `${d.packet.seconds}.${nine(d.packet.nanos)}`);
add('number', 'frame.len', 'octets on the wire', (d) => d.packet.original);
add('number', 'frame.cap_len', 'octets captured', (d) => d.packet.captured);
add('number', 'frame.interface_id', 'index of the interface in the file', (d) => d.packet.interfaceIndex);

// eth, vlan, mpls
const mac = (d: Details, at: number): string =>
  formatMac(d.view.getUint16(d.offset + at) * 4294967296 + d.view.getUint32(d.offset + at + 2));
add('text', 'eth.dst', 'destination Ethernet address', (d) => when(d.isEthernet, () => mac(d, 0)));
add('text', 'eth.src', 'source Ethernet address', (d) => when(d.isEthernet, () => mac(d, 6)));
add('text', 'eth.addr', 'either Ethernet address', (d) => when(d.isEthernet, () => [mac(d, 0), mac(d, 6)]), true);
add('number', 'eth.type', 'ethertype in the Ethernet header', (d) =>
  when(d.isEthernet && d.view.getUint16(d.offset + 12) >= 0x600, () => d.view.getUint16(d.offset + 12)),
);
add('number', 'vlan.id', 'VLAN, the outermost first', (d) =>
  d.packet.vlanId < 0 ? undefined : d.packet.vlanInnerId < 0 ? d.packet.vlanId : [d.packet.vlanId, d.packet.vlanInnerId],
);
add('number', 'mpls.label', 'top MPLS label', (d) => when(d.packet.mplsLabel >= 0, () => d.packet.mplsLabel));

// arp
const arp = <T>(d: Details, read: (at: number) => T): T | undefined => when(d.arp >= 0, () => read(d.arp));
add('number', 'arp.opcode', '1 request, 2 reply', (d) => arp(d, (at) => d.view.getUint16(at + 6)));
add('text', 'arp.src.hw_mac', 'Ethernet address of the sender', (d) => arp(d, (at) => mac(d, at + 8 - d.offset)));
add('text', 'arp.src.proto_ipv4', 'IPv4 address of the sender', (d) => arp(d, (at) => formatIpv4(d.view.getInt32(at + 14))));
add('text', 'arp.dst.hw_mac', 'Ethernet address of the target', (d) => arp(d, (at) => mac(d, at + 18 - d.offset)));
add('text', 'arp.dst.proto_ipv4', 'IPv4 address of the target', (d) => arp(d, (at) => formatIpv4(d.view.getInt32(at + 24))));

// ip
const ip = (name: string, doc: string, read: (d: Details, at: number) => FieldValue, kind: FieldKind = 'number'): void =>
  add(kind, name, doc, (d) => when(four(d), () => read(d, d.packet.networkOffset)));
ip('ip.version', '4', () => 4);
ip('ip.hdr_len', 'octets of the header', (d, at) => (d.view.getUint8(at) & 15) * 4);
ip('ip.dsfield', 'type of service', (d) => d.packet.tos);
ip('ip.len', 'total length', (d, at) => d.view.getUint16(at + 2));
ip('ip.id', 'identification', (d, at) => d.view.getUint16(at + 4));
ip('ip.flags.df', 'do not fragment', (d, at) => (d.view.getUint8(at + 6) & 0x40) !== 0, 'flag');
ip('ip.flags.mf', 'more fragments follow', (d, at) => (d.view.getUint8(at + 6) & 0x20) !== 0, 'flag');
ip('ip.frag_offset', 'offset of the fragment in octets', (d) => d.packet.fragmentOffset);
ip('ip.ttl', 'time to live', (d) => d.packet.ttl);
ip('ip.proto', 'protocol number', (d) => d.packet.protocol);
ip('ip.src', 'source address', (d) => formatIpv4(d.packet.srcD), 'address');
ip('ip.dst', 'destination address', (d) => formatIpv4(d.packet.dstD), 'address');
add('address', 'ip.addr', 'either address', (d) => when(four(d), () => [formatIpv4(d.packet.srcD), formatIpv4(d.packet.dstD)]), true);

// ipv6
const source6 = ({ packet: p }: Details): string => formatIpv6(p.srcA, p.srcB, p.srcC, p.srcD);
const target6 = ({ packet: p }: Details): string => formatIpv6(p.dstA, p.dstB, p.dstC, p.dstD);
const ipv6 = (name: string, doc: string, read: (d: Details, at: number) => FieldValue, kind: FieldKind = 'number'): void =>
  add(kind, name, doc, (d) => when(six(d), () => read(d, d.packet.networkOffset)));
ipv6('ipv6.version', '6', () => 6);
ipv6('ipv6.tclass', 'traffic class', (d) => d.packet.tos);
ipv6('ipv6.flow', 'flow label', (d) => d.packet.flowLabel);
ipv6('ipv6.plen', 'payload length', (d, at) => d.view.getUint16(at + 4));
ipv6('ipv6.nxt', 'next header', (d, at) => d.view.getUint8(at + 6));
ipv6('ipv6.hlim', 'hop limit', (d) => d.packet.ttl);
ipv6('ipv6.src', 'source address', source6, 'address');
ipv6('ipv6.dst', 'destination address', target6, 'address');
add('address', 'ipv6.addr', 'either address', (d) => when(six(d), () => [source6(d), target6(d)]), true);

// tcp
const tcp = (name: string, doc: string, read: (d: Details, at: number) => FieldValue | undefined, kind: FieldKind = 'number'): void =>
  add(kind, name, doc, (d) => when(d.tcp >= 0, () => read(d, d.tcp)));
tcp('tcp.srcport', 'source port', (d) => d.packet.srcPort);
tcp('tcp.dstport', 'destination port', (d) => d.packet.dstPort);
add('number', 'tcp.port', 'either port', (d) => when(d.tcp >= 0, () => [d.packet.srcPort, d.packet.dstPort]), true);
tcp('tcp.seq_raw', 'sequence number as on the wire', (d) => d.packet.tcpSequence >>> 0);
tcp('tcp.ack_raw', 'acknowledgement number as on the wire', (d) => d.packet.tcpAcknowledgement >>> 0);
tcp('tcp.hdr_len', 'octets of the header', (d, at) => (d.view.getUint8(at + 12) >>> 4) * 4);
tcp('tcp.len', 'octets of payload', (d) => d.packet.tcpPayload);
tcp('tcp.flags', 'all flags as a number', (d) => d.packet.tcpFlags);
for (const [name, bit] of [
  ['fin', 1],
  ['syn', 2],
  ['reset', 4],
  ['push', 8],
  ['ack', 16],
  ['urg', 32],
  ['ece', 64],
  ['cwr', 128],
] as const) {
  tcp(`tcp.flags.${name}`, `the flag ${name.toUpperCase()}`, (d) => (d.packet.tcpFlags & bit) !== 0, 'flag');
}
tcp('tcp.window_size_value', 'window as on the wire', (d, at) => d.view.getUint16(at + 14));
tcp('tcp.urgent_pointer', 'urgent pointer', (d, at) => d.view.getUint16(at + 18));
const option = (name: string, doc: string, kind: number, length: number, read: (view: DataView, at: number) => number): void =>
  tcp(name, doc, (d) => {
    const at = d.tcpOption(kind, length);
    return at < 0 ? undefined : read(d.view, at);
  });
option('tcp.options.mss_val', 'greatest segment', 2, 4, (view, at) => view.getUint16(at));
option('tcp.options.wscale.shift', 'window scale', 3, 3, (view, at) => view.getUint8(at));
option('tcp.options.timestamp.tsval', 'time stamp', 8, 10, (view, at) => view.getUint32(at));
option('tcp.options.timestamp.tsecr', 'time stamp echoed', 8, 10, (view, at) => view.getUint32(at + 4));

// udp, icmp
add('number', 'udp.srcport', 'source port', (d) => when(d.udp >= 0, () => d.packet.srcPort));
add('number', 'udp.dstport', 'destination port', (d) => when(d.udp >= 0, () => d.packet.dstPort));
add('number', 'udp.port', 'either port', (d) => when(d.udp >= 0, () => [d.packet.srcPort, d.packet.dstPort]), true);
add('number', 'udp.length', 'octets with the header', (d) => when(d.udp >= 0, () => d.view.getUint16(d.udp + 4)));
const isIcmp = (d: Details, protocol: number): boolean => d.isIp && d.packet.protocol === protocol && d.packet.icmpType >= 0;
for (const [name, protocol] of [
  ['icmp', protocols.icmp],
  ['icmpv6', protocols.icmpv6],
] as const) {
  const isSeen = (d: Details): boolean => isIcmp(d, protocol) && d.packet.icmpIdentifier >= 0 && d.networkEnd - d.transport >= 8;
  add('number', `${name}.type`, 'type', (d) => when(isIcmp(d, protocol), () => d.packet.icmpType));
  add('number', `${name}.code`, 'code', (d) => when(isIcmp(d, protocol), () => d.packet.icmpCode));
  const echo = name === 'icmp' ? ['icmp.ident', 'icmp.seq'] : ['icmpv6.echo.identifier', 'icmpv6.echo.sequence_number'];
  add('number', echo[0] as string, 'identifier of echo messages', (d) => when(isSeen(d), () => d.packet.icmpIdentifier));
  add('number', echo[1] as string, 'number of echo messages', (d) => when(isSeen(d), () => d.view.getUint16(d.transport + 6)));
}

// dns
add('number', 'dns.id', 'identifier', (d) => d.dns?.id);
add('flag', 'dns.flags.response', 'whether it is a response', (d) => d.dns?.isResponse);
add('number', 'dns.flags.rcode', 'response code', (d) => (d.dns?.isResponse ? d.dns.code : undefined));
add('text', 'dns.qry.name', 'names asked for', (d) => some(d.dns?.questions.map(({ name }) => undotted(name))));
add('text', 'dns.qry.type', 'types asked for, by name', (d) => some(d.dns?.questions.map(({ type }) => type)));
add('number', 'dns.count.answers', 'answers as the header counts them', (d) => d.dns?.counts.answers);
const answers = (d: Details, type: string): string | string[] | undefined =>
  some(d.dns?.answers.filter((record) => record.type === type).map(({ data }) => (type.length > 4 ? undotted(data) : data)));
add('text', 'dns.a', 'IPv4 addresses in the answers', (d) => answers(d, 'A'));
add('text', 'dns.aaaa', 'IPv6 addresses in the answers', (d) => answers(d, 'AAAA'));
add('text', 'dns.cname', 'other names in the answers', (d) => answers(d, 'CNAME'));

// tls
add('text', 'tls.handshake.extensions_server_name', 'server asked for in a ClientHello', (d) => d.hello?.serverName);
add('text', 'tls.handshake.extensions_alpn_str', 'protocols offered in a ClientHello', (d) => some(d.hello?.protocols));

// http
const http = (
  name: string,
  doc: string,
  isRequest: boolean,
  read: (head: HttpHead) => FieldValue | undefined,
  kind: FieldKind = 'text',
): void => add(kind, name, doc, (d) => some(d.heads.filter((head) => head.isRequest === isRequest).flatMap((head) => read(head) ?? [])));
http('http.request', 'a request ends its head here', true, () => true, 'flag');
http('http.request.method', 'method', true, ({ method }) => method);
http('http.request.uri', 'target as sent', true, ({ target }) => target);
http('http.request.version', 'version of requests', true, ({ version }) => version);
http('http.host', 'Host', true, (head) => fieldOf(head, 'host'));
http('http.user_agent', 'User-Agent', true, (head) => fieldOf(head, 'user-agent'));
http('http.response', 'a response ends its head here', false, () => true, 'flag');
http('http.response.code', 'status', false, ({ status }) => status, 'number');
http('http.response.phrase', 'reason', false, ({ reason }) => reason);
http('http.response.version', 'version of responses', false, ({ version }) => version);
http('http.server', 'Server', false, (head) => fieldOf(head, 'server'));
http('http.location', 'Location', false, (head) => fieldOf(head, 'location'));
for (const name of ['content-type', 'content-length'] as const) {
  add('text', `http.${name.replace('-', '_')}`, `${name} of either`, (d) => some(d.heads.flatMap((head) => fieldOf(head, name) ?? [])));
}

/** All fields by name, in the order of the layers. */
export const packetFields: ReadonlyMap<string, Field> = table;

/** The protocols that filter words may name alone. */
export const packetProtocols: ReadonlyMap<string, (packet: Details) => boolean> = new Map<string, (packet: Details) => boolean>([
  ['eth', (d) => d.isEthernet],
  ['vlan', (d) => d.packet.vlanId >= 0],
  ['mpls', (d) => d.packet.mplsLabel >= 0],
  ['arp', (d) => d.packet.etherType === 0x0806],
  ['ip', four],
  ['ipv6', six],
  ['tcp', (d) => d.isIp && d.packet.protocol === protocols.tcp],
  ['udp', (d) => d.isIp && d.packet.protocol === protocols.udp],
  ['icmp', (d) => d.isIp && d.packet.protocol === protocols.icmp],
  ['icmpv6', (d) => d.isIp && d.packet.protocol === protocols.icmpv6],
  ['dns', (d) => d.dns !== undefined],
  ['tls', (d) => d.hello !== undefined],
  ['http', (d) => d.heads.length > 0],
]);

/** Whether a field or protocol needs connections to be followed. */
export const needsHttp = (name: string): boolean => name === 'http' || name.startsWith('http.');

/** One value alone, several as a list, none as undefined. */
function some<T>(values: readonly T[] | undefined): T | T[] | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return values.length === 1 ? values[0] : [...values];
}

const undotted = (name: string): string => (name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name);

const nine = (nanos: number): string => String(nanos).padStart(9, '0');

let lastSecond = Number.NaN;
let lastText = '';

/** RFC 3339 with nanoseconds; seconds beyond what dates know are told as a number. */
export function timeOf(seconds: number, nanos: number): string {
  if (seconds !== lastSecond) {
    const date = new Date(seconds * 1000);
    lastText = Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().slice(0, 19);
    lastSecond = seconds;
  }
  return `${lastText}.${nine(nanos)}Z`;
}
