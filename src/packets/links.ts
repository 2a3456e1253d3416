import { decodeIpv4, decodeIpv6 } from './ip.ts';
import { decodeEthernet, decodeEtherType, decodeLlc, decodeMpls, decodeNlpid, decodePpp, etherTypes } from './layer2.ts';
import { linkTypes } from './link.ts';
import { missing, outcome, type Packet } from './packet.ts';
import { decodeRadiotap, decodeWireless } from './wireless.ts';

/** Frames of every link type but Ethernet, which `decode` takes itself. Layouts are those of tcpdump.org's link type pages. */
export function decodeLink(linkType: number, view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  switch (linkType) {
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenBsd:
      return decodeRaw(view, offset, end, wireEnd, packet);
    case linkTypes.ipv4:
      return decodeIpv4(view, offset, end, wireEnd, packet);
    case linkTypes.ipv6:
      return decodeIpv6(view, offset, end, wireEnd, packet);
    case linkTypes.linuxSll:
      return decodeCooked(view, offset, 14, 16, end, wireEnd, packet);
    case linkTypes.linuxSll2:
      return decodeCooked(view, offset, 0, 20, end, wireEnd, packet);
    case linkTypes.null:
    case linkTypes.loop:
    case linkTypes.enc:
      return decodeLoopback(view, offset, linkType === linkTypes.enc ? 12 : 4, end, wireEnd, packet);
    case linkTypes.ppp:
    case linkTypes.pppHdlc:
      return decodeSerial(view, offset, end, wireEnd, packet);
    case linkTypes.pppWithDirection:
      return decodeSerial(view, offset + 1, end, wireEnd, packet);
    case linkTypes.pppEthernet:
      return decodeEtherType(etherTypes.pppoeSession, view, offset, end, wireEnd, packet);
    case linkTypes.ciscoHdlc:
      return decodeHdlc(view, offset, end, wireEnd, packet);
    case linkTypes.ciscoHdlcWithDirection:
      return decodeHdlc(view, offset + 1, end, wireEnd, packet);
    case linkTypes.frameRelay:
      return decodeFrameRelay(view, offset, end, wireEnd, packet);
    case linkTypes.frameRelayWithDirection:
      return decodeFrameRelay(view, offset + 1, end, wireEnd, packet);
    case linkTypes.ieee80211:
      return decodeWireless(view, offset, 0, end, wireEnd, packet);
    case linkTypes.ieee80211Radiotap:
      return decodeRadiotap(view, offset, end, wireEnd, packet);
    case linkTypes.ieee80211Prism:
      return decodeWireless(view, offset + 144, 0, end, wireEnd, packet);
    case linkTypes.ieee80211Avs:
      return decodeWirelessAvs(view, offset, end, wireEnd, packet);
    case linkTypes.fddi:
      return decodeFddi(view, offset, end, wireEnd, packet);
    case linkTypes.atmRfc1483:
      return decodeLlc(view, offset, end, wireEnd, packet);
    case linkTypes.mpls:
      return decodeMpls(view, offset, end, wireEnd, packet);
    case linkTypes.slip:
      return decodeRaw(view, offset + 16, end, wireEnd, packet);
    case linkTypes.ipnet:
      return decodeIpnet(view, offset, end, wireEnd, packet);
    case linkTypes.pflog:
      return decodePflog(view, offset, end, wireEnd, packet);
    case linkTypes.nflog:
      return decodeNflog(view, offset, end, wireEnd, packet);
    case linkTypes.ppi:
      return decodeWrapped(view, offset, 2, 2, 4, end, wireEnd, packet);
    case linkTypes.pktap:
      return decodeWrapped(view, offset, 0, 4, 8, end, wireEnd, packet);
    default:
      return outcome.unknownLink;
  }
}

/** IP at once; the version nibble decides. */
export function decodeRaw(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 1) return missing(offset, 1, wireEnd);
  const version = view.getUint8(offset) >>> 4;
  if (version === 4) return decodeIpv4(view, offset, end, wireEnd, packet);
  return version === 6 ? decodeIpv6(view, offset, end, wireEnd, packet) : outcome.nonIp;
}

/** Linux cooked captures: an ethertype at `typeAt`; small values are kinds of frame (1 is 802.3, 4 is LLC; both begin with LLC). */
function decodeCooked(
  view: DataView,
  offset: number,
  typeAt: number,
  headerOctets: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): number {
  if (end - offset < headerOctets) return missing(offset, headerOctets, wireEnd);
  const type = view.getUint16(offset + typeAt);
  if (type < 0x0600 && type !== 1 && type !== 4) return outcome.nonIp;
  return decodeEtherType(type, view, offset + headerOctets, end, wireEnd, packet);
}

/** BSD loopback: an address family in the order of the capturing host (NULL) or big endian (LOOP): small numbers show which. */
function decodeLoopback(view: DataView, offset: number, headerOctets: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < headerOctets) return missing(offset, headerOctets, wireEnd);
  const little = view.getUint32(offset, true);
  return decodeFamily(little < 0x1_0000 ? little : view.getUint32(offset), view, offset + headerOctets, end, wireEnd, packet);
}

/** Address families: 2 is IPv4 everywhere; IPv6 is 10 on Linux, 23 on Windows, 24 on NetBSD, 28 on FreeBSD, 30 on Darwin, 26 on Solaris. */
function decodeFamily(family: number, view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  switch (family) {
    case 2:
      return decodeIpv4(view, offset, end, wireEnd, packet);
    case 10:
    case 23:
    case 24:
    case 26:
    case 28:
    case 30:
      return decodeIpv6(view, offset, end, wireEnd, packet);
    default:
      return outcome.nonIp;
  }
}

/** A serial line called PPP may speak Cisco HDLC: address 0x0f (unicast) or 0x8f (broadcast), control 0. */
function decodeSerial(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 2) return missing(offset, 2, wireEnd);
  const start = view.getUint16(offset);
  if (start === 0x0f00 || start === 0x8f00) return decodeHdlc(view, offset, end, wireEnd, packet);
  return decodePpp(view, offset, end, wireEnd, packet);
}

/** Cisco HDLC: address, control, ethertype. */
function decodeHdlc(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 4) return missing(offset, 4, wireEnd);
  const type = view.getUint16(offset + 2);
  packet.etherType = type;
  if (type === 0xfefe) return decodeNlpid(view, offset + 5, end, wireEnd, packet);
  return type < 0x0600 ? outcome.nonIp : decodeEtherType(type, view, offset + 4, end, wireEnd, packet);
}

/** Frame relay: an address of 2 to 4 octets whose last has bit 0 set, then RFC 2427 (control 3, NLPID) or Cisco's bare ethertype. */
function decodeFrameRelay(view: DataView, start: number, end: number, wireEnd: number, packet: Packet): number {
  let offset = start;
  do {
    if (end - offset < 1) return missing(offset, 1, wireEnd);
  } while ((view.getUint8(offset++) & 1) === 0 && offset - start < 4);
  if (end - offset < 3) return missing(offset, 3, wireEnd);
  if (view.getUint8(offset) !== 3) return decodeEtherType(view.getUint16(offset), view, offset + 2, end, wireEnd, packet);
  // A pad octet of 0 aligns what follows.
  const pad = view.getUint8(offset + 1) === 0 ? 1 : 0;
  return decodeNlpid(view, offset + 1 + pad, end, wireEnd, packet);
}

/** AVS header: its length, big endian, at 4. */
function decodeWirelessAvs(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 8) return missing(offset, 8, wireEnd);
  const length = view.getUint32(offset + 4);
  if (length < 8) return outcome.malformed;
  if (length > end - offset) return missing(offset, length, wireEnd);
  return decodeWireless(view, offset + length, 0, end, wireEnd, packet);
}

/** FDDI: frame control (0x50 to 0x5f is LLC), two addresses, LLC. */
function decodeFddi(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 13) return missing(offset, 13, wireEnd);
  if ((view.getUint8(offset) & 0xf0) !== 0x50) return outcome.nonIp;
  return decodeLlc(view, offset + 13, end, wireEnd, packet);
}

/** Solaris IPNET: version 1, family, then interface and zone numbers; 24 octets. */
function decodeIpnet(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 24) return missing(offset, 24, wireEnd);
  return decodeFamily(view.getUint8(offset + 1), view, offset + 24, end, wireEnd, packet);
}

/** BSD pf log: header length (padded to 4) and address family. */
function decodePflog(view: DataView, offset: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - offset < 4) return missing(offset, 4, wireEnd);
  return decodeFamily(view.getUint8(offset + 1), view, offset + ((view.getUint8(offset) + 3) & ~3), end, wireEnd, packet);
}

/** NFLOG: family, version 0, resource, then TLVs (length and type in the capturing host's order) of which type 9 is the packet. */
function decodeNflog(view: DataView, start: number, end: number, wireEnd: number, packet: Packet): number {
  if (end - start < 4) return missing(start, 4, wireEnd);
  const family = view.getUint8(start);
  for (let offset = start + 4; ; ) {
    if (end - offset < 4) return missing(offset, 4, wireEnd);
    // Types are below 256, so the zero octet of the type shows the order.
    const little = view.getUint8(offset + 3) === 0;
    const length = view.getUint16(offset, little);
    if (length < 4) return outcome.malformed;
    if (view.getUint16(offset + 2, little) === 9) {
      const payloadEnd = Math.min(end, offset + length);
      return decodeFamily(family, view, offset + 4, payloadEnd, Math.min(wireEnd, offset + length), packet);
    }
    offset += (length + 3) & ~3;
  }
}

/**
 * PPI and PKTAP: a header that tells its own length (`lengthOctets` wide, at `lengthAt`) and the link type behind it (at `typeAt`), little
 * endian. One inside the other is refused: nothing real does so, and it bounds the depth.
 */
function decodeWrapped(
  view: DataView,
  offset: number,
  lengthAt: number,
  lengthOctets: number,
  typeAt: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): number {
  if (end - offset < typeAt + 4) return missing(offset, typeAt + 4, wireEnd);
  const length = lengthOctets === 2 ? view.getUint16(offset + lengthAt, true) : view.getUint32(offset + lengthAt, true);
  if (length < typeAt + 4) return outcome.malformed;
  if (length > end - offset) return missing(offset, length, wireEnd);
  const inner = view.getUint32(offset + typeAt, true);
  if (inner === linkTypes.ethernet) return decodeEthernet(view, offset + length, end, wireEnd, packet);
  if (inner === linkTypes.ppi || inner === linkTypes.pktap) return outcome.unknownLink;
  return decodeLink(inner, view, offset + length, end, wireEnd, packet);
}
