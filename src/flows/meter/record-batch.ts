/**
 * Ended flows, as the records that they were: what the meter writes and what becomes a column only where it is stored. A record is copied as a
 * whole, and words that mean nothing any more once the flow is over tell how it ended, what it has, and what was in the annex.
 *
 *   buffer:  | record 0, as in flow-record.ts | record 1 | ... |
 */
import { batchRows } from '../batch.ts';
import { annexField, field, meta, recordWords } from './flow-record.ts';

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

/** The third word of an IPv4 address that is kept IPv4-mapped. */
export const mappedWord = 0xffff;

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

  /** Adds copies of records that have ended; there must be room. */
  append(words: Int32Array): void {
    this.words.set(words, this.count * recordWords);
    this.count += words.length / recordWords;
  }
}

/** What an ended record at a word takes over from the annex, which begins for it at `from`. */
export const takeAnnex = (words: Int32Array, at: number, annex: Int32Array, from: number): void => {
  words[at + ended.macsHigh] = annex[from + annexField.macsHigh]!;
  words[at + ended.srcMacLow] = annex[from + annexField.srcMacLow]!;
  words[at + ended.dstMacLow] = annex[from + annexField.dstMacLow]!;
  if (((words[at + field.meta]! >>> meta.depthShift) & 15) === 0) return;
  words[at + ended.has]! |= has.tunnel;
  const high = annex[from + annexField.parentHigh]!;
  const low = annex[from + annexField.parentLow]!;
  words[at + ended.parentHigh] = high;
  words[at + ended.parentLow] = low;
  if ((high | low) !== 0) words[at + ended.has]! |= has.parent;
};
