import { type Packet, packetFlags } from './packet.ts';

/** IP protocol numbers that Weir looks into (IANA registry). */
export const protocols = {
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  icmpv6: 58,
  etherip: 97,
  l2tp: 115,
  sctp: 132,
  udpLite: 136,
  mpls: 137,
} as const;

/**
 * The transport header at `offset`: ports, flags, ICMP type. `end` bounds the captured octets of the packet, `length` is what the IP header
 * leaves for transport (may be more, or negative in a malformed packet). What is cut off keeps its empty value and sets `truncated`.
 */
export function decodeTransport(view: DataView, offset: number, end: number, length: number, packet: Packet): void {
  packet.payloadOffset = offset;
  packet.payloadLength = end > offset ? end - offset : 0;
  if (packet.fragmentOffset > 0) return;
  switch (packet.protocol) {
    case protocols.tcp:
      decodeTcp(view, offset, end, length, packet);
      return;
    case protocols.udp:
    case protocols.udpLite:
      decodeUdp(view, offset, end, length, packet);
      return;
    case protocols.sctp:
    case protocols.dccp:
      readPorts(view, offset, end, length, packet, 12);
      return;
    case protocols.icmp:
      if (packet.ipVersion === 4) decodeIcmp(view, offset, end, length, packet);
      return;
    case protocols.icmpv6:
      if (packet.ipVersion === 6) decodeIcmp(view, offset, end, length, packet);
      return;
    default:
  }
}

function decodeTcp(view: DataView, offset: number, end: number, length: number, packet: Packet): void {
  if (end - offset < 20) {
    decodeShortTcp(view, offset, end, length, packet);
    return;
  }
  packet.srcPort = view.getUint16(offset);
  packet.dstPort = view.getUint16(offset + 2);
  packet.tcpSequence = view.getInt32(offset + 4);
  packet.tcpAcknowledgement = view.getInt32(offset + 8);
  const word = view.getUint16(offset + 12);
  packet.tcpFlags = word & 0x1ff;
  const headerOctets = (word >>> 12) * 4;
  if (headerOctets < 20 || headerOctets > length) {
    // A first fragment may well end inside the options.
    if (packet.isFragment === 0) packet.flags |= packetFlags.malformed;
    return;
  }
  packet.tcpPayload = length - headerOctets;
  setPayload(packet, offset + headerOctets, end);
}

/** A TCP header that was cut by the capture or by a tiny fragment: takes the fields that are whole. */
function decodeShortTcp(view: DataView, offset: number, end: number, length: number, packet: Packet): void {
  readPorts(view, offset, end, length, packet, 20);
  if (end - offset >= 8) packet.tcpSequence = view.getInt32(offset + 4);
  if (end - offset >= 12) packet.tcpAcknowledgement = view.getInt32(offset + 8);
  if (end - offset >= 14) {
    const word = view.getUint16(offset + 12);
    packet.tcpFlags = word & 0x1ff;
    packet.tcpPayload = Math.max(0, length - (word >>> 12) * 4);
  }
}

function decodeUdp(view: DataView, offset: number, end: number, length: number, packet: Packet): void {
  readPorts(view, offset, end, length, packet, 8);
  if (end - offset < 8) return;
  // Length 0 is a jumbogram (RFC 2675 section 4) or offload; UDP-Lite has its checksum coverage there.
  const stated = view.getUint16(offset + 4);
  if (packet.protocol === protocols.udp && stated !== 0 && packet.isFragment === 0 && (stated < 8 || stated > length)) {
    packet.flags |= packetFlags.malformed;
  }
  setPayload(packet, offset + 8, end);
}

function decodeIcmp(view: DataView, offset: number, end: number, length: number, packet: Packet): void {
  if (end - offset < 8) noteShort(packet, length, 8);
  if (end - offset < 2) return;
  const type = view.getUint8(offset);
  packet.icmpType = type;
  packet.icmpCode = view.getUint8(offset + 1);
  if (end - offset < 6 || !hasIdentifier(type, packet.ipVersion)) return;
  packet.icmpIdentifier = view.getUint16(offset + 4);
  if (end - offset >= 8) setPayload(packet, offset + 8, end);
}

/** Echo, time stamp, information and address mask, request and reply (RFC 792, 950); echo of ICMPv6 (RFC 4443). */
function hasIdentifier(type: number, ipVersion: number): boolean {
  if (ipVersion === 6) return type === 128 || type === 129;
  return type === 0 || type === 8 || (type >= 13 && type <= 18);
}

function readPorts(view: DataView, offset: number, end: number, length: number, packet: Packet, headerOctets: number): void {
  if (end - offset < headerOctets) noteShort(packet, length, headerOctets);
  if (end - offset < 4) return;
  packet.srcPort = view.getUint16(offset);
  packet.dstPort = view.getUint16(offset + 2);
  if (end - offset >= headerOctets) setPayload(packet, offset + headerOctets, end);
}

/** Too few octets: the packet's own fault when IP leaves no room (unless it is a tiny first fragment), else the capture's. */
function noteShort(packet: Packet, length: number, headerOctets: number): void {
  if (length >= headerOctets) packet.flags |= packetFlags.truncated;
  else if (packet.isFragment === 0) packet.flags |= packetFlags.malformed;
}

function setPayload(packet: Packet, offset: number, end: number): void {
  packet.payloadOffset = offset;
  packet.payloadLength = end > offset ? end - offset : 0;
}
