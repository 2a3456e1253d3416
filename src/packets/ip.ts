import { missing, outcome, type Packet, packetFlags } from './packet.ts';
import { decodeTransport } from './transport.ts';

/** Extension headers walked at most: more is an attack on time. */
const extensionLimit = 16;
/** Octets that an Ethernet frame carries at least: a shorter packet is padded to this, and padding says nothing about its length. */
const paddedOctets = 46;

/**
 * IPv4 (RFC 791). Octets are those of the header even if the frame was shorter (flag `malformed`): captures that cut packets without
 * saying so are more common than wrong lengths. A length of 0 is segmentation offload (GSO, TSO): the frame's length serves.
 */
export function decodeIpv4(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  packet.ipVersion = 4;
  packet.networkOffset = offset;
  if (end - offset < 20) {
    packet.octets = end - offset < 4 ? 0 : view.getUint16(offset + 2);
    return missing(offset, 20, wireEnd);
  }
  const first = view.getUint8(offset);
  const headerOctets = (first & 15) * 4;
  // Some links announce IPv4 for both (ethertype 0x0800 around IPv6, seen from fuzzers and old tunnels): the version decides.
  if (first >>> 4 === 6) return decodeIpv6(view, offset, end, wireEnd, packet);
  if (first >>> 4 !== 4 || headerOctets < 20) return outcome.malformed;
  let octets = view.getUint16(offset + 2);
  if (octets === 0) {
    octets = wireEnd - offset;
    packet.flags |= packetFlags.lenInferred;
  }
  if (octets < headerOctets || octets > wireEnd - offset) packet.flags |= packetFlags.malformed;
  packet.octets = octets;
  packet.tos = view.getUint8(offset + 1);
  packet.ttl = view.getUint8(offset + 8);
  packet.protocol = view.getUint8(offset + 9);
  packet.srcA = 0;
  packet.srcB = 0;
  packet.srcC = 0xffff;
  packet.srcD = view.getInt32(offset + 12);
  packet.dstA = 0;
  packet.dstB = 0;
  packet.dstC = 0xffff;
  packet.dstD = view.getInt32(offset + 16);
  const fragment = view.getUint16(offset + 6) & 0x3fff;
  if (fragment !== 0) noteFragment(packet, (fragment & 0x1fff) * 8, fragment >>> 13, view.getUint16(offset + 4));
  decodeTransport(view, offset + headerOctets, Math.min(end, offset + octets), octets - headerOctets, packet);
  return outcome.decoded;
}

/** IPv6 (RFC 8200), through its extension headers to the upper protocol. */
export function decodeIpv6(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  packet.ipVersion = 6;
  packet.networkOffset = offset;
  if (end - offset < 40) {
    packet.octets = end - offset < 6 ? 0 : view.getUint16(offset + 4) + 40;
    return missing(offset, 40, wireEnd);
  }
  const first = view.getInt32(offset);
  if (first >>> 28 !== 6) return outcome.malformed;
  const next = view.getUint8(offset + 6);
  let octets = view.getUint16(offset + 4) + 40;
  if (octets === 40 && isLengthMissing(next, wireEnd - offset)) {
    octets = wireEnd - offset;
    packet.flags |= packetFlags.lenInferred;
  }
  if (octets > wireEnd - offset) packet.flags |= packetFlags.malformed;
  packet.octets = octets;
  packet.tos = (first >>> 20) & 0xff;
  packet.flowLabel = first & 0xfffff;
  packet.ttl = view.getUint8(offset + 7);
  packet.srcA = view.getInt32(offset + 8);
  packet.srcB = view.getInt32(offset + 12);
  packet.srcC = view.getInt32(offset + 16);
  packet.srcD = view.getInt32(offset + 20);
  packet.dstA = view.getInt32(offset + 24);
  packet.dstB = view.getInt32(offset + 28);
  packet.dstC = view.getInt32(offset + 32);
  packet.dstD = view.getInt32(offset + 36);
  walkExtensions(next, view, offset + 40, Math.min(end, offset + octets), octets - 40, packet);
  return outcome.decoded;
}

/** Payload length 0 stands for a jumbogram (RFC 2675: hop-by-hop header) or for offload above 64 KiB, unless nothing follows anyway. */
function isLengthMissing(next: number, wireOctets: number): boolean {
  if (wireOctets > 65_575) return true;
  return next === 0 && wireOctets > paddedOctets;
}

/** Hop-by-hop 0, routing 43, fragment 44, AH 51, destination options 60, mobility 135, HIP 139, shim6 140, experiments 253 and 254. */
function isExtension(header: number): boolean {
  switch (header) {
    case 0:
    case 43:
    case 44:
    case 51:
    case 60:
    case 135:
    case 139:
    case 140:
    case 253:
    case 254:
      return true;
    default:
      return false;
  }
}

function walkExtensions(first: number, view: DataView, start: number, end: number, length: number, packet: Packet): void {
  let header = first;
  let offset = start;
  let left = length;
  for (let count = 0; isExtension(header); count++) {
    packet.protocol = header;
    packet.payloadOffset = offset;
    if (count === extensionLimit || left < 8) {
      packet.flags |= packetFlags.malformed;
      return;
    }
    if (end - offset < 8) {
      packet.flags |= packetFlags.truncated;
      return;
    }
    const next = view.getUint8(offset);
    let octets = (view.getUint8(offset + 1) + 1) * 8;
    if (header === 51) octets = (view.getUint8(offset + 1) + 2) * 4;
    if (header === 44) {
      octets = 8;
      const word = view.getUint16(offset + 2);
      // Offset 0 and no more is an atomic fragment (RFC 6946): a whole packet.
      if ((word & 0xfff9) !== 0) noteFragment(packet, word & 0xfff8, word & 1, view.getInt32(offset + 4));
    }
    header = next;
    offset += octets;
    left -= octets;
    // Behind the header of a later fragment comes the middle of something.
    if (packet.fragmentOffset > 0) break;
  }
  packet.protocol = header;
  decodeTransport(view, offset, end, left, packet);
}

function noteFragment(packet: Packet, offset: number, more: number, identification: number): void {
  packet.isFragment = 1;
  packet.fragmentOffset = offset;
  packet.moreFragments = more;
  packet.identification = identification;
}
