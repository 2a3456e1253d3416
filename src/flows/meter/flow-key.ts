/**
 * What makes two packets one flow: IP version, addresses, protocol, two port words, the tunnel they came by and, where
 * asked for, VLAN and interface. The addresses stay in the packet; the rest is four words.
 *
 * Port words of ICMP: a request and its reply belong together (by identifier, where there is one), so the asking side
 * has the identifier and the answering side type * 256 of the request. The asking side is then known from a reply alone,
 * and pings in opposite directions with one identifier stay two flows. Any other message has type * 256 + code on both
 * sides.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Packet } from '../../packets/index.ts';
import { meta } from './flow-record.ts';

export const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, udpLite: 136 } as const;

/** For each type of a message its part in a question and answer: request type + 1, with `reply` set for the answer. */
const reply = 512;
const pairs = (list: readonly (readonly [number, number])[]): Uint16Array => {
  const roles = new Uint16Array(256);
  for (const [request, answer] of list) {
    roles[request] = request + 1;
    roles[answer] = (request + 1) | reply;
  }
  return roles;
};
/** RFC 792, 950, 1256: echo, router discovery, timestamp, information, address mask. */
const icmpRoles = pairs([
  [8, 0],
  [10, 9],
  [13, 14],
  [15, 16],
  [17, 18],
]);
/** RFC 4443, 4861, 4620: echo, router and neighbour discovery, node information. */
const icmpv6Roles = pairs([
  [128, 129],
  [133, 134],
  [135, 136],
  [139, 140],
]);

const roleOf = (packet: Packet): number => (packet.protocol === protocols.icmp ? icmpRoles : icmpv6Roles)[packet.icmpType & 255] as number;

/** Whether a packet of an ICMP protocol answers a request. */
export const isReply = (packet: Packet): boolean => packet.icmpType >= 0 && (roleOf(packet) & reply) !== 0;

/** Whether a packet of an ICMP protocol is a request that has a reply. */
export const isRequest = (packet: Packet): boolean => packet.icmpType >= 0 && roleOf(packet) !== 0 && !isReply(packet);

/** The port words of an ICMP packet, source in the upper half. Uniflows have no pairs: identifier, then type and code. */
export const icmpPorts = (packet: Packet, isBiflow: boolean): number => {
  const identifier = packet.icmpIdentifier & 0xffff;
  const role = roleOf(packet);
  if (!isBiflow || role === 0) {
    const message = (packet.icmpType << 8) | (packet.icmpCode & 255);
    return ((isBiflow ? message : identifier) << 16) | message;
  }
  const request = ((role & 511) - 1) << 8;
  return (role & reply) !== 0 ? (request << 16) | identifier : (identifier << 16) | request;
};

/** The meta word of a packet: see flow-record.ts. */
export const metaOf = (packet: Packet, isPortless: boolean): number =>
  packet.protocol |
  meta.live |
  (packet.ipVersion === 6 ? meta.ipv6 : 0) |
  (isPortless ? meta.portless : 0) |
  ((packet.tunnelDepth & 15) << meta.depthShift) |
  ((packet.tunnelType & 15) << meta.typeShift);

/** VLAN id + 1 in bits 0-12, interface + 1 above, each where it belongs to the key. Interfaces from 524,287 on share a flow. */
export const placeOf = (packet: Packet, keyVlan: boolean, keyInterface: boolean): number =>
  (keyVlan ? packet.vlanId + 1 : 0) | (keyInterface ? (Math.min(packet.interfaceIndex, 0x7fffe) + 1) << 13 : 0);

/** The interface in a place, or -1. */
export const interfaceOf = (place: number): number => (place >>> 13) - 1;

// Unknown to the sender of the packets, who could otherwise choose addresses that all fall into one slot. The threads that
// this one starts inherit it: hashes of one may be looked up by the other.
const seedName = 'weir/flow-key/seed';
const seed = (getEnvironmentData(seedName) as number | undefined) ?? Math.floor(Math.random() * 4294967296) | 0;
setEnvironmentData(seedName, seed);
/** The seed, for the kernel. */
export const keySeed: number = seed;

/** Multiply and fold: neighbouring inputs (addresses of a subnet, ports in a row) come out far apart. */
const mix = (value: number): number => {
  const product = Math.imul(value, 0x9e3779b1);
  return product ^ (product >>> 15);
};

/** One word folded into the hash of others, for the table of fragments. */
export const mixWords = (word: number, others: number): number => {
  const mixed = mix(word ^ seed) + others;
  return mix(mixed ^ (mixed >>> 13));
};

const endpointHash = (word: number, port: number): number => {
  const mixed = mix(word ^ seed) + port;
  const product = Math.imul(mixed ^ (mixed >>> 13), 0x85ebca6b);
  return product ^ (product >>> 16);
};

/** The hash of a key, the same for both directions: the sum of the ends, each mixed so that sums of neighbours differ. */
export const keyHash = (packet: Packet, ports: number, metaWord: number, place: number): number => {
  let src = packet.srcD;
  let dst = packet.dstD;
  if ((metaWord & meta.ipv6) !== 0) {
    src ^= mix(packet.srcC ^ mix(packet.srcB ^ mix(packet.srcA ^ seed)));
    dst ^= mix(packet.dstC ^ mix(packet.dstB ^ mix(packet.dstA ^ seed)));
  }
  const ends = endpointHash(src, ports >>> 16) + endpointHash(dst, ports & 0xffff);
  return mix(ends ^ Math.imul(metaWord ^ (place << 7), 0xc2b2ae35));
};
