import { clearHeaders } from './decode.ts';
import { decodeIpv4, decodeIpv6 } from './ip.ts';
import { decodeEthernet, decodeEtherType, decodeMpls, decodePpp } from './layer2.ts';
import { decodeRaw } from './links.ts';
import { outcome, type Packet, tunnelTypes } from './packet.ts';
import { protocols } from './transport.ts';

/** Answer of `decodeInner` for a packet that is no tunnel, or one whose inside is not IP. */
export const noInner = -1;

/** UDP ports that are tunnels by registration, and Linux's first VXLAN port. */
const ports = { l2tp: 1701, gtpu: 2152, teredo: 3544, vxlan: 4789, vxlanLinux: 8472, geneve: 6081, mplsInUdp: 6635 } as const;

/** Protocol types of GRE beyond the ethertypes. */
const greTypes = { erspan: 0x88be, erspan3: 0x22eb } as const;
/** Source route entries and extension headers walked at most inside of one tunnel header. */
const entryLimit = 16;
/** More than any packet has. */
const unboundedOctets = 0x100_0000;

/**
 * Opens the tunnel that `packet` (decoded from this `view`) is, and decodes the packet inside into `inner`, which gets the time and
 * interface of the outer one, its own lengths, `tunnelType` and a `tunnelDepth` one greater. Answers 0 (`outcomes`: decoded) or `noInner`:
 * ports do lie, so an inside that is not sound IP is no tunnel. Call it again on `inner` for what is deeper; the caller limits the depth.
 */
export function decodeInner(view: DataView, packet: Packet, inner: Packet): number {
  if (packet.fragmentOffset > 0 || packet.payloadLength === 0) return noInner;
  const start = packet.payloadOffset;
  const end = start + packet.payloadLength;
  // In a first fragment the packet inside goes on in the fragments behind, so its length contradicts nothing.
  const wireEnd = packet.networkOffset + (packet.isFragment ? unboundedOctets : packet.octets);
  clearHeaders(inner);
  inner.flags = packet.flags & ~7;
  const result = openTunnel(view, start, end, wireEnd, packet, inner);
  if (result !== outcome.decoded) return noInner;
  inner.seconds = packet.seconds;
  inner.nanos = packet.nanos;
  inner.interfaceIndex = packet.interfaceIndex;
  inner.captured = end - inner.networkOffset;
  inner.original = Math.max(inner.captured, packet.networkOffset + packet.octets - inner.networkOffset);
  inner.fcsOctets = 0;
  inner.tunnelDepth = packet.tunnelDepth + 1;
  return outcome.decoded;
}

function openTunnel(view: DataView, start: number, end: number, wireEnd: number, packet: Packet, inner: Packet): number {
  switch (packet.protocol) {
    case protocols.udp:
      return openUdp(view, start, end, wireEnd, packet, inner);
    case protocols.ipip:
      inner.tunnelType = packet.ipVersion === 4 ? tunnelTypes.ipip : tunnelTypes.ipInIpv6;
      return decodeIpv4(view, start, end, wireEnd, inner);
    case protocols.ipv6:
      inner.tunnelType = packet.ipVersion === 4 ? tunnelTypes.sixInFour : tunnelTypes.ipInIpv6;
      return decodeIpv6(view, start, end, wireEnd, inner);
    case protocols.gre:
      return openGre(view, start, end, wireEnd, inner);
    case protocols.etherip:
      // Version 3 and 12 reserved bits (RFC 3378).
      inner.tunnelType = tunnelTypes.etherip;
      return end - start >= 2 && view.getUint16(start) === 0x3000 ? decodeEthernet(view, start + 2, end, wireEnd, inner) : noInner;
    case protocols.mpls:
      inner.tunnelType = tunnelTypes.mplsInUdp;
      return decodeMpls(view, start, end, wireEnd, inner);
    default:
      return noInner;
  }
}

function openUdp(view: DataView, start: number, end: number, wireEnd: number, packet: Packet, inner: Packet): number {
  // VXLAN, Geneve and MPLS hash the flow into their source port, so only the destination tells; the others may answer from the port.
  switch (packet.dstPort) {
    case ports.vxlan:
    case ports.vxlanLinux:
      return openVxlan(view, start, end, wireEnd, inner);
    case ports.geneve:
      return openGeneve(view, start, end, wireEnd, inner);
    case ports.mplsInUdp:
      inner.tunnelType = tunnelTypes.mplsInUdp;
      return decodeMpls(view, start, end, wireEnd, inner);
    default:
  }
  if (isEither(packet, ports.gtpu)) return openGtp(view, start, end, wireEnd, inner);
  if (isEither(packet, ports.teredo)) return openTeredo(view, start, end, wireEnd, inner);
  if (isEither(packet, ports.l2tp)) return openL2tp(view, start, end, wireEnd, inner);
  // Teredo hosts that found each other speak from ports of their own: their address prefix and an exact length tell.
  return isTeredo(view, start, end, wireEnd) ? openTeredo(view, start, end, wireEnd, inner) : noInner;
}

/** An IPv6 packet that fills the datagram and has an end in 2001::/32 (RFC 4380 section 2.6). */
function isTeredo(view: DataView, start: number, end: number, wireEnd: number): boolean {
  if (end - start < 40 || view.getUint8(start) >>> 4 !== 6) return false;
  if (view.getUint16(start + 4) + 40 !== wireEnd - start) return false;
  return view.getUint32(start + 8) === 0x2001_0000 || view.getUint32(start + 24) === 0x2001_0000;
}

function isEither(packet: Packet, port: number): boolean {
  return packet.dstPort === port || packet.srcPort === port;
}

/** GRE (RFC 2784, 2890; routing of RFC 1701; version 1 of RFC 2637 with its acknowledgement): the flags say which words are there. */
function openGre(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  if (end - start < 4) return noInner;
  const flags = view.getUint16(start);
  const type = view.getUint16(start + 2);
  let offset = start + 4;
  const hasRouting = (flags & 0x4000) !== 0;
  if (flags & 0xc000) offset += 4;
  if (flags & 0x2000) offset += 4;
  if (flags & 0x1000) offset += 4;
  if ((flags & 7) === 1 && flags & 0x80) offset += 4;
  if (hasRouting) offset = skipRoutes(view, offset, end);
  if (offset >= end) return noInner;
  inner.tunnelType = tunnelTypes.gre;
  if (type === greTypes.erspan || type === greTypes.erspan3) return openErspan(type, flags, view, offset, end, wireEnd, inner);
  return decodeEtherType(type, view, offset, end, wireEnd, inner);
}

/** Source route entries: family 2, offset 1, length 1, then the route; family and length 0 end the list. Answers `end` for bad ones. */
function skipRoutes(view: DataView, start: number, end: number): number {
  let offset = start;
  for (let count = 0; count < entryLimit && end - offset >= 4; count++) {
    const family = view.getUint16(offset);
    const length = view.getUint8(offset + 3);
    offset += 4 + length;
    if (family === 0 && length === 0) return offset;
  }
  return end;
}

/**
 * A mirrored Ethernet frame (draft-foschiano-erspan): type I has no header and no GRE sequence number, type II one of 8 octets, type III one
 * of 12 and 8 more when its lowest bit (O) is set.
 */
function openErspan(type: number, flags: number, view: DataView, offset: number, end: number, wireEnd: number, inner: Packet): number {
  inner.tunnelType = tunnelTypes.erspan;
  if (type === greTypes.erspan) {
    const isFirst = (flags & 0x1000) === 0;
    return decodeEthernet(view, isFirst ? offset : offset + 8, end, wireEnd, inner);
  }
  if (end - offset < 12) return noInner;
  const hasSubheader = (view.getUint8(offset + 11) & 1) !== 0;
  return decodeEthernet(view, offset + (hasSubheader ? 20 : 12), end, wireEnd, inner);
}

/** VXLAN (RFC 7348): 8 octets, the I flag must be set. */
function openVxlan(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  if (end - start < 8 || (view.getUint8(start) & 0x08) === 0) return noInner;
  inner.tunnelType = tunnelTypes.vxlan;
  return decodeEthernet(view, start + 8, end, wireEnd, inner);
}

/** Geneve (RFC 8926): version 0, options in words of 4, ethertype of the inside. */
function openGeneve(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  if (end - start < 8) return noInner;
  const first = view.getUint8(start);
  if (first >>> 6 !== 0) return noInner;
  inner.tunnelType = tunnelTypes.geneve;
  return decodeEtherType(view.getUint16(start + 2), view, start + 8 + (first & 0x3f) * 4, end, wireEnd, inner);
}

/** GTP-U version 1 (3GPP TS 29.281): only message 255 carries a packet; any of E, S, PN brings 4 octets, E a chain of extensions. */
function openGtp(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  if (end - start < 12) return noInner;
  const flags = view.getUint8(start);
  if ((flags & 0xf0) !== 0x30 || view.getUint8(start + 1) !== 255) return noInner;
  let offset = start + 8;
  if (flags & 7) {
    let next = flags & 4 ? view.getUint8(offset + 3) : 0;
    offset += 4;
    for (let count = 0; next !== 0; count++) {
      if (count === entryLimit || end - offset < 4) return noInner;
      const octets = view.getUint8(offset) * 4;
      if (octets === 0 || octets > end - offset) return noInner;
      next = view.getUint8(offset + octets - 1);
      offset += octets;
    }
  }
  inner.tunnelType = tunnelTypes.gtpu;
  return decodeRaw(view, offset, end, wireEnd, inner);
}

/** Teredo (RFC 4380 section 5.1.1): authentication (0001) and origin (0000) may come before the IPv6 packet. */
function openTeredo(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  let offset = start;
  if (end - offset >= 4 && view.getUint16(offset) === 1) offset += 13 + view.getUint8(offset + 2) + view.getUint8(offset + 3);
  if (end - offset >= 8 && view.getUint16(offset) === 0) offset += 8;
  if (end - offset < 40 || view.getUint8(offset) >>> 4 !== 6) return noInner;
  inner.tunnelType = tunnelTypes.teredo;
  return decodeIpv6(view, offset, end, wireEnd, inner);
}

/** L2TP version 2 data messages (RFC 2661 section 3.1): length, sequence and offset fields by flag, then PPP. */
function openL2tp(view: DataView, start: number, end: number, wireEnd: number, inner: Packet): number {
  if (end - start < 6) return noInner;
  const flags = view.getUint16(start);
  const isControl = (flags & 0x8000) !== 0;
  if (isControl || (flags & 0x0f) !== 2) return noInner;
  let offset = start + 6;
  if (flags & 0x4000) offset += 2;
  if (flags & 0x0800) offset += 4;
  if (flags & 0x0200) {
    if (end - offset < 2) return noInner;
    offset += 2 + view.getUint16(offset);
  }
  inner.tunnelType = tunnelTypes.l2tp;
  return decodePpp(view, offset, end, wireEnd, inner);
}
