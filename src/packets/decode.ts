import { decodeEthernet } from './layer2.ts';
import { linkTypes, undeclaredLink } from './link.ts';
import { decodeLink } from './links.ts';
import { outcome, type Packet } from './packet.ts';

/**
 * Decodes one frame at `offset` of `view` down to the transport header into `packet`, whose time, `captured`, `original` and `fcsOctets`
 * are already filled; answers an index into `outcomes`. Allocates nothing, never reads outside of the captured octets, and takes time
 * bounded by the header limits (16 link headers, 16 extension headers). Tunnels stay closed: see `decodeInner`.
 */
export function decode(linkType: number, view: DataView, offset: number, packet: Packet): number {
  clearHeaders(packet);
  const wireEnd = offset + packet.original - packet.fcsOctets;
  const end = Math.min(offset + packet.captured, wireEnd);
  if (linkType === linkTypes.ethernet) return decodeEthernet(view, offset, end, wireEnd, packet);
  if (linkType === undeclaredLink) return outcome.undeclaredInterface;
  return decodeLink(linkType, view, offset, end, wireEnd, packet);
}

/** Forgets the headers of the packet before. Time, lengths, interface and the flag `timeInferred` stay: the reader set them. */
export function clearHeaders(packet: Packet): void {
  packet.etherType = 0;
  packet.linkHeaders = 0;
  packet.ipVersion = 0;
  packet.networkOffset = 0;
  packet.octets = 0;
  packet.protocol = 0;
  packet.srcPort = -1;
  packet.dstPort = -1;
  packet.tcpFlags = 0;
  packet.tcpSequence = 0;
  packet.tcpAcknowledgement = 0;
  packet.tcpPayload = 0;
  packet.icmpType = -1;
  packet.icmpCode = -1;
  packet.icmpIdentifier = -1;
  packet.flowLabel = 0;
  packet.isFragment = 0;
  packet.fragmentOffset = 0;
  packet.moreFragments = 0;
  packet.identification = 0;
  packet.vlanId = -1;
  packet.vlanInnerId = -1;
  packet.mplsLabel = -1;
  packet.srcMac = -1;
  packet.dstMac = -1;
  packet.tunnelDepth = 0;
  packet.tunnelType = 0;
  packet.payloadOffset = 0;
  packet.payloadLength = 0;
}
