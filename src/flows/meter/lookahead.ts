/**
 * A short line of packets between the decoder and the meter. With many live flows nearly every packet finds its flow in
 * memory that no cache holds, and two or three such waits in a row take longer than all else the meter does. So packets
 * gather here, and once the line is full all of their index slots and records are read in two tight loops: the waits of
 * 32 packets then overlap, and the meter finds everything in the cache.
 */
import { Packet } from '../../packets/index.ts';

/** Packets in the line. More do not help: a core has 12 to 16 cache misses under way at a time. */
export const lookaheadPackets = 32;

export class Lookahead {
  readonly packets = Array.from({ length: lookaheadPackets }, () => new Packet());
  /** The key of each packet: see flow-key.ts. */
  readonly ports = new Int32Array(lookaheadPackets);
  readonly metas = new Int32Array(lookaheadPackets);
  readonly places = new Int32Array(lookaheadPackets);
  readonly hashes = new Int32Array(lookaheadPackets);
  count = 0;
}

/** Copies what the meter reads of a packet. */
export const copyPacket = (from: Packet, to: Packet): void => {
  to.seconds = from.seconds;
  to.nanos = from.nanos;
  to.interfaceIndex = from.interfaceIndex;
  to.ipVersion = from.ipVersion;
  to.octets = from.octets;
  to.srcD = from.srcD;
  to.dstD = from.dstD;
  to.srcA = from.srcA;
  to.srcB = from.srcB;
  to.srcC = from.srcC;
  to.dstA = from.dstA;
  to.dstB = from.dstB;
  to.dstC = from.dstC;
  to.protocol = from.protocol;
  to.srcPort = from.srcPort;
  to.dstPort = from.dstPort;
  to.tcpFlags = from.tcpFlags;
  to.tcpSequence = from.tcpSequence;
  to.tcpPayload = from.tcpPayload;
  to.icmpType = from.icmpType;
  to.icmpCode = from.icmpCode;
  to.icmpIdentifier = from.icmpIdentifier;
  to.tos = from.tos;
  to.ttl = from.ttl;
  to.flowLabel = from.flowLabel;
  to.isFragment = from.isFragment;
  to.fragmentOffset = from.fragmentOffset;
  to.identification = from.identification;
  to.vlanId = from.vlanId;
  to.vlanInnerId = from.vlanInnerId;
  to.mplsLabel = from.mplsLabel;
  to.srcMac = from.srcMac;
  to.dstMac = from.dstMac;
  to.flags = from.flags;
  to.tunnelDepth = from.tunnelDepth;
  to.tunnelType = from.tunnelType;
};
