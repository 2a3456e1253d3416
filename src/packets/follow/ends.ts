import { formatIpv4, formatIpv6 } from '../detail/address-text.ts';
import type { Packet } from '../packet.ts';

/** The two ends of a connection as they are told. */
export type Ends = { client: string; clientPort: number; server: string; serverPort: number };

/** Source and destination of a packet as text. */
export function addressesOf(packet: Packet): [source: string, target: string] {
  if (packet.ipVersion === 4) return [formatIpv4(packet.srcD), formatIpv4(packet.dstD)];
  return [formatIpv6(packet.srcA, packet.srcB, packet.srcC, packet.srcD), formatIpv6(packet.dstA, packet.dstB, packet.dstC, packet.dstD)];
}
