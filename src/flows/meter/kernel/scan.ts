/**
 * The records of a classic little-endian capture of Ethernet, from one to the next: whatever is a plain TCP or UDP packet of IPv4 or
 * IPv6, or a ping of IPv4 (untagged, or with one VLAN tag) becomes a line of the block, as `decode` and `PacketPacker` would make it. At the first record
 * that is anything else, or odd in any way, it stops: they decide about that one.
 */
import { echo, echoReply, icmp, ipv6, isDetailed, live, mappedWord, tcp, udp } from './constants.ts';
import { detailAt, lineAt, scanning } from './layout.ts';
import { below, type i32, load8, load16, load32, store32, storeF64, unsignedToF64 } from './words.ts';

/** Numbers of the network, whose first octet is the greatest. */
const swap16 = (value: i32): i32 => ((value & 255) << 8) | (value >>> 8);
const big16 = (at: i32): i32 => swap16(load16(at));
const big32 = (at: i32): i32 => (swap16(load16(at)) << 16) | swap16(load16(at + 2));

/** As in flow-key.ts. */
const mix = (value: i32): i32 => {
  const product = value * 0x9e3779b1;
  return product ^ (product >>> 15);
};
const endpointHash = (word: i32, port: i32, seed: i32): i32 => {
  const mixed = mix(word ^ seed) + port;
  const product = (mixed ^ (mixed >>> 13)) * 0x85ebca6b;
  return product ^ (product >>> 16);
};
const hashOf = (src: i32, dst: i32, ports: i32, metaWord: i32, seed: i32): i32 =>
  mix((endpointHash(src, ports >>> 16, seed) + endpointHash(dst, ports & 0xffff, seed)) ^ (metaWord * 0xc2b2ae35));
const foldUpper = (a: i32, b: i32, c: i32, seed: i32): i32 => mix(c ^ mix(b ^ mix(a ^ seed)));

/**
 * Writes what a transport header tells; false where it is not whole and in order. `room` octets of it were captured, and IP leaves `length`
 * for it.
 */
const writeTransport = (out: i32, protocol: i32, at: i32, room: i32, length: i32, traits: i32): boolean => {
  if (protocol === tcp) {
    if (room < 20) return false;
    const word = big16(at + 12);
    const headerOctets = (word >>> 12) << 2;
    if (headerOctets < 20 || headerOctets > length) return false;
    store32(out + lineAt.tcpSequence, big32(at + 4));
    store32(out + lineAt.tcpPayload, length - headerOctets);
    store32(out + lineAt.traits, traits | (word & 0x1ff));
    return true;
  }
  if (protocol !== udp || room < 8) return false;
  const stated = big16(at + 4);
  if (stated !== 0 && (stated < 8 || stated > length)) return false;
  store32(out + lineAt.tcpSequence, 0);
  store32(out + lineAt.tcpPayload, 0);
  store32(out + lineAt.traits, traits);
  return true;
};

/** Writes the rest of a ping or its answer, whose header is whole; answers the octets of its line, or 0 where it is another message of ICMP. */
const writePing = (out: i32, at: i32, octets: i32, traits: i32, seed: i32): i32 => {
  const type = load8(at + 20);
  if ((type !== echo && type !== echoReply) || load32(scanning.bothWays) === 0) return 0;
  const identifier = big16(at + 24);
  const ports = type === echo ? (identifier << 16) | (echo << 8) : (echo << 24) | identifier;
  const src = big32(at + 12);
  const dst = big32(at + 16);
  const metaWord = icmp | live;
  store32(out, metaWord | isDetailed);
  store32(out + lineAt.hash, hashOf(src, dst, ports, metaWord, seed));
  store32(out + lineAt.srcD, src);
  store32(out + lineAt.dstD, dst);
  store32(out + lineAt.ports, ports);
  store32(out + lineAt.octets, octets);
  store32(out + lineAt.tcpSequence, 0);
  store32(out + lineAt.tcpPayload, 0);
  store32(out + lineAt.traits, traits);
  store32(out + lineAt.flowLabel, 0);
  store32(out + detailAt.srcA, 0);
  store32(out + detailAt.srcB, 0);
  store32(out + detailAt.srcC, mappedWord);
  store32(out + detailAt.dstA, 0);
  store32(out + detailAt.dstB, 0);
  store32(out + detailAt.dstC, mappedWord);
  store32(out + detailAt.icmp, type | (load8(at + 21) << 16));
  store32(out + detailAt.icmpIdentifier, identifier);
  store32(out + detailAt.fragment, 0);
  store32(out + detailAt.identification, 0);
  store32(out + detailAt.srcPort, -1);
  store32(out + detailAt.dstPort, -1);
  return 128;
};

/** Writes an IPv4 packet of so many captured octets and so many on the wire; answers the octets of its line, or 0 where it is not plain. */
const writeIpv4 = (out: i32, at: i32, captured: i32, wire: i32, seed: i32): i32 => {
  if (captured < 28 || load8(at) !== 0x45) return 0;
  const octets = big16(at + 2);
  // Neither "more fragments" nor an offset.
  if (octets < 28 || octets > wire || (load16(at + 6) & 0xff3f) !== 0) return 0;
  const protocol = load8(at + 9);
  const held = captured < octets ? captured : octets;
  const traits = (load8(at + 8) << 16) | (load8(at + 1) << 24);
  if (protocol === icmp) return writePing(out, at, octets, traits, seed);
  if (!writeTransport(out, protocol, at + 20, held - 20, octets - 20, traits)) return 0;
  const ports = big32(at + 20);
  const src = big32(at + 12);
  const dst = big32(at + 16);
  const metaWord = protocol | live;
  store32(out, metaWord);
  store32(out + lineAt.hash, hashOf(src, dst, ports, metaWord, seed));
  store32(out + lineAt.srcD, src);
  store32(out + lineAt.dstD, dst);
  store32(out + lineAt.ports, ports);
  store32(out + lineAt.octets, octets);
  store32(out + lineAt.flowLabel, 0);
  return 64;
};

/** The same for IPv6. */
const writeIpv6 = (out: i32, at: i32, captured: i32, wire: i32, seed: i32): i32 => {
  if (captured < 48) return 0;
  const first = big32(at);
  const octets = big16(at + 4) + 40;
  if (first >>> 28 !== 6 || octets < 48 || octets > wire) return 0;
  const protocol = load8(at + 6);
  const held = captured < octets ? captured : octets;
  const traits = (load8(at + 7) << 16) | ((first >>> 20) << 24);
  if (!writeTransport(out, protocol, at + 40, held - 40, octets - 40, traits)) return 0;
  const ports = big32(at + 40);
  const srcA = big32(at + 8);
  const srcB = big32(at + 12);
  const srcC = big32(at + 16);
  const srcD = big32(at + 20);
  const dstA = big32(at + 24);
  const dstB = big32(at + 28);
  const dstC = big32(at + 32);
  const dstD = big32(at + 36);
  const metaWord = protocol | live | ipv6;
  const src = srcD ^ foldUpper(srcA, srcB, srcC, seed);
  const dst = dstD ^ foldUpper(dstA, dstB, dstC, seed);
  store32(out, metaWord | isDetailed);
  store32(out + lineAt.hash, hashOf(src, dst, ports, metaWord, seed));
  store32(out + lineAt.srcD, srcD);
  store32(out + lineAt.dstD, dstD);
  store32(out + lineAt.ports, ports);
  store32(out + lineAt.octets, octets);
  store32(out + lineAt.flowLabel, first & 0xfffff);
  store32(out + detailAt.srcA, srcA);
  store32(out + detailAt.srcB, srcB);
  store32(out + detailAt.srcC, srcC);
  store32(out + detailAt.dstA, dstA);
  store32(out + detailAt.dstB, dstB);
  store32(out + detailAt.dstC, dstC);
  store32(out + detailAt.icmp, -1);
  store32(out + detailAt.icmpIdentifier, -1);
  store32(out + detailAt.fragment, 0);
  store32(out + detailAt.identification, 0);
  store32(out + detailAt.srcPort, ports >>> 16);
  store32(out + detailAt.dstPort, ports & 0xffff);
  return 128;
};

/** Ethertypes as a little-endian load sees them. */
const writeFrame = (out: i32, frame: i32, captured: i32, original: i32, seed: i32): i32 => {
  if (captured < 18) return 0;
  let type = load16(frame + 12);
  let headers = 14;
  let vlans = 0;
  if (type === 0x0081) {
    vlans = (big16(frame + 14) & 0x0fff) + 1;
    type = load16(frame + 16);
    headers = 18;
  }
  store32(out + lineAt.vlans, vlans);
  if (type === 0x0008) return writeIpv4(out, frame + headers, captured - headers, original - headers, seed);
  if (type === 0xdd86) return writeIpv6(out, frame + headers, captured - headers, original - headers, seed);
  return 0;
};

/**
 * Takes records from `from` on, of which the last ends at `end` or behind it, until one is not plain or the block is full. Answers where the
 * first stands that was not taken.
 */
export function scan(from: i32, end: i32): i32 {
  const seed = load32(scanning.seed);
  const nanosPerTick = load32(scanning.nanosPerTick);
  const fractionLimit = load32(scanning.fractionLimit);
  const recordLimit = load32(scanning.recordLimit);
  const outEnd = load32(scanning.outEnd);
  let out = load32(scanning.out);
  let at = from;
  let taken = 0;
  while (end - at >= 16 && outEnd - out >= 128) {
    const fraction = load32(at + 4);
    const captured = load32(at + 8);
    const original = load32(at + 12);
    if (below(recordLimit, captured) || below(0xffffff, original) || original < captured || !below(fraction, fractionLimit)) break;
    if (end - at - 16 < captured) break;
    const octets = writeFrame(out, at + 16, captured, original, seed);
    if (octets === 0) break;
    storeF64(out + lineAt.seconds, unsignedToF64(load32(at)));
    store32(out + lineAt.nanos, fraction * nanosPerTick);
    store32(out + lineAt.mplsLabel, -1);
    store32(out + lineAt.place, 0);
    out += octets;
    at += captured + 16;
    taken += 1;
  }
  store32(scanning.out, out);
  store32(scanning.taken, taken);
  return at;
}
