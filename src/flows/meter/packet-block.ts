/**
 * Decoded packets one after the other in a block of words, on their way to the meter, within a thread or from one to
 * another. A record is one cache line; what only some packets have is a second one behind it.
 *
 *   words:   | record | record | record, detail | record | ...      `length` words are in use
 *
 * The key is worked out by the side that packs (see flow-key.ts), so that the meter's side only looks it up.
 */
import type { Packet } from '../../packets/index.ts';
import { icmpPorts, interfaceOf, keyHash, metaOf, placeOf, protocols } from './flow-key.ts';
import { meta } from './flow-record.ts';
import type { MeterOptions } from './options.ts';

/** Words of a record, and of the detail behind some. */
export const lineWords = 16;
/** Words that must be free in a block for one packet. */
export const packetWords = 2 * lineWords;

/** Fields of a record, as offsets in words; `seconds` is a double at words 6 and 7. */
export const line = {
  /** The meta word of the key (bits 0-19), `isDetailed`, and the flags of the packet above it. */
  meta: 0,
  hash: 1,
  srcD: 2,
  dstD: 3,
  ports: 4,
  octets: 5,
  seconds: 6,
  nanos: 8,
  tcpSequence: 9,
  tcpPayload: 10,
  /** TCP flags in bits 0-8, TTL in 16-23, TOS in 24-31. */
  traits: 11,
  flowLabel: 12,
  /** Outermost VLAN id + 1 in the lower half, next in the upper. */
  vlans: 13,
  mplsLabel: 14,
  place: 15,
} as const;

/** Fields of the detail, as offsets in words from the record; MAC addresses are doubles. */
export const detail = {
  srcA: 16,
  srcB: 17,
  srcC: 18,
  dstA: 19,
  dstB: 20,
  dstC: 21,
  /** Type in the lower half, code in the upper, both signed. */
  icmp: 22,
  icmpIdentifier: 23,
  srcMac: 24,
  dstMac: 26,
  /** 1 for a fragment, and its offset from bit 1 on. */
  fragment: 28,
  identification: 29,
  srcPort: 30,
  dstPort: 31,
} as const;

/** Part of the word `meta` of a record: the meta word of the key, whether there is detail, the place of the packet's flags. */
export const lineMeta = { key: 0xf_ffff, isDetailed: 1 << 20, flagsShift: 21 } as const;

/** Words of a record and its detail, by its word `meta`. */
export const wordsOfLine = (metaWord: number): number => lineWords + ((metaWord & lineMeta.isDetailed) >>> 16);

export class PacketBlock {
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Words in use. */
  length = 0;

  /** Over memory of its own or of somebody else; `octets` is a multiple of 64. */
  constructor(memory: ArrayBuffer | SharedArrayBuffer, offset: number, octets: number) {
    this.words = new Int32Array(memory, offset, octets / 4);
    this.doubles = new Float64Array(memory, offset, octets / 8);
  }

  /** Whether another packet of any kind fits. */
  get hasRoom(): boolean {
    return this.words.length - this.length >= packetWords;
  }
}

/** Packs packets for a meter of the same options. */
export class PacketPacker {
  readonly #isBiflow: boolean;
  readonly #keepsMacs: boolean;
  readonly #keyVlan: boolean;
  readonly #keyInterface: boolean;

  constructor({ uniflow, keepMacs, keyVlan, keyInterface }: MeterOptions) {
    this.#isBiflow = !uniflow;
    this.#keepsMacs = keepMacs;
    this.#keyVlan = keyVlan;
    this.#keyInterface = keyInterface;
  }

  /** Adds a packet to a block that has room. Nothing of `packet` is kept. */
  pack(packet: Packet, block: PacketBlock): void {
    const { words } = block;
    const at = block.length;
    const { srcPort, dstPort, icmpType, protocol } = packet;
    const isPortless = srcPort < 0 && icmpType < 0;
    const ports = isPortless ? 0 : srcPort >= 0 ? (srcPort << 16) | dstPort : icmpPorts(packet, this.#isBiflow);
    const key = metaOf(packet, isPortless);
    const place = this.#keyVlan || this.#keyInterface ? placeOf(packet, this.#keyVlan, this.#keyInterface) : 0;
    const isIcmp = protocol === protocols.icmp || protocol === protocols.icmpv6;
    const isDetailed = (key & meta.ipv6) !== 0 || isIcmp || packet.isFragment !== 0 || this.#keepsMacs;
    words[at] = key | (isDetailed ? lineMeta.isDetailed : 0) | (packet.flags << lineMeta.flagsShift);
    words[at + line.hash] = keyHash(packet, ports, key, place);
    words[at + line.srcD] = packet.srcD;
    words[at + line.dstD] = packet.dstD;
    words[at + line.ports] = ports;
    words[at + line.octets] = packet.octets;
    block.doubles[(at + line.seconds) >> 1] = packet.seconds;
    words[at + line.nanos] = packet.nanos;
    words[at + line.tcpSequence] = packet.tcpSequence;
    words[at + line.tcpPayload] = packet.tcpPayload;
    words[at + line.traits] = packet.tcpFlags | (packet.ttl << 16) | (packet.tos << 24);
    words[at + line.flowLabel] = packet.flowLabel;
    words[at + line.vlans] = (packet.vlanId + 1) | ((packet.vlanInnerId + 1) << 16);
    words[at + line.mplsLabel] = packet.mplsLabel;
    words[at + line.place] = place;
    if (isDetailed) packDetail(packet, block, at);
    block.length = at + (isDetailed ? packetWords : lineWords);
  }
}

const packDetail = (packet: Packet, { words, doubles }: PacketBlock, at: number): void => {
  words[at + detail.srcA] = packet.srcA;
  words[at + detail.srcB] = packet.srcB;
  words[at + detail.srcC] = packet.srcC;
  words[at + detail.dstA] = packet.dstA;
  words[at + detail.dstB] = packet.dstB;
  words[at + detail.dstC] = packet.dstC;
  words[at + detail.icmp] = (packet.icmpType & 0xffff) | (packet.icmpCode << 16);
  words[at + detail.icmpIdentifier] = packet.icmpIdentifier;
  doubles[(at + detail.srcMac) >> 1] = packet.srcMac;
  doubles[(at + detail.dstMac) >> 1] = packet.dstMac;
  words[at + detail.fragment] = packet.isFragment | (packet.fragmentOffset << 1);
  words[at + detail.identification] = packet.identification;
  words[at + detail.srcPort] = packet.srcPort;
  words[at + detail.dstPort] = packet.dstPort;
};

/** Fills what the meter reads of a packet from the record at a word of a block. */
export const unpack = ({ words, doubles }: PacketBlock, at: number, packet: Packet): void => {
  const metaWord = words[at]!;
  const ports = words[at + line.ports]!;
  const traits = words[at + line.traits]!;
  const vlans = words[at + line.vlans]!;
  const isPortless = (metaWord & meta.portless) !== 0;
  packet.protocol = metaWord & 255;
  packet.ipVersion = (metaWord & meta.ipv6) === 0 ? 4 : 6;
  packet.tunnelDepth = (metaWord >>> meta.depthShift) & 15;
  packet.tunnelType = (metaWord >>> meta.typeShift) & 15;
  packet.flags = metaWord >>> lineMeta.flagsShift;
  packet.srcD = words[at + line.srcD]!;
  packet.dstD = words[at + line.dstD]!;
  packet.srcPort = isPortless ? -1 : ports >>> 16;
  packet.dstPort = isPortless ? -1 : ports & 0xffff;
  packet.octets = words[at + line.octets]!;
  packet.seconds = doubles[(at + line.seconds) >> 1]!;
  packet.nanos = words[at + line.nanos]!;
  packet.tcpSequence = words[at + line.tcpSequence]!;
  packet.tcpPayload = words[at + line.tcpPayload]!;
  packet.tcpFlags = traits & 511;
  packet.ttl = (traits >>> 16) & 255;
  packet.tos = traits >>> 24;
  packet.flowLabel = words[at + line.flowLabel]!;
  packet.vlanId = (vlans & 0xffff) - 1;
  packet.vlanInnerId = (vlans >>> 16) - 1;
  packet.mplsLabel = words[at + line.mplsLabel]!;
  packet.interfaceIndex = interfaceOf(words[at + line.place]!);
  if ((metaWord & lineMeta.isDetailed) !== 0) unpackDetail(words, doubles, at, packet);
  else clearDetail(packet);
};

const unpackDetail = (words: Int32Array, doubles: Float64Array, at: number, packet: Packet): void => {
  const icmp = words[at + detail.icmp]!;
  const fragment = words[at + detail.fragment]!;
  packet.srcA = words[at + detail.srcA]!;
  packet.srcB = words[at + detail.srcB]!;
  packet.srcC = words[at + detail.srcC]!;
  packet.dstA = words[at + detail.dstA]!;
  packet.dstB = words[at + detail.dstB]!;
  packet.dstC = words[at + detail.dstC]!;
  packet.icmpType = (icmp << 16) >> 16;
  packet.icmpCode = icmp >> 16;
  packet.icmpIdentifier = words[at + detail.icmpIdentifier]!;
  packet.srcMac = doubles[(at + detail.srcMac) >> 1]!;
  packet.dstMac = doubles[(at + detail.dstMac) >> 1]!;
  packet.isFragment = fragment & 1;
  packet.fragmentOffset = fragment >>> 1;
  packet.identification = words[at + detail.identification]!;
  packet.srcPort = words[at + detail.srcPort]!;
  packet.dstPort = words[at + detail.dstPort]!;
};

/** What holds for a packet without detail: whole, IPv4, and no ICMP. */
const clearDetail = (packet: Packet): void => {
  packet.srcA = 0;
  packet.srcB = 0;
  packet.srcC = 0xffff;
  packet.dstA = 0;
  packet.dstB = 0;
  packet.dstC = 0xffff;
  packet.icmpType = -1;
  packet.icmpCode = -1;
  packet.icmpIdentifier = -1;
  packet.srcMac = -1;
  packet.dstMac = -1;
  packet.isFragment = 0;
  packet.fragmentOffset = 0;
  packet.identification = 0;
};
