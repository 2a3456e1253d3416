/**
 * Where things lie in the memories of the kernel, as offsets in octets. There is one memory for scanning, which two threads share, and one of
 * each meter's own.
 */
import { batchRows } from '../../batch.ts';
import { field, field64, recordWords } from '../flow-record.ts';
import { detail, line } from '../packet-block.ts';
import { ended } from '../record-batch.ts';

/** What `scan` is told, at the start of its memory. */
export const scanning = {
  /** Where the next line goes, and where the block ends. */
  out: 0,
  outEnd: 4,
  /** Records taken by the last call. */
  taken: 8,
  seed: 12,
  nanosPerTick: 16,
  fractionLimit: 20,
  /** Most octets of a record. */
  recordLimit: 24,
} as const;

/** What `count` is told and tells, at the start of its memory; doubles first. */
export const counting = {
  clockSeconds: 0,
  packets: 8,
  octets: 16,
  activeNs: 24,
  clockNanos: 32,
  outOfOrder: 36,
  tick: 40,
  /** Where the index of the flow table lies, and its slots less one. */
  index: 44,
  mask: 48,
  /** 0 where TCP close ends no flow. */
  closeMs: 52,
  bothWays: 56,
  /** Lines below this address have been looked at: see `warm`. */
  warmed: 60,
  /** Addresses of the records that `warm` reads. */
  entries: 64,
  /** What a session id is computed from: 15 words. */
  session: 192,
  // The flow table: records in use, at most so far, and that were ever; the first free one; those in the index.
  live: 256,
  peak: 260,
  used: 264,
  free: 268,
  indexed: 272,
  maxFlows: 276,
  /** Whether the kernel may begin flows: not where more is kept of their first packet than a line has. */
  opens: 280,
  // The timer wheel (expiry.ts): records in it, ticks that a closed flow waits, and an idle one by protocol (256 words).
  linked: 284,
  closeTicks: 288,
  idleTicks: 2560,
  /** Idle time-outs by protocol, 256 doubles. */
  idleNs: 512,
  /** The first record in each slot of the wheel. */
  heads: 4096,
  /** The block of packets at hand. */
  block: 8192,
  /** Records that have ended since somebody took them, and their number. */
  ended: 8192 + 65_536,
  endedCount: 292,
  /** The records of the flow table. */
  slab: 8192 + 65_536 + batchRows * recordWords * 4,
} as const;

/** Records that an encoder takes at once. */
const encodedRows = 65_536;

/** Where things lie in the memory of an encoder: arrays of words, of `encodedRows` but for the entries, which have four each. */
export const encoding = {
  /** Entries so far. */
  size: 0,
  /** What all records at hand have, and what any of them has: bits of `has`. */
  all: 4,
  any: 8,
  /** The codes + 1 of values of 16 bits; all 0 between two columns. */
  table: 4096,
  /** The places of the records in their order, and of those that have a value. */
  places: 4096 + encodedRows * 4,
  chosen: 4096 + encodedRows * 8,
  levels: 4096 + encodedRows * 12,
  codes: 4096 + encodedRows * 16,
  /** What each record at hand has. */
  possessions: 4096 + encodedRows * 20,
  entries: 4096 + encodedRows * 24,
  records: 4096 + encodedRows * 40,
  end: 4096 + encodedRows * (40 + recordWords * 4),
} as const;

const octetsOf = <Name extends string>(words: Readonly<Record<Name, number>>, size: number): Record<Name, number> =>
  Object.fromEntries(Object.entries<number>(words).map(([name, word]) => [name, word * size])) as Record<Name, number>;

/** Fields of a line, of its detail and of a flow's record in octets. */
export const lineAt = octetsOf(line, 4);
export const detailAt = octetsOf(detail, 4);
export const recordAt = { ...octetsOf(field, 4), ...octetsOf(field64, 8) };
export const endedAt = octetsOf(ended, 4);
