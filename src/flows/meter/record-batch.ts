/**
 * Ended flows, as the records that they were: what the meter writes and what becomes a column only where it is stored. A record is copied as a
 * whole, and words that mean nothing any more once the flow is over tell how it ended, what it has, and what was in the annex.
 *
 *   buffer:  | record 0, as in flow-record.ts | record 1 | ... |
 */
import { batchRows } from '../batch.ts';
import { timestampSeconds } from '../cell.ts';
import { protocols } from './flow-key.ts';
import { annexField, annexWords, field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';

/** What an ended record has in the place of other fields, as offsets in words. */
export const ended = {
  /** IPFIX flowEndReason. */
  reason: field.next,
  /** Which columns have a value: see `has`. */
  has: field.previous,
  parentHigh: field.forwardSequence,
  parentLow: field.reverseSequence,
  macsHigh: field.hash,
  srcMacLow: field.firstSequence,
  dstMacLow: field.closedAfterMs,
} as const;

/** What a flow may or may not have, as bits of `ended.has`. */
export const has = {
  start: 1 << 0,
  end: 1 << 1,
  /** A packet came back. */
  answer: 1 << 2,
  /** The meter looks at both directions. */
  reverse: 1 << 3,
  tcp: 1 << 4,
  reverseTcp: 1 << 5,
  roundTrip: 1 << 6,
  ports: 1 << 7,
  icmp: 1 << 8,
  flowLabel: 1 << 9,
  vlan: 1 << 10,
  innerVlan: 1 << 11,
  mpls: 1 << 12,
  interface: 1 << 13,
  macs: 1 << 14,
  tunnel: 1 << 15,
  parent: 1 << 16,
} as const;

const mappedWord = 0xffff;

export class RecordBatch {
  readonly shape = 'record';
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** Records so far, 0 to `batchRows`. */
  count: number;

  constructor(buffer = new ArrayBuffer(batchRows * recordWords * 4), count = 0) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.count = count;
  }

  get isFull(): boolean {
    return this.count === batchRows;
  }

  /** The same batch, empty. */
  emptied(): this {
    this.count = 0;
    return this;
  }

  /** Adds a record of a table as it ends; there must be room. `reason` is an IPFIX flowEndReason. */
  add(table: FlowTable, record: number, reason: number, isBiflow: boolean): void {
    const { words } = this;
    const from = table.words;
    const at = this.count++ * recordWords;
    const source = record * recordWords;
    for (let word = 0; word < recordWords; word++) words[at + word] = from[source + word]!;
    words[at + ended.reason] = reason;
    words[at + ended.has] = this.#possessions(at, isBiflow);
    if ((words[at + field.meta]! & meta.ipv6) === 0) setMapped(words, at);
    if ((words[at + ended.has]! & (has.macs | has.tunnel)) !== 0) this.#addAnnex(at, table.annex, record * annexWords);
  }

  #possessions(at: number, isBiflow: boolean): number {
    const { words } = this;
    const metaWord = words[at + field.meta]!;
    const stateWord = words[at + field.state]!;
    const vlans = words[at + field.vlans]!;
    let bits = this.#timesOf((at / recordWords) * recordDoubles);
    if (isBiflow) bits |= has.reverse;
    const protocol = metaWord & 255;
    if (protocol === protocols.tcp) {
      bits |= has.tcp;
      if (isBiflow) bits |= has.reverseTcp | ((stateWord & state.roundTrip) !== 0 ? has.roundTrip : 0);
    }
    const isIcmp = protocol === protocols.icmp || protocol === protocols.icmpv6;
    if ((metaWord & meta.portless) === 0) bits |= isIcmp ? has.icmp : has.ports;
    if ((metaWord & meta.ipv6) !== 0) bits |= has.flowLabel;
    if ((vlans & 0xffff) !== 0) bits |= has.vlan;
    if (vlans >>> 16 !== 0) bits |= has.innerVlan;
    if (words[at + field.mplsLabel]! >= 0) bits |= has.mpls;
    if (words[at + field.place]! >>> 13 !== 0) bits |= has.interface;
    if ((stateWord & state.macs) !== 0) bits |= has.macs;
    if (((metaWord >>> meta.depthShift) & 15) !== 0) bits |= has.tunnel;
    return bits;
  }

  /** A time outside of its column's range is NULL; `time` has its seconds all the same. */
  #timesOf(at: number): number {
    const { doubles } = this;
    let bits = 0;
    if (Math.abs(doubles[at + field64.start]!) <= timestampSeconds) bits |= has.start;
    if (Math.abs(doubles[at + field64.last]!) <= timestampSeconds) bits |= has.end;
    if (doubles[at + field64.reversePackets]! > 0 && Math.abs(doubles[at + field64.reverse]!) <= timestampSeconds) bits |= has.answer;
    return bits;
  }

  #addAnnex(at: number, annex: Int32Array, from: number): void {
    const { words } = this;
    words[at + ended.macsHigh] = annex[from + annexField.macsHigh]!;
    words[at + ended.srcMacLow] = annex[from + annexField.srcMacLow]!;
    words[at + ended.dstMacLow] = annex[from + annexField.dstMacLow]!;
    if ((words[at + ended.has]! & has.tunnel) === 0) return;
    words[at + ended.parentHigh] = annex[from + annexField.parentHigh]!;
    words[at + ended.parentLow] = annex[from + annexField.parentLow]!;
    if ((words[at + ended.parentHigh]! | words[at + ended.parentLow]!) !== 0) words[at + ended.has]! |= has.parent;
  }
}

/** An IPv4 address is kept IPv4-mapped, ::ffff:a.b.c.d; only its last word is looked at while the flow lives. */
const setMapped = (words: Int32Array, at: number): void => {
  words[at + field.srcA] = 0;
  words[at + field.srcB] = 0;
  words[at + field.srcC] = mappedWord;
  words[at + field.dstA] = 0;
  words[at + field.dstB] = 0;
  words[at + field.dstC] = mappedWord;
};
