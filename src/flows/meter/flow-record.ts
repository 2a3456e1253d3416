/**
 * Where the fields of a live flow lie. A record is 48 int32 words (192 octets, three cache lines) of one buffer that two
 * views share; a field of 64 bits is a double at an even word. The order follows use: a packet of a known flow touches
 * the first two lines, the first packet and the last one all three, and an IPv6 packet too.
 *
 *   record r:  words[r * recordWords + field]      doubles[r * recordDoubles + field64]
 */
export const recordWords = 48;
export const recordDoubles = recordWords / 2;

/** Fields of 32 bits, as offsets in words. `src` and `dst` are those of the forward direction. */
export const field = {
  srcD: 0,
  dstD: 1,
  /** Both port words of the key (see flow-key.ts), source in the upper half. */
  ports: 2,
  /** What else tells one flow from another: see `meta`. Never 0 while the record is in use. */
  meta: 3,
  // 4-5 and 6-7: last and start, in field64
  lastNanos: 8,
  startNanos: 9,
  /** OR of TCP flags, 9 bits forward and 9 reverse, and the bits of `state`. */
  state: 10,
  /** Least TTL in bits 0-7, greatest in 8-15, TOS of the first packet in 16-23, flow flags in 24-29. */
  traits: 11,
  // 12-19: packets and octets of both directions, in field64
  /** Tick of the meter's clock at the last packet, whatever time that packet bore. */
  touched: 20,
  /** Sequence number that follows the highest one seen, for each direction. */
  forwardSequence: 21,
  reverseSequence: 22,
  /** VLAN and interface where they belong to the key: see flow-key.ts. */
  place: 23,
  retransmits: 24,
  /** Neighbours in a slot of the timer wheel, or the next free record. */
  next: 25,
  previous: 26,
  hash: 27,
  reverseNanos: 28,
  part: 29,
  // 30-31: first reverse packet, in field64
  srcA: 32,
  srcB: 33,
  srcC: 34,
  dstA: 35,
  dstB: 36,
  dstC: 37,
  fragments: 38,
  sessionHigh: 39,
  sessionLow: 40,
  /** Sequence number of the forward SYN, where state has `synForward`. */
  firstSequence: 41,
  /** Milliseconds from start to the FIN of the second side or the first RST, where state has `closed`. */
  closedAfterMs: 42,
  /** Microseconds from SYN to SYN+ACK as an unsigned number, where state has `roundTrip`. */
  roundTripUs: 43,
  /** IPv6 flow label in bits 0-19, ICMP code in 20-27, both of the first packet. */
  flowLabel: 44,
  /** Top MPLS label of the first packet, or -1. */
  mplsLabel: 45,
  /** Outermost VLAN id + 1 in the lower half, next in the upper; 0 where absent. */
  vlans: 46,
} as const;

/** Words a record has in the annex, which exists only once tunnels or MAC addresses are kept. */
export const annexWords = 5;

/** Fields of the annex, as offsets in words. */
export const annexField = {
  /** Session id of the carrier, where the tunnel depth is above 0; 0 where the carrier is not known. */
  parentHigh: 0,
  parentLow: 1,
  /** Where state has `macs`: upper 16 bits of both addresses (source in the upper half), then the lower 32 of each. */
  macsHigh: 2,
  srcMacLow: 3,
  dstMacLow: 4,
} as const;

/** Fields of 64 bits, as offsets in doubles. */
export const field64 = {
  /** Seconds since 1970 of the last and of the first packet; the nanoseconds are words. */
  last: 2,
  start: 3,
  packets: 6,
  reversePackets: 7,
  octets: 8,
  reverseOctets: 9,
  /** Seconds of the first reverse packet; before one came, of the SYN that waits for its answer. */
  reverse: 15,
} as const;

/** Bits of the word `meta`. Protocol in bits 0-7, tunnel depth in 12-15, tunnel type in 16-19. */
export const meta = {
  ipv6: 1 << 8,
  /** The ports are not known: the protocol has none, or they were cut off. */
  portless: 1 << 9,
  live: 1 << 10,
  depthShift: 12,
  typeShift: 16,
} as const;

/** Bits of the word `state` above the 18 of the TCP flags. */
export const state = {
  reverseFlagsShift: 9,
  /** A FIN from both sides or a RST was seen. */
  closed: 1 << 18,
  /** The initiator is known: a SYN or a request came from the forward side. */
  initiator: 1 << 19,
  synForward: 1 << 20,
  sequenceForward: 1 << 21,
  sequenceReverse: 1 << 22,
  /** The time of a SYN is kept in the fields of the first reverse packet. */
  synWaits: 1 << 23,
  /** The first reverse packet was a SYN+ACK, and `roundTripUs` is not known yet. */
  answerWaits: 1 << 24,
  roundTrip: 1 << 25,
  /** Fragments whose first one has not come: in no index and no slot, owned by the fragment table. */
  provisional: 1 << 26,
  macs: 1 << 27,
} as const;
