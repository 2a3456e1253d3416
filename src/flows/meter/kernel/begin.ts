/**
 * Flows of plain TCP and UDP packets and of pings, begun as `Meter.#open` and `Tally.begin` would, and put into the timer wheel as `Expiry.track` would. What
 * is odd in any way is left to them: a first packet that answers or ends something, or that there is no room for.
 */
import { state } from '../flow-record.ts';
import {
  ack,
  echo,
  fin,
  firstOf,
  flagsShift,
  icmp,
  ipv6,
  keyBits,
  portless,
  recordOctets,
  rst,
  slots,
  syn,
  tcp,
  udp,
  unlinked,
} from './constants.ts';
import { counting, detailAt, lineAt, recordAt } from './layout.ts';
import { type f64, type i32, load32, store32, storeF64, toF64, toUnsigned } from './words.ts';

export const recordOf = (number: i32): i32 => counting.slab + number * recordOctets;

/** Puts a record that is in no slot of the wheel into the one of that tick. */
export const link = (record: i32, number: i32, tick: i32): void => {
  const slot = tick & (slots - 1);
  const head = counting.heads + (slot << 2);
  const next = load32(head);
  store32(record + recordAt.next, next);
  store32(record + recordAt.previous, firstOf - slot);
  if (next >= 0) store32(recordOf(next) + recordAt.previous, number);
  store32(head, number);
  store32(counting.linked, load32(counting.linked) + 1);
};

/** Takes a record out of its slot of the wheel. */
export const unlink = (record: i32): void => {
  const previous = load32(record + recordAt.previous);
  if (previous === unlinked) return;
  const next = load32(record + recordAt.next);
  store32(record + recordAt.previous, unlinked);
  if (previous >= 0) store32(recordOf(previous) + recordAt.next, next);
  else store32(counting.heads + ((firstOf - previous) << 2), next);
  if (next >= 0) store32(recordOf(next) + recordAt.previous, previous);
  store32(counting.linked, load32(counting.linked) - 1);
};

const mixHigh = (high: i32, word: i32): i32 => {
  const product = (high ^ word) * 0x9e3779b1;
  return product ^ (product >>> 15);
};
const mixLow = (low: i32, word: i32): i32 => {
  const product = (low + word) * 0x85ebca6b;
  return product ^ (product >>> 13);
};

/** As session.ts. */
const setSession = (record: i32, seconds: i32, nanos: i32): void => {
  let at = counting.session;
  let word = record;
  // Both ends, ports and meta; the upper words of both ends are behind one another as well.
  while (word < record + recordAt.meta + 4) {
    store32(at, load32(word));
    word += 4;
    at += 4;
  }
  if ((load32(record + recordAt.meta) & ipv6) !== 0) {
    word = record + recordAt.srcA;
    while (word < record + recordAt.dstC + 4) {
      store32(at, load32(word));
      word += 4;
      at += 4;
    }
  }
  store32(at, load32(record + recordAt.place));
  store32(at + 4, seconds);
  store32(at + 8, 0);
  store32(at + 12, nanos);
  const end = at + 16;
  let high = 0x2545f491;
  let low = 0x5851f42d;
  at = counting.session;
  while (at < end) {
    high = mixHigh(high, load32(at));
    low = mixLow(low, load32(at));
    at += 4;
  }
  const crossed = (low ^ (high >>> 16)) * 0xc2b2ae35;
  store32(record + recordAt.sessionHigh, high ^ crossed);
  store32(record + recordAt.sessionLow, crossed ^ (crossed >>> 16));
};

const setKey = (at: i32, record: i32, metaWord: i32): void => {
  store32(record + recordAt.srcD, load32(at + lineAt.srcD));
  store32(record + recordAt.dstD, load32(at + lineAt.dstD));
  store32(record + recordAt.ports, load32(at + lineAt.ports));
  store32(record + recordAt.meta, metaWord & keyBits);
  store32(record + recordAt.place, load32(at + lineAt.place));
  store32(record + recordAt.hash, load32(at + lineAt.hash));
  if ((metaWord & ipv6) === 0) return;
  store32(record + recordAt.srcA, load32(at + detailAt.srcA));
  store32(record + recordAt.srcB, load32(at + detailAt.srcB));
  store32(record + recordAt.srcC, load32(at + detailAt.srcC));
  store32(record + recordAt.dstA, load32(at + detailAt.dstA));
  store32(record + recordAt.dstB, load32(at + detailAt.dstB));
  store32(record + recordAt.dstC, load32(at + detailAt.dstC));
};

/** Takes a record, which is in no slot of the wheel, and makes it findable under a hash; answers its number. */
const takeRecord = (hash: i32): i32 => {
  const live = load32(counting.live) + 1;
  store32(counting.live, live);
  if (live > load32(counting.peak)) store32(counting.peak, live);
  let number = load32(counting.free);
  if (number >= 0) store32(counting.free, load32(recordOf(number) + recordAt.next));
  else {
    number = load32(counting.used);
    store32(counting.used, number + 1);
  }
  const index = load32(counting.index);
  const mask = load32(counting.mask);
  let slot = hash & mask;
  while (load32(index + (slot << 3) + 4) !== 0) slot = (slot + 1) & mask;
  store32(index + (slot << 3), hash);
  store32(index + (slot << 3) + 4, number + 1);
  store32(counting.indexed, load32(counting.indexed) + 1);
  return number;
};

/** The word `state` after a first packet of TCP, of which the record keeps what follows it, and the SYN. */
const beginTcp = (at: i32, record: i32, tcpFlags: i32, seconds: f64, nanos: i32): i32 => {
  const sequence = load32(at + lineAt.tcpSequence);
  const length = load32(at + lineAt.tcpPayload) + ((tcpFlags & syn) >>> 1);
  let stateWord = tcpFlags;
  if (length > 0) {
    store32(record + recordAt.forwardSequence, sequence + length);
    stateWord |= state.sequenceForward;
  }
  if ((tcpFlags & syn) === 0) return stateWord;
  store32(record + recordAt.firstSequence, sequence);
  storeF64(record + recordAt.reverse, seconds);
  store32(record + recordAt.reverseNanos, nanos);
  return stateWord | state.synForward | state.initiator | state.synWaits;
};

/** Whether a packet that belongs to no flow begins one here. */
export const isPlainBeginning = (at: i32, metaWord: i32, tcpFlags: i32, seconds: f64): boolean => {
  const protocol = metaWord & 255;
  if ((metaWord & portless) !== 0 || load32(counting.opens) === 0 || seconds < 0 || seconds > 4294967295) return false;
  if (load32(counting.live) >= load32(counting.maxFlows) || load32(counting.indexed) * 2 > load32(counting.mask)) return false;
  if (protocol === udp) return true;
  if (protocol === icmp) return (load32(at + detailAt.icmp) & 0xffff) === echo;
  return protocol === tcp && (tcpFlags & (fin | rst)) === 0 && (tcpFlags & (syn | ack)) !== (syn | ack);
};

/** Begins the flow of such a packet. */
export const begin = (at: i32, metaWord: i32, seconds: f64, nanos: i32): void => {
  const number = takeRecord(load32(at + lineAt.hash));
  const record = recordOf(number);
  const protocol = metaWord & 255;
  const traits = load32(at + lineAt.traits);
  const ttl = (traits >>> 16) & 255;
  setKey(at, record, metaWord);
  storeF64(record + recordAt.start, seconds);
  storeF64(record + recordAt.last, seconds);
  store32(record + recordAt.startNanos, nanos);
  store32(record + recordAt.lastNanos, nanos);
  storeF64(record + recordAt.packets, 1);
  storeF64(record + recordAt.reversePackets, 0);
  storeF64(record + recordAt.octets, toF64(load32(at + lineAt.octets)));
  storeF64(record + recordAt.reverseOctets, 0);
  store32(record + recordAt.traits, ttl | (ttl << 8) | ((traits >>> 24) << 16) | ((metaWord >>> flagsShift) << 24));
  store32(record + recordAt.part, 0);
  store32(record + recordAt.retransmits, 0);
  store32(record + recordAt.fragments, 0);
  store32(record + recordAt.closedAfterMs, 0);
  // Where there is no ICMP code it is -1 in a packet.
  const icmpCode = protocol === icmp ? (load32(at + detailAt.icmp) >>> 16) & 255 : 255;
  store32(record + recordAt.flowLabel, load32(at + lineAt.flowLabel) | (icmpCode << 20));
  store32(record + recordAt.mplsLabel, load32(at + lineAt.mplsLabel));
  store32(record + recordAt.vlans, load32(at + lineAt.vlans));
  setSession(record, toUnsigned(seconds), nanos);
  store32(
    record + recordAt.state,
    protocol === tcp ? beginTcp(at, record, traits & 511, seconds, nanos) : protocol === icmp ? state.initiator : 0,
  );
  const tick = load32(counting.tick);
  store32(record + recordAt.touched, tick);
  const ticks = load32(counting.idleTicks + (protocol << 2));
  if (ticks > 0) link(record, number, tick + ticks);
  else store32(record + recordAt.previous, unlinked);
};
