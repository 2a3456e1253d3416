import { decodeIpv4, decodeIpv6 } from './ip.ts';
import { missing, outcome, type Packet } from './packet.ts';

/*
 * Link headers that can hold one another (a label stack in a tagged frame, Ethernet in the label stack, PPP in PPPoE ...), hence one file.
 * Each function takes the same arguments: the header starts at `offset`, captured octets end at `end`, the frame ended at `wireEnd`.
 * Each answers an index into `outcomes`.
 */

/** Ethertypes that lead towards IP (IEEE 802 registry), and the two vendor tag types in use before 802.1ad. */
export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  transparentBridging: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  ppp: 0x880b,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  jumboLlc: 0x8870,
  ciscoMetadata: 0x8909,
  nsh: 0x894f,
  serviceVlan: 0x88a8,
  oldQinq: 0x9100,
  oldQinq2: 0x9200,
} as const;

const knownTypes: ReadonlySet<number> = new Set(Object.values(etherTypes));

/** Values below are lengths of an IEEE 802.3 frame, behind which LLC follows. */
const leastEtherType = 0x0600;
/** Link headers (tags, label stacks, LLC, PPPoE) of one frame: above the eight tags of real networks, and a bound on hostile nesting. */
const linkHeaderLimit = 16;

/** An Ethernet frame: 6 destination, 6 source, 2 type. */
export function decodeEthernet(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 14) return missing(offset, 14, wireEnd);
  // Doubles hold 48 bits exactly; the pseudowire inside a frame overwrites the outer addresses, being the nearer ones to IP.
  packet.dstMac = view.getUint16(offset) * 4_294_967_296 + view.getUint32(offset + 2);
  packet.srcMac = view.getUint32(offset + 6) * 65_536 + view.getUint16(offset + 10);
  const type = view.getUint16(offset + 12);
  if (type === etherTypes.ipv4) {
    packet.etherType = type;
    return decodeIpv4(view, offset + 14, end, wireEnd, packet);
  }
  return decodeEtherType(type, view, offset + 14, end, wireEnd, packet);
}

/** What an ethertype (or an 802.3 length) announces at `offset`: walks tags until IP is reached or nothing known is left. */
export function decodeEtherType(first: number, view: DataView, start: number, end: number, wireEnd: number, packet: Packet): number {
  let type = first;
  let offset = start;
  while (packet.linkHeaders++ < linkHeaderLimit) {
    packet.etherType = type;
    switch (type) {
      case etherTypes.ipv4:
        return decodeIpv4(view, offset, end, wireEnd, packet);
      case etherTypes.ipv6:
        return decodeIpv6(view, offset, end, wireEnd, packet);
      case etherTypes.vlan:
      case etherTypes.serviceVlan:
      case etherTypes.oldQinq:
      case etherTypes.oldQinq2:
        if (end - offset < 4) return missing(offset, 4, wireEnd);
        noteVlan(packet, view.getUint16(offset) & 0x0fff);
        type = view.getUint16(offset + 2);
        offset += 4;
        break;
      case etherTypes.mpls:
      case etherTypes.mplsMulticast:
        return decodeMpls(view, offset, end, wireEnd, packet);
      case etherTypes.pppoeSession:
        if (end - offset < 8) return missing(offset, 8, wireEnd);
        // Version and type 1, code 0 is session data (RFC 2516 section 4).
        if (view.getUint16(offset) !== 0x1100) return outcome.nonIp;
        return decodePpp(view, offset + 6, end, wireEnd, packet);
      case etherTypes.ppp:
        return decodePpp(view, offset, end, wireEnd, packet);
      case etherTypes.transparentBridging:
        return decodeEthernet(view, offset, end, wireEnd, packet);
      case etherTypes.ciscoMetadata:
        if (end - offset < 8) return missing(offset, 8, wireEnd);
        type = view.getUint16(offset + 6);
        offset += 8;
        break;
      case etherTypes.nsh:
        return decodeNsh(view, offset, end, wireEnd, packet);
      case etherTypes.jumboLlc:
        return decodeLlc(view, offset, end, wireEnd, packet);
      default:
        return type < leastEtherType ? decodeLlc(view, offset, end, wireEnd, packet) : outcome.nonIp;
    }
  }
  return outcome.malformed;
}

function noteVlan(packet: Packet, id: number): void {
  if (packet.vlanId < 0) packet.vlanId = id;
  else if (packet.vlanInnerId < 0) packet.vlanInnerId = id;
}

/** Network service header (RFC 8300): length in words of 4 in the low six bits, next protocol in the fourth octet. */
function decodeNsh(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 8) return missing(offset, 8, wireEnd);
  const behind = offset + (view.getUint8(offset + 1) & 0x3f) * 4;
  if (behind - offset < 8) return outcome.malformed;
  const next = view.getUint8(offset + 3);
  if (next === 1) return decodeIpv4(view, behind, end, wireEnd, packet);
  if (next === 2) return decodeIpv6(view, behind, end, wireEnd, packet);
  return next === 3 ? decodeEthernet(view, behind, end, wireEnd, packet) : outcome.nonIp;
}

/** LLC (IEEE 802.2): SNAP with an ethertype, IP by its own service access point, or ISO network layer protocol ids. */
export function decodeLlc(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  packet.etherType = 0;
  if (end - offset < 3) return missing(offset, 3, wireEnd);
  const points = view.getUint16(offset);
  if (view.getUint8(offset + 2) !== 3) return outcome.nonIp;
  if (points === 0xaaaa) {
    if (end - offset < 8) return missing(offset, 8, wireEnd);
    const organisation = view.getUint32(offset + 2) & 0x00ff_ffff;
    // 0 is RFC 1042, 0x0000f8 the bridge tunnel of IEEE 802.1H; other organisations number their own protocols.
    if (organisation !== 0 && organisation !== 0xf8) return outcome.nonIp;
    return decodeEtherType(view.getUint16(offset + 6), view, offset + 8, end, wireEnd, packet);
  }
  if (points === 0x0606) return decodeEtherType(etherTypes.ipv4, view, offset + 3, end, wireEnd, packet);
  if (points === 0xfefe) return decodeNlpid(view, offset + 3, end, wireEnd, packet);
  return outcome.nonIp;
}

/** A network layer protocol identifier (ISO/IEC TR 9577): IPv4, IPv6 or SNAP. */
export function decodeNlpid(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 1) return missing(offset, 1, wireEnd);
  const id = view.getUint8(offset);
  if (id === 0xcc) return decodeEtherType(etherTypes.ipv4, view, offset + 1, end, wireEnd, packet);
  if (id === 0x8e) return decodeEtherType(etherTypes.ipv6, view, offset + 1, end, wireEnd, packet);
  if (id !== 0x80) return outcome.nonIp;
  if (end - offset < 6) return missing(offset, 6, wireEnd);
  if ((view.getUint32(offset) & 0x00ff_ffff) !== 0) return outcome.nonIp;
  return decodeEtherType(view.getUint16(offset + 4), view, offset + 6, end, wireEnd, packet);
}

/**
 * An MPLS label stack (RFC 3032). Nothing says what is behind the bottom: the first nibble 4 or 6 is IP, 1 an associated channel that is no
 * traffic, anything else Ethernet. A first nibble of 0 is a control word before Ethernet (RFC 4385), or an address that begins so.
 */
export function decodeMpls(view: DataView, start: number, end: number, wireEnd: number, packet: Packet): number {
  let offset = start;
  for (;;) {
    if (end - offset < 4) return missing(offset, 4, wireEnd);
    if (packet.linkHeaders++ > linkHeaderLimit) return outcome.malformed;
    const entry = view.getUint32(offset);
    if (packet.mplsLabel < 0) packet.mplsLabel = entry >>> 12;
    offset += 4;
    if (entry & 0x100) break;
  }
  if (end - offset < 1) return missing(offset, 1, wireEnd);
  const nibble = view.getUint8(offset) >>> 4;
  if (nibble === 4) return decodeIpv4(view, offset, end, wireEnd, packet);
  if (nibble === 6) return decodeIpv6(view, offset, end, wireEnd, packet);
  if (nibble === 1) return outcome.nonIp;
  const hasControlWord = nibble === 0 && !(isEthernetAt(view, offset, end) && !isEthernetAt(view, offset + 4, end));
  return decodeEthernet(view, hasControlWord ? offset + 4 : offset, end, wireEnd, packet);
}

/** Whether the octets where a frame would have its type hold one that is known here. */
function isEthernetAt(view: DataView, offset: number, end: number): boolean {
  return end - offset >= 14 && knownTypes.has(view.getUint16(offset + 12));
}

/** A PPP frame (RFC 1661, 1662): address and control may be left out, the protocol may be one octet. Cisco HDLC is told by its address. */
export function decodePpp(view: DataView, start: number, end: number, wireEnd: number, packet: Packet): number {
  let offset = start;
  packet.etherType = 0;
  if (end - offset < 2) return missing(offset, 2, wireEnd);
  if (view.getUint16(offset) === 0xff03) offset += 2;
  if (end - offset < 2) return missing(offset, 2, wireEnd);
  let protocol = view.getUint8(offset++);
  // An odd octet ends the number (RFC 1661 section 6.5, protocol field compression).
  if ((protocol & 1) === 0) protocol = (protocol << 8) | view.getUint8(offset++);
  if (protocol === 0x21) return decodeIpv4(view, offset, end, wireEnd, packet);
  if (protocol === 0x57) return decodeIpv6(view, offset, end, wireEnd, packet);
  if (protocol === 0x281 || protocol === 0x283) return decodeMpls(view, offset, end, wireEnd, packet);
  return outcome.nonIp;
}
