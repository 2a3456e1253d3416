/** The end of flows: their records are copied for who writes them (record-batch.ts), and leave the table. */
import { state } from '../flow-record.ts';
import { recordOf, unlink } from './begin.ts';
import { has, icmp, icmpv6, ipv6, mappedWord, portless, recordOctets, tcp, timestampSeconds, unlinked } from './constants.ts';
import { counting, endedAt, recordAt } from './layout.ts';
import { type f64, type i32, load32, loadF64, store32, storeF64 } from './words.ts';

/** 1 where a time can be told in nanoseconds. */
const isTime = (seconds: f64): i32 => (seconds <= timestampSeconds && seconds >= -timestampSeconds ? 1 : 0);

/** Which columns have a value: bits of `has`, but for what the annex alone tells. */
const possessions = (record: i32, metaWord: i32): i32 => {
  const protocol = metaWord & 255;
  const stateWord = load32(record + recordAt.state);
  const vlans = load32(record + recordAt.vlans);
  const bothWays = load32(counting.bothWays);
  let bits = (isTime(loadF64(record + recordAt.start)) * has.start) | (isTime(loadF64(record + recordAt.last)) * has.end);
  if (loadF64(record + recordAt.reversePackets) > 0) bits |= isTime(loadF64(record + recordAt.reverse)) * has.answer;
  if (bothWays) bits |= has.reverse;
  if (protocol === tcp) {
    bits |= has.tcp;
    if (bothWays) bits |= has.reverseTcp;
    if (bothWays && (stateWord & state.roundTrip) !== 0) bits |= has.roundTrip;
  }
  if ((metaWord & portless) === 0) bits |= protocol === icmp || protocol === icmpv6 ? has.icmp : has.ports;
  if ((metaWord & ipv6) !== 0) bits |= has.flowLabel;
  if ((vlans & 0xffff) !== 0) bits |= has.vlan;
  if (vlans >>> 16 !== 0) bits |= has.innerVlan;
  if (load32(record + recordAt.mplsLabel) >= 0) bits |= has.mpls;
  if (load32(record + recordAt.place) >>> 13 !== 0) bits |= has.interface;
  if ((stateWord & state.macs) !== 0) bits |= has.macs;
  return bits;
};

/** Copies a record behind those that have ended before. */
const copy = (record: i32, reason: i32): void => {
  const count = load32(counting.endedCount);
  const to = counting.ended + count * recordOctets;
  const metaWord = load32(record + recordAt.meta);
  let at = 0;
  while (at < recordOctets) {
    storeF64(to + at, loadF64(record + at));
    storeF64(to + at + 8, loadF64(record + at + 8));
    at += 16;
  }
  storeF64(counting.reasons + (reason << 3), loadF64(counting.reasons + (reason << 3)) + 1);
  store32(to + endedAt.reason, reason);
  store32(to + endedAt.has, possessions(record, metaWord));
  store32(counting.endedCount, count + 1);
  if ((metaWord & ipv6) !== 0) return;
  // Only the last word of an IPv4 address is looked at while its flow lives; kept it is IPv4-mapped, ::ffff:a.b.c.d.
  store32(to + recordAt.srcA, 0);
  store32(to + recordAt.srcB, 0);
  store32(to + recordAt.srcC, mappedWord);
  store32(to + recordAt.dstA, 0);
  store32(to + recordAt.dstB, 0);
  store32(to + recordAt.dstC, mappedWord);
};

/** Takes a record out of the index. Each later entry of the run whose way from home leads over the hole moves into it. */
const unindex = (record: i32, number: i32): void => {
  const index = load32(counting.index);
  const mask = load32(counting.mask);
  let hole = load32(record + recordAt.hash) & mask;
  while (load32(index + (hole << 3) + 4) !== number + 1) hole = (hole + 1) & mask;
  let slot = (hole + 1) & mask;
  let entry = load32(index + (slot << 3) + 4);
  while (entry !== 0) {
    const hash = load32(index + (slot << 3));
    if (((slot - (hash & mask)) & mask) >= ((slot - hole) & mask)) {
      store32(index + (hole << 3), hash);
      store32(index + (hole << 3) + 4, entry);
      hole = slot;
    }
    slot = (slot + 1) & mask;
    entry = load32(index + (slot << 3) + 4);
  }
  store32(index + (hole << 3) + 4, 0);
  store32(counting.indexed, load32(counting.indexed) - 1);
};

/** Writes a flow that is over: its record goes on with what follows. There must be room. */
export function write(number: i32, reason: i32): void {
  copy(recordOf(number), reason);
}

/** Writes a flow that is over, and gives its record back. There must be room. */
export function end(number: i32, reason: i32): void {
  const record = recordOf(number);
  copy(record, reason);
  unlink(record);
  unindex(record, number);
  store32(record + recordAt.previous, unlinked);
  store32(record + recordAt.meta, 0);
  store32(record + recordAt.next, load32(counting.free));
  store32(counting.free, number);
  store32(counting.live, load32(counting.live) - 1);
}
