/**
 * What flows can be grouped by: words of the wire, the SQL behind each, and the key that people see. Addresses and networks
 * are grouped as numbers, and only the groups that are shown become text: 10 million flows by the text of their source
 * take DuckDB twice as long.
 */
import { formatAddress, formatPrefix } from '../core/address-parse.ts';
import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import type { Row } from './store/rows.ts';

type Value = Row[string];

/** Buckets of all series together that one question may bring. */
export const mostBuckets = 100_000;

/** How flows fall into groups. */
export type Grouping = {
  /** For each end of a flow that counts, the SQL expressions whose values together make a group; as many for each end. */
  readonly ends: readonly (readonly string[])[];
  /** The key of a group from these values. */
  readonly keyOf: (values: readonly Value[]) => Value;
  /** The same by text, for flows that lack the numbers: any of the values of their groups is NULL. */
  readonly byText?: Grouping;
};

/** A grouping whose values are its keys, for one end or both. */
const plain = (...expressions: string[]): Grouping => ({
  ends: expressions.map((expression) => [expression]),
  keyOf: ([value = null]) => value,
});

type End = 'src' | 'dst';

const halvesOf = (end: End): string[] => [`${end}_addr_hi`, `${end}_addr_lo`];

const computers = (...ends: End[]): Grouping => ({
  ends: ends.map(halvesOf),
  keyOf: ([high, low]) => addressText(high, low),
  byText: plain(...ends.map((end) => `${end}_comp`)),
});

/** Two ends as one key, whichever sent: the numbers of the lesser address stand first, the texts in order of text. */
const pair = (): Grouping => {
  const isForward = '(src_addr_hi < dst_addr_hi OR (src_addr_hi = dst_addr_hi AND src_addr_lo <= dst_addr_lo))';
  const [source, target] = [halvesOf('src'), halvesOf('dst')];
  const either = (first: string[], second: string[]): string[] =>
    first.map((half, at) => `CASE WHEN ${isForward} THEN ${half} ELSE ${second[at]} END`);
  return {
    ends: [[...either(source, target), ...either(target, source)]],
    keyOf: ([high, low, otherHigh, otherLow]) => [addressText(high, low), addressText(otherHigh, otherLow)].sort().join(' '),
    byText: plain(`least(src_comp, dst_comp) || ' ' || greatest(src_comp, dst_comp)`),
  };
};

/** The network of an end: /24 of IPv4 and /64 of IPv6; null for names. */
const networks = (...ends: End[]): Grouping => ({
  ends: ends.map((end) => [
    `CASE WHEN ip_version IN (4, 6) THEN ${end}_addr_hi END`,
    `CASE ip_version WHEN 4 THEN (${end}_addr_lo >> 8) << 8 WHEN 6 THEN 0 END`,
  ]),
  keyOf: ([high, low]) => networkText(high, low),
});

const groupings: Readonly<Record<string, Grouping>> = {
  src_comp: computers('src'),
  dst_comp: computers('dst'),
  host: computers('src', 'dst'),
  src_port: plain('src_port'),
  dst_port: plain('dst_port'),
  port: plain('src_port', 'dst_port'),
  // The lesser number, or the only one; `least` passes over NULL, and is NULL where no end has a number.
  service: plain('least(src_port_num, dst_port_num)'),
  protocol: plain('protocol'),
  pair: pair(),
  src_net: networks('src'),
  dst_net: networks('dst'),
  net: networks('src', 'dst'),
  vlan_id: plain('vlan_id'),
  tos: plain('tos'),
  tcp_flags: plain('tcp_flags | coalesce(rev_tcp_flags, 0)'),
  icmp: plain(`icmp_type || '/' || icmp_code`),
  end_reason: plain('end_reason'),
  source: plain('source_id'),
  exporter: plain('exporter'),
  in_if: plain('in_if'),
  out_if: plain('out_if'),
  src_as: plain('src_as'),
  dst_as: plain('dst_as'),
};

/** The words that `by` takes. */
export const groupingWords = Object.keys(groupings);

/** What a word groups by, or the Problem that names those that exist. */
export const groupingOf = (by: string): Grouping => {
  if (Object.hasOwn(groupings, by)) return groupings[by] as Grouping;
  const near = nearest(by, groupingWords);
  throw new Problem('invalid', `by: expected one of ${groupingWords.join(', ')}, got ${JSON.stringify(by.slice(0, 80))}`, {
    pointer: 'by',
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  });
};

/** IPv4 is kept IPv4-mapped: ::ffff:0:0/96. */
const mapped = 0xffffn;

/** The address of two halves of 64 bits, as streams write it. */
const addressText = (high: Value | undefined, low: Value | undefined): string => {
  const [hi, lo] = [BigInt(high ?? 0), BigInt(low ?? 0)];
  return formatAddress({ version: hi === 0n && lo >> 32n === mapped ? 4 : 6, hi, lo });
};

/** The lower half is that of a /24, or 0 for a /64. */
const networkText = (high: Value | undefined, low: Value | undefined): string | null => {
  if (high === null || low === null) return null;
  const first = { hi: BigInt(high ?? 0), lo: BigInt(low ?? 0) };
  const [version, length] = first.lo === 0n ? ([6, 64] as const) : ([4, 24] as const);
  return formatPrefix({ version, length, first, last: first });
};
