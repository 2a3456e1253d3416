/** Which connection a TCP packet belongs to, whatever its direction. */
import type { Packet } from '../packet.ts';

/** The key of the packet read last: equal for both directions. `isTurned` tells that its sender is the second end of it. */
export class ConnectionKey {
  text = '';
  isTurned = false;

  read(packet: Packet): void {
    const { srcPort, dstPort, srcD, dstD } = packet;
    this.isTurned = srcPort === dstPort ? isAfter(packet) : srcPort > dstPort;
    if (packet.ipVersion === 4)
      this.text = this.isTurned ? `${dstD}:${dstPort} ${srcD}:${srcPort}` : `${srcD}:${srcPort} ${dstD}:${dstPort}`;
    else this.text = this.isTurned ? `${target(packet)} ${source(packet)}` : `${source(packet)} ${target(packet)}`;
  }
}

const source = ({ srcA, srcB, srcC, srcD, srcPort }: Packet): string => `${srcA}.${srcB}.${srcC}.${srcD}:${srcPort}`;
const target = ({ dstA, dstB, dstC, dstD, dstPort }: Packet): string => `${dstA}.${dstB}.${dstC}.${dstD}:${dstPort}`;

function isAfter(packet: Packet): boolean {
  if (packet.srcA !== packet.dstA) return packet.srcA > packet.dstA;
  if (packet.srcB !== packet.dstB) return packet.srcB > packet.dstB;
  if (packet.srcC !== packet.dstC) return packet.srcC > packet.dstC;
  return packet.srcD > packet.dstD;
}
