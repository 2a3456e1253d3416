/**
 * Link types of capture files (the LINKTYPE registry of tcpdump.org) that Weir opens. Numbers are those stored in files;
 * a few exist twice since old writers stored their system's DLT number (RAW).
 */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  slip: 8,
  ppp: 9,
  fddi: 10,
  rawBsd: 12,
  rawOpenBsd: 14,
  pppHdlc: 50,
  pppEthernet: 51,
  atmRfc1483: 100,
  raw: 101,
  ciscoHdlc: 104,
  ieee80211: 105,
  frameRelay: 107,
  loop: 108,
  enc: 109,
  linuxSll: 113,
  pflog: 117,
  ieee80211Prism: 119,
  ieee80211Radiotap: 127,
  ieee80211Avs: 163,
  ppi: 192,
  pppWithDirection: 204,
  ciscoHdlcWithDirection: 205,
  frameRelayWithDirection: 206,
  mpls: 219,
  ipnet: 226,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  pktap: 258,
  linuxSll2: 276,
} as const;

/** Stands for "the section declares no such interface": `decode` answers `undeclared_interface`. */
export const undeclaredLink = -1;

const names = new Map<number, string>(Object.entries(linkTypes).map(([name, number]) => [number, name]));

/** A link type for people: `ethernet (1)`, or `unknown (160)`. */
export function describeLink(linkType: number): string {
  return `${names.get(linkType) ?? 'unknown'} (${linkType})`;
}

/** Whether `decode` can open frames of this link type. */
export function isKnownLink(linkType: number): boolean {
  return names.has(linkType);
}

/** One interface of a capture. Classic files have exactly one. Lives as long as its reader; counters move while reading. */
export class CaptureInterface {
  /** Index within its section, and number of the section, both from 0. */
  readonly index: number;
  readonly section: number;
  readonly linkType: number;
  /** Most octets kept of a packet; 0 is no limit. Informational: writers get it wrong. */
  readonly snapLength: number;
  /** Octets of frame check sequence at the end of each frame. */
  fcsOctets = 0;
  name = '';
  description = '';
  filter = '';
  /** Ticks a second of its time stamps; above 10^9 or a power of two only in pcapng. */
  ticksPerSecond = 1_000_000n;
  /** Seconds to add to each time stamp (if_tsoffset). */
  offsetSeconds = 0;
  packets = 0;
  /** Packets that the interface received and dropped while capturing, as the file tells; -1 where it does not. */
  received = -1;
  dropped = -1;

  constructor(index: number, section: number, linkType: number, snapLength: number) {
    this.index = index;
    this.section = section;
    this.linkType = linkType;
    this.snapLength = snapLength;
  }
}
