/**
 * One decoded packet: the scratch that `decode` fills and the meter reads. A single instance is reused for every packet
 * of a file, so a consumer copies what it keeps. All fields are numbers, so that filling it allocates nothing.
 *
 * Addresses are four int32 words, most significant first; IPv4 is kept IPv4-mapped (RFC 4291 section 2.5.5.2):
 * a = 0, b = 0, c = 0xffff, d = the address. `ipVersion` tells the two apart.
 */
export class Packet {
  /** Seconds since 1970; may pass 2^32 (pcapng), may be negative with if_tsoffset. */
  seconds = 0;
  /** Nanoseconds within the second, 0 to 999,999,999. */
  nanos = 0;
  /** Octets of the frame that are in the file, and that were on the wire. */
  captured = 0;
  original = 0;
  /** Index of the capture interface within its section (pcapng), 0 for classic pcap. */
  interfaceIndex = 0;
  /** Octets of frame check sequence that end the frame and belong to no layer above: 0, 2 or 4 as a rule. */
  fcsOctets = 0;

  /** Ethertype of the last link header; 0 where the link has none (802.3 with LLC, raw IP). Tells what a non-IP frame was. */
  etherType = 0;
  /** Link headers opened so far, tags and labels included: the bound that keeps hostile nesting finite. */
  linkHeaders = 0;

  /** 4 or 6, or 0 before an IP header was found. */
  ipVersion = 0;
  /** Where the IP header starts in the buffer. */
  networkOffset = 0;
  /** Octets of layer 3 from the IP header (IPv6: payload length + 40); see LEN_INFERRED for the exception. */
  octets = 0;
  srcA = 0;
  srcB = 0;
  srcC = 0;
  srcD = 0;
  dstA = 0;
  dstB = 0;
  dstC = 0;
  dstD = 0;
  /** Upper protocol after the IPv6 extension headers. */
  protocol = 0;
  /** 0 to 65535, or -1 where the protocol has none or they were cut off or this is a later fragment. */
  srcPort = -1;
  dstPort = -1;
  /** TCP flags, 9 bits (NS = 0x100); 0 for other protocols. */
  tcpFlags = 0;
  /** TCP sequence number and acknowledgement as int32, and octets of TCP payload by the IP length. */
  tcpSequence = 0;
  tcpAcknowledgement = 0;
  tcpPayload = 0;
  /** 0 to 255, or -1 when this is not ICMP/ICMPv6 or was cut off. */
  icmpType = -1;
  icmpCode = -1;
  /** Identifier of echo-like ICMP messages, or -1. */
  icmpIdentifier = -1;
  /** IPv4 TOS octet or IPv6 traffic class; TTL or hop limit; IPv6 flow label (0 for IPv4). */
  tos = 0;
  ttl = 0;
  flowLabel = 0;

  /** Fragment offset in octets; `moreFragments` 0 or 1; `identification` int32. An atomic fragment is not a fragment. */
  isFragment = 0;
  fragmentOffset = 0;
  moreFragments = 0;
  identification = 0;

  /** Outermost and next VLAN id (0 to 4095), top MPLS label; -1 where absent. */
  vlanId = -1;
  vlanInnerId = -1;
  mplsLabel = -1;
  /** 48-bit Ethernet addresses as exact numbers, or -1. */
  srcMac = -1;
  dstMac = -1;

  /** OR of `packetFlags`. */
  flags = 0;
  /** 0 for the outer header; 1, 2 ... for packets found inside tunnels (only when asked for). */
  tunnelDepth = 0;
  /** One of `tunnelTypes` for an inner packet, else 0. */
  tunnelType = 0;
  /** Where layer 4 payload starts in the buffer and how many captured octets of it there are: for tunnels and dissection. */
  payloadOffset = 0;
  payloadLength = 0;
}

/** Bits of `Packet.flags` and, for the first three, of the flow column `flags`. */
export const packetFlags = {
  /** The capture was cut inside the transport header: ports, flags or type are missing. */
  truncated: 1,
  /** A length in the headers contradicts the frame. */
  malformed: 2,
  /** The IP length was 0 (GSO, TSO, jumbogram): octets come from the length of the frame. */
  lenInferred: 4,
  /** The time stamp was missing (pcapng simple packet) or out of rule and was inferred. */
  timeInferred: 8,
} as const;

/** Values of the flow column `tunnel_type`. */
export const tunnelTypes = {
  none: 0,
  ipip: 1,
  sixInFour: 2,
  gre: 3,
  erspan: 4,
  vxlan: 5,
  geneve: 6,
  gtpu: 7,
  teredo: 8,
  mplsInUdp: 9,
  l2tp: 10,
  ipInIpv6: 11,
  etherip: 12,
} as const;

/** What became of a packet: 0 is decoded, anything else is the reason why it makes no flow. The order is the index into counters. */
export const outcomes = ['decoded', 'non_ip', 'truncated', 'malformed', 'unknown_link', 'undeclared_interface', 'encrypted'] as const;
export type Outcome = (typeof outcomes)[number];

/** The same as names for code: `outcomes[outcome.nonIp]` is 'non_ip'. */
export const outcome = { decoded: 0, nonIp: 1, truncated: 2, malformed: 3, unknownLink: 4, undeclaredInterface: 5, encrypted: 6 } as const;

/** Why a header of `need` octets at `offset` is not whole: the capture cut it, or the frame never had room for it. */
export function missing(offset: number, need: number, wireEnd: number): number {
  return wireEnd - offset >= need ? outcome.truncated : outcome.malformed;
}
