/**
 * The packets of a block, each counted in the flow it belongs to, as `Meter` and `Tally` would: as long as the flow is known and not over, or the packet
 * begins one in a plain way (begin.ts), also in place of one that was closed. At the first of any other kind it stops, having changed nothing for it: they decide about that one.
 */

import { state } from '../flow-record.ts';
import { begin, isPlainBeginning, link, unlink } from './begin.ts';
import {
  ack,
  depthBits,
  echo,
  echoReply,
  endSeen,
  fin,
  flagsShift,
  icmp,
  icmpv6,
  ipv6,
  isDetailed,
  keyBits,
  portless,
  recordOctets,
  rst,
  syn,
  tcp,
  unlinked,
} from './constants.ts';
import { end } from './end.ts';
import { counting, detailAt, lineAt, recordAt } from './layout.ts';
import { ceil, type f64, type i32, load32, loadF64, store32, storeF64, toF64, toUnsigned } from './words.ts';

const octetsOfLine = (metaWord: i32): i32 => 64 + ((metaWord & isDetailed) >>> 14);

/** Whether two addresses have the same upper three words. */
const areUpperEqual = (one: i32, other: i32): boolean =>
  load32(one) === load32(other) && load32(one + 4) === load32(other + 4) && load32(one + 8) === load32(other + 8);

/** Which way a packet runs in the flow of a record: 0 forward, 1 reverse, or -1 where it is of another flow. */
const directionIn = (record: i32, at: i32, metaWord: i32, bothWays: i32): i32 => {
  if (load32(record + recordAt.meta) !== (metaWord & keyBits) || load32(record + recordAt.place) !== load32(at + lineAt.place)) return -1;
  const src = load32(at + lineAt.srcD);
  const dst = load32(at + lineAt.dstD);
  const ports = load32(at + lineAt.ports);
  const from = load32(record + recordAt.srcD);
  const to = load32(record + recordAt.dstD);
  const has = load32(record + recordAt.ports);
  if (from === src && to === dst && has === ports) {
    if ((metaWord & ipv6) === 0) return 0;
    if (areUpperEqual(record + recordAt.srcA, at + detailAt.srcA) && areUpperEqual(record + recordAt.dstA, at + detailAt.dstA)) return 0;
  }
  if (!bothWays || from !== dst || to !== src || has !== ((ports << 16) | (ports >>> 16))) return -1;
  if ((metaWord & ipv6) === 0) return 1;
  return areUpperEqual(record + recordAt.srcA, at + detailAt.dstA) && areUpperEqual(record + recordAt.dstA, at + detailAt.srcA) ? 1 : -1;
};

/** The address of the record of a packet's flow, plus 1 where the packet runs against it; 0 where there is none. */
const find = (at: i32, metaWord: i32): i32 => {
  const hash = load32(at + lineAt.hash);
  const index = load32(counting.index);
  const mask = load32(counting.mask);
  const bothWays = load32(counting.bothWays);
  let slot = hash & mask;
  while (true) {
    const entry = load32(index + (slot << 3) + 4);
    if (entry === 0) return 0;
    if (load32(index + (slot << 3)) === hash) {
      const record = counting.slab - recordOctets + entry * recordOctets;
      const direction = directionIn(record, at, metaWord, bothWays);
      if (direction >= 0) return record + direction;
    }
    slot = (slot + 1) & mask;
  }
};

/** Nanoseconds from a time of a record to that of a packet. */
const since = (seconds: f64, nanos: i32, thenSeconds: f64, thenNanos: i32): f64 =>
  (seconds - thenSeconds) * 1e9 + toF64(nanos) - toF64(thenNanos);

/** Whether the next packet of a flow that was closed begins something new, or comes too late for it. */
const isAfterClose = (record: i32, tcpFlags: i32, ageNs: f64): boolean => {
  const closeMs = load32(counting.closeMs);
  if (closeMs === 0) return false;
  return (tcpFlags & (syn | ack)) === syn || ageNs > (toF64(load32(record + recordAt.closedAfterMs)) + toF64(closeMs)) * 1e6;
};

/** Whether a packet for which a closed flow is over begins the next one in a plain way, and there is room for that which has ended. */
const isFollowed = (at: i32, record: i32, metaWord: i32, turned: i32, ageNs: f64, seconds: f64): boolean => {
  if (load32(counting.endedCount) >= load32(counting.endedRoom)) return false;
  const closeMs = toF64(load32(record + recordAt.closedAfterMs)) + toF64(load32(counting.closeMs));
  const hasSyn = !turned && (load32(record + recordAt.state) & state.synForward) !== 0;
  // Some hosts repeat their SYN after a RST.
  if (ageNs <= closeMs * 1e6 && hasSyn && load32(record + recordAt.firstSequence) === load32(at + lineAt.tcpSequence)) return false;
  return isPlainBeginning(at, metaWord, load32(at + lineAt.traits) & 511, seconds);
};

/** The number of a record. */
const numberOf = (record: i32): i32 => toUnsigned(toF64(record - counting.slab) / recordOctets);

/** The word `state` once the flags of a packet are in it. */
const stateWith = (stateWord: i32, tcpFlags: i32, turned: i32): i32 => stateWord | (tcpFlags << (turned * state.reverseFlagsShift));

/** Whether a packet with FIN or RST closes its flow, whose word `state` has its flags already. */
const closes = (stateWord: i32, bothWays: i32): boolean => {
  const reverse = stateWord >>> state.reverseFlagsShift;
  if (((stateWord | reverse) & rst) !== 0) return true;
  return (stateWord & (bothWays ? reverse : fin) & fin) !== 0;
};

/** Sequence numbers wrap, so only differences are compared (RFC 9293 section 3.4). */
const tallySequence = (at: i32, record: i32, stateWord: i32, tcpFlags: i32, turned: i32): i32 => {
  const length = load32(at + lineAt.tcpPayload) + ((tcpFlags & syn) >>> 1) + (tcpFlags & fin);
  if (length <= 0) return stateWord;
  const last = load32(at + lineAt.tcpSequence) + length;
  const seen = state.sequenceForward << turned;
  const highest = record + (turned << 2);
  if ((stateWord & seen) === 0 || last - load32(highest + recordAt.forwardSequence) > 0) store32(highest + recordAt.forwardSequence, last);
  else store32(record + recordAt.retransmits, load32(record + recordAt.retransmits) + 1);
  return stateWord | seen;
};

const tallyTraits = (record: i32, metaWord: i32, ttl: i32): void => {
  const before = load32(record + recordAt.traits);
  let traits = before | ((metaWord >>> flagsShift) << 24);
  if (ttl < (traits & 255)) traits = (traits & ~255) | ttl;
  if (ttl > ((traits >>> 8) & 255)) traits = (traits & ~0xff00) | (ttl << 8);
  if (traits !== before) store32(record + recordAt.traits, traits);
};

/** Notes the first reverse packet, whose time takes the place of the SYN's; answers the word `state`. The answer comes after the question here. */
const noteAnswer = (record: i32, stateWord: i32, isSynAck: boolean, seconds: f64, nanos: i32): i32 => {
  let noted = stateWord & ~state.synWaits;
  if (isSynAck && (stateWord & state.synWaits) !== 0) {
    const elapsedNs = since(seconds, nanos, loadF64(record + recordAt.reverse), load32(record + recordAt.reverseNanos));
    store32(record + recordAt.roundTripUs, toUnsigned(elapsedNs / 1000));
    noted |= state.roundTrip;
  } else if (isSynAck) noted |= state.answerWaits;
  storeF64(record + recordAt.reverse, seconds);
  store32(record + recordAt.reverseNanos, nanos);
  return noted;
};

/** Notes a SYN that runs forward in a flow that is known, as one that was sent again; answers the word `state`. */
const noteSyn = (at: i32, record: i32, stateWord: i32, seconds: f64, nanos: i32): i32 => {
  if ((stateWord & state.synForward) === 0) store32(record + recordAt.firstSequence, load32(at + lineAt.tcpSequence));
  const noted = stateWord | state.synForward | state.initiator;
  if (loadF64(record + recordAt.reversePackets) > 0) return noted;
  storeF64(record + recordAt.reverse, seconds);
  store32(record + recordAt.reverseNanos, nanos);
  return noted | state.synWaits;
};

/** Notes that a packet has closed its flow, which waits for late ones from now on. */
const noteClose = (record: i32, seconds: f64, nanos: i32): void => {
  const elapsed = (seconds - loadF64(record + recordAt.start)) * 1000 + toF64(nanos - load32(record + recordAt.startNanos)) / 1e6;
  const ms = ceil(elapsed);
  store32(record + recordAt.closedAfterMs, ms < 2147483647 ? toUnsigned(ms) : 2147483647);
  if (load32(counting.closeMs) === 0) return;
  unlink(record);
  const ticks = load32(counting.closeTicks);
  if (ticks > 0) link(record, numberOf(record), load32(counting.tick) + ticks);
  else store32(record + recordAt.previous, unlinked);
};

/** Notes a packet that is not later than the clock. */
const noteArrival = (octets: f64, seconds: f64, nanos: i32): void => {
  if (seconds === loadF64(counting.clockSeconds) && nanos >= load32(counting.clockNanos)) store32(counting.clockNanos, nanos);
  else store32(counting.outOfOrder, load32(counting.outOfOrder) + 1);
  storeF64(counting.packets, loadF64(counting.packets) + 1);
  storeF64(counting.octets, loadF64(counting.octets) + octets);
};

/** Whether a first answer is one whose round trip can be told at once: less than an hour after a SYN that is not later than it. */
const isPlainAnswer = (record: i32, seconds: f64, nanos: i32): boolean => {
  const elapsedNs = since(seconds, nanos, loadF64(record + recordAt.reverse), load32(record + recordAt.reverseNanos));
  return elapsedNs >= 0 && elapsedNs < 3.6e12;
};

/** Whether a packet of ICMP is a ping or its answer, and these are one flow. */
const isPing = (at: i32): boolean => {
  const type = load32(at + detailAt.icmp) & 0xffff;
  return (type === echo || type === echoReply) && load32(counting.bothWays) !== 0;
};

/** Counts one packet; false, and nothing changed, where it is not for this file. */
const countOne = (at: i32, metaWord: i32): boolean => {
  const protocol = metaWord & 255;
  if ((metaWord & depthBits) !== 0 || protocol === icmpv6) return false;
  if (protocol === icmp && !isPing(at)) return false;
  if ((metaWord & isDetailed) !== 0 && (load32(at + detailAt.fragment) & 1) !== 0) return false;
  const seconds = loadF64(at + lineAt.seconds);
  const nanos = load32(at + lineAt.nanos);
  const octets = toF64(load32(at + lineAt.octets));
  if (seconds > loadF64(counting.clockSeconds)) return false;
  const found = find(at, metaWord);
  const traits = load32(at + lineAt.traits);
  const tcpFlags = traits & 511;
  if (found === 0) {
    if (!isPlainBeginning(at, metaWord, tcpFlags, seconds)) return false;
    noteArrival(octets, seconds, nanos);
    begin(at, metaWord, seconds, nanos);
    return true;
  }
  const record = found & ~1;
  const turned = found & 1;
  const silentNs = since(seconds, nanos, loadF64(record + recordAt.last), load32(record + recordAt.lastNanos));
  const ageNs = since(seconds, nanos, loadF64(record + recordAt.start), load32(record + recordAt.startNanos));
  if (silentNs < 0 || silentNs > loadF64(counting.idleNs + (protocol << 3)) || ageNs > loadF64(counting.activeNs)) return false;

  let stateWord = load32(record + recordAt.state);
  const hasTcp = protocol === tcp && (metaWord & portless) === 0;
  if ((stateWord & state.closed) !== 0 && isAfterClose(record, tcpFlags, ageNs)) {
    if (!isFollowed(at, record, metaWord, turned, ageNs, seconds)) return false;
    noteArrival(octets, seconds, nanos);
    end(numberOf(record), endSeen);
    begin(at, metaWord, seconds, nanos);
    return true;
  }
  const packets = loadF64(record + recordAt.packets + (turned << 3));
  const isAnswer = turned && packets === 0;
  const isSynAck = protocol === tcp && (tcpFlags & (syn | ack)) === (syn | ack);
  if (isAnswer && isSynAck && (stateWord & state.synWaits) !== 0 && !isPlainAnswer(record, seconds, nanos)) return false;
  const isSyn = hasTcp && (tcpFlags & (syn | ack)) === syn && !turned;
  if (isSyn && (stateWord & state.answerWaits) !== 0) return false;

  // From here on the packet is counted.
  noteArrival(octets, seconds, nanos);
  storeF64(record + recordAt.last, seconds);
  store32(record + recordAt.lastNanos, nanos);
  storeF64(record + recordAt.packets + (turned << 3), packets + 1);
  storeF64(record + recordAt.octets + (turned << 3), loadF64(record + recordAt.octets + (turned << 3)) + octets);
  store32(record + recordAt.touched, load32(counting.tick));
  tallyTraits(record, metaWord, (traits >>> 16) & 255);
  if (isAnswer) stateWord = noteAnswer(record, stateWord, isSynAck, seconds, nanos);
  if (hasTcp) {
    stateWord = tallySequence(at, record, stateWith(stateWord, tcpFlags, turned), tcpFlags, turned);
    if (isSyn) stateWord = noteSyn(at, record, stateWord, seconds, nanos);
    const mayClose = (tcpFlags & (fin | rst)) !== 0 && (stateWord & state.closed) === 0;
    if (mayClose && closes(stateWord, load32(counting.bothWays))) {
      stateWord |= state.closed;
      noteClose(record, seconds, nanos);
    }
  }
  if (protocol === icmp && (load32(at + detailAt.icmp) & 0xffff) === echo) stateWord |= state.initiator;
  store32(record + recordAt.state, stateWord);
  return true;
};

/**
 * Reads the index slots of the next packets and the records they name, so that they are in the cache when they are counted. With many live flows nearly every packet
 * finds its flow in memory that no cache holds; with no branch that depends on what was read, their waits overlap. Answers where it ended.
 */
const warm = (from: i32, end: i32): i32 => {
  const index = load32(counting.index);
  const mask = load32(counting.mask);
  let at = from;
  let count = 0;
  while (count < 32 && at < end) {
    store32(counting.entries + (count << 2), load32(index + ((load32(at + lineAt.hash) & mask) << 3) + 4));
    at += octetsOfLine(load32(at));
    count += 1;
  }
  let read = 0;
  while (count > 0) {
    count -= 1;
    // An empty slot names the place before the first record: it is there to be read.
    const record = counting.slab - recordOctets + load32(counting.entries + (count << 2)) * recordOctets;
    read = read | load32(record) | load32(record + recordAt.hash);
  }
  // Means nothing; without it nobody would need what was read.
  store32(counting.entries, read);
  return at;
};

/** Counts the packets from the address `from` on, up to `end`; answers where the first stands that was not counted. */
export function count(from: i32, end: i32): i32 {
  let at = from;
  let warmed = load32(counting.warmed);
  while (at < end) {
    if (at >= warmed) {
      warmed = warm(at, end);
      store32(counting.warmed, warmed);
    }
    const metaWord = load32(at);
    if (!countOne(at, metaWord)) return at;
    at += octetsOfLine(metaWord);
  }
  return at;
}
