/** Words that stand for numbers. The first word of a number is the one that `formatFilter` writes. */
import { tunnelTypes } from '../../packets/index.ts';
import { flowFlags } from '../schema.ts';

export type Names = ReadonlyMap<string, number>;

const named = (entries: readonly (readonly [number, string])[]): Names =>
  new Map(entries.flatMap(([number, words]) => words.split(' ').map((word) => [word, number] as const)));

/** IANA protocol numbers; each word is also a filter of its own. */
export const protocolNames = named([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipip'],
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [41, '6in4'],
  [46, 'rsvp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmp6 icmpv6'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [103, 'pim'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** Words for an IP version; each is a filter of its own. */
export const versionNames = named([
  [4, 'ipv4 inet inet4 ip4'],
  [6, 'ipv6 inet6 ip6'],
]);

/** The column `tunnel_type`, in the words of the packet decoder with blanks as hyphens. */
export const tunnelNames: Names = new Map(
  Object.entries(tunnelTypes).flatMap(([word, number]) => (number === 0 ? [] : [[hyphenate(word), number] as const])),
);

/** RFC 5103 biflowDirection. */
export const directionNames = named([
  [0, 'arbitrary'],
  [1, 'initiator'],
]);

/** IPFIX flowEndReason (element 136). */
export const endReasonNames = named([
  [1, 'idle'],
  [2, 'active'],
  [3, 'closed'],
  [4, 'forced'],
  [5, 'exhausted'],
]);

/** Bits of the column `flags`. */
export const markNames: Names = new Map(Object.entries(flowFlags).map(([word, bit]) => [hyphenate(word), bit] as const));

/** TCP flags by letter, as nfdump writes them, with E and C (RFC 3168), N (RFC 3540), and X for all six of RFC 793. */
export const flagLetters: ReadonlyMap<string, number> = new Map([
  ['F', 1],
  ['S', 2],
  ['R', 4],
  ['P', 8],
  ['A', 16],
  ['U', 32],
  ['E', 64],
  ['C', 128],
  ['N', 256],
  ['X', 63],
]);

/** The word that `formatFilter` writes for a number. */
export const nameOf = (names: Names, number: bigint): string | undefined => {
  for (const [word, value] of names) if (BigInt(value) === number) return word;
  return undefined;
};

function hyphenate(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
