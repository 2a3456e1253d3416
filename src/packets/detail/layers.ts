/** Where the layers of a decoded packet lie in its frame: `decode` keeps what the meter needs, the rest is found again here. */
import { linkTypes } from '../link.ts';
import type { Packet } from '../packet.ts';
import { protocols } from '../transport.ts';

/** End of the captured octets of the IP packet: padding of short frames lies behind it. */
export function networkEnd(offset: number, packet: Packet): number {
  return Math.min(offset + packet.captured - packet.fcsOctets, packet.networkOffset + packet.octets);
}

/** Where the transport header starts, or -1 where it was cut off or this is a later fragment. */
export function transportOffset(view: DataView, packet: Packet): number {
  if (packet.ipVersion === 0 || packet.fragmentOffset > 0) return -1;
  if (packet.ipVersion === 4) return packet.networkOffset + (view.getUint8(packet.networkOffset) & 15) * 4;
  // Behind extension headers: the headers of these protocols have a length that leads back from their payload.
  if (view.getUint8(packet.networkOffset + 6) === packet.protocol) return packet.networkOffset + 40;
  return walkExtensions(view, packet);
}

function walkExtensions(view: DataView, packet: Packet): number {
  const end = packet.payloadOffset + packet.payloadLength;
  let header = view.getUint8(packet.networkOffset + 6);
  let at = packet.networkOffset + 40;
  for (let count = 0; header !== packet.protocol && count < 16; count++) {
    if (end - at < 8) return -1;
    const length = view.getUint8(at + 1);
    const octets = header === 44 ? 8 : header === 51 ? (length + 2) * 4 : (length + 1) * 8;
    header = view.getUint8(at);
    at += octets;
  }
  return header === packet.protocol && at <= end ? at : -1;
}

/** Where the TCP header starts when all of it up to its options was captured and its length makes sense, else -1. */
export function tcpOffset(view: DataView, packet: Packet): number {
  if (packet.protocol !== protocols.tcp || packet.srcPort < 0) return -1;
  const at = transportOffset(view, packet);
  return at >= 0 && packet.payloadOffset >= at + 20 ? at : -1;
}

/** Where the payload of the link layer starts, with all VLAN tags opened; -1 where that is not known. */
export function linkPayloadOffset(linkType: number, view: DataView, offset: number, packet: Packet): number {
  const end = offset + packet.captured;
  if (linkType === linkTypes.linuxSll) return end - offset >= 16 ? offset + 16 : -1;
  if (linkType === linkTypes.linuxSll2) return end - offset >= 20 ? offset + 20 : -1;
  if (linkType !== linkTypes.ethernet) return -1;
  let at = offset + 12;
  for (let tags = 0; tags < 16 && end - at >= 2; tags++) {
    const type = view.getUint16(at);
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100) return at + 2;
    at += 4;
  }
  return -1;
}
