/** The TCP header that an ICMP error quotes (RFC 792, 4443): eight octets of it at least. */
import { Packet } from '../packet.ts';
import { protocols } from '../transport.ts';

const quoted = new Packet();

/** Ends and sequence number of the quoted segment in a packet that is reused; undefined where this is no error about TCP. */
export function quotedTcp(view: DataView, end: number, packet: Packet): Packet | undefined {
  const isFour = packet.ipVersion === 4;
  const { icmpType: type } = packet;
  if (isFour ? type !== 3 && type !== 11 && type !== 12 : type < 1 || type > 4) return undefined;
  const start = packet.payloadOffset + 8;
  const header = isFour ? 20 : 40;
  if (end - start < header + 8) return undefined;
  quoted.ipVersion = packet.ipVersion;
  if (isFour) {
    if (view.getUint8(start) >>> 4 !== 4 || view.getUint8(start + 9) !== protocols.tcp) return undefined;
    quoted.srcA = quoted.srcB = quoted.dstA = quoted.dstB = 0;
    quoted.srcC = quoted.dstC = 0xffff;
    quoted.srcD = view.getInt32(start + 12);
    quoted.dstD = view.getInt32(start + 16);
  } else {
    if (view.getUint8(start) >>> 4 !== 6 || view.getUint8(start + 6) !== protocols.tcp) return undefined;
    quoted.srcA = view.getInt32(start + 8);
    quoted.srcB = view.getInt32(start + 12);
    quoted.srcC = view.getInt32(start + 16);
    quoted.srcD = view.getInt32(start + 20);
    quoted.dstA = view.getInt32(start + 24);
    quoted.dstB = view.getInt32(start + 28);
    quoted.dstC = view.getInt32(start + 32);
    quoted.dstD = view.getInt32(start + 36);
  }
  const ports = start + (isFour ? Math.max(20, (view.getUint8(start) & 15) * 4) : header);
  if (end - ports < 8) return undefined;
  quoted.srcPort = view.getUint16(ports);
  quoted.dstPort = view.getUint16(ports + 2);
  quoted.tcpSequence = view.getInt32(ports + 4);
  return quoted;
}
