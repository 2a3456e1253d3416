/**
 * Where things lie in the memories of the kernel, as offsets in octets. There is one memory for scanning, which two threads share, and one of
 * each meter's own.
 */
import { ipv6TextOctets } from '../../../core/address.ts';
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
  /** Whether a ping and its answer are one flow: see flow-key.ts. */
  bothWays: 28,
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
  /** How many there may be. */
  endedRoom: 296,
  /** Where the flows are noted that are due. */
  due: 300,
  /** Flows that have ended, by reason: doubles. */
  reasons: 304,
  /** The records of the flow table. */
  slab: 8192 + 65_536 + batchRows * recordWords * 4,
} as const;

/** Records that an encoder takes at once. */
const encodedRows = 65_536;

/** Places in a memory for things of so many octets, one behind the other. */
const laidOut = <Name extends string>(sizes: Readonly<Record<Name, number>>, from: number): Record<Name | 'end', number> => {
  let end = from;
  const places = Object.entries<number>(sizes).map(([name, size]) => {
    end += size;
    return [name, end - size];
  });
  return { ...(Object.fromEntries(places) as Record<Name, number>), end };
};

/** Octets from one pair of fields of all records to the next. Those of one record shall not all share a place in the cache. */
const stride = encodedRows * 8 + 64;

/** Where things lie in the memory of an encoder: arrays of words where nothing else is said. */
export const encoding = {
  /** Entries so far, and whether some of them are in `slots`. */
  size: 0,
  isHashed: 4,
  /** What all records at hand have, and what any of them has: bits of `has`. */
  all: 8,
  any: 12,
  /** The least and the greatest of what was gathered (doubles), and the numbers, or the places of the texts, of the least and the greatest of what was written. */
  least: 16,
  most: 24,
  leastAt: 32,
  mostAt: 36,
  stride,
  /** Slots of the hash table of codes, less one. */
  lastSlot: encodedRows * 2 - 1,
  ...laidOut(
    {
      /** The codes + 1 of values of 16 bits, and of others by hash; all 0 between two columns. */
      table: 65_536 * 4,
      slots: encodedRows * 8,
      /** What has a code: four words, and an octet beside them. */
      entries: encodedRows * 16,
      tags: encodedRows,
      codes: encodedRows * 4,
      /** The places of the records in their order, and of those that have a value. */
      places: encodedRows * 4,
      chosen: encodedRows * 4,
      levels: encodedRows * 4,
      /** What each record at hand has. */
      possessions: encodedRows * 4,
      /** What was gathered, as doubles, and what is left of the times below a microsecond. */
      values: encodedRows * 8,
      remainders: encodedRows * 4,
      /** Differences of a block as doubles, and what is left of them. */
      differences: 128 * 8,
      block: 128 * 4,
      /** What was written: numbers of 64 bits, or differences of 32 bits with the heads of their blocks. */
      page: encodedRows * 8 + 65_536,
      /** Texts of addresses or ports, each behind its length. */
      names: encodedRows * (4 + ipv6TextOctets),
      /** Codes or levels in few bits. */
      packed: encodedRows * 2 + 64,
      /** Records on their way in. */
      batch: batchRows * recordWords * 4,
      /** The records, pair of fields by pair of fields. */
      records: stride * (recordWords / 2),
    },
    4096,
  ),
};

const octetsOf = <Name extends string>(words: Readonly<Record<Name, number>>, size: number): Record<Name, number> =>
  Object.fromEntries(Object.entries<number>(words).map(([name, word]) => [name, word * size])) as Record<Name, number>;

/** Fields of a line, of its detail and of a flow's record in octets. */
export const lineAt = octetsOf(line, 4);
export const detailAt = octetsOf(detail, 4);
export const recordAt = { ...octetsOf(field, 4), ...octetsOf(field64, 8) };
export const endedAt = octetsOf(ended, 4);
