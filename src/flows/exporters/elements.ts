/**
 * What the decoder takes out of a record. Each value has a slot, and each slot the information elements that can fill it,
 * best first: a template that has both a delta and a total counter is read by the delta. Numbers are those of IANA's IPFIX
 * registry, which begin with the field types of NetFlow v9 (RFC 3954 section 8); reverse ones are RFC 5103's.
 */

/** An element as one number: enterprise * 65536 + id; IANA's own have enterprise 0. */
export type ElementKey = number;

export const elementKey = (enterprise: number, id: number): ElementKey => enterprise * 65_536 + id;

/** Element `id` of the other direction (RFC 5103 section 6.1). */
const reverse = (id: number): ElementKey => elementKey(29_305, id);

/** How the octets of a slot are read; decides which lengths make sense. */
type SlotKind = 'number' | 'ipv4' | 'ipv6' | 'mac' | 'fraction' | 'octets';

type SlotDefinition = { readonly kind: SlotKind; readonly elements: readonly ElementKey[] };

const number = (...elements: ElementKey[]): SlotDefinition => ({ kind: 'number', elements });
const of = (kind: SlotKind, ...elements: ElementKey[]): SlotDefinition => ({ kind, elements });

const definitions = {
  src4: of('ipv4', 8),
  dst4: of('ipv4', 12),
  src6: of('ipv6', 27),
  dst6: of('ipv6', 28),
  ipVersion: number(60),
  srcPort: number(7, 180, 182),
  dstPort: number(11, 181, 183),
  protocol: number(4),
  // Of counters the delta is best, then the total, those of firewalls (initiator, ASA), and those of the way out.
  packets: number(2, 86, 298, 24),
  octets: number(1, 85, 231, 23, 352),
  reversePackets: number(reverse(2), reverse(86), 299),
  reverseOctets: number(reverse(1), reverse(85), 232, reverse(352)),
  outPackets: number(24),
  outOctets: number(23),
  tcpFlags: number(6),
  reverseTcpFlags: number(reverse(6)),
  tos: number(5),
  dscp: number(195),
  icmpTypeCode: number(32, 139),
  icmpType: number(176, 178),
  icmpCode: number(177, 179),
  inInterface: number(10, 252),
  outInterface: number(14, 253),
  srcAs: number(16),
  dstAs: number(17),
  nextHop4: of('ipv4', 15, 18),
  nextHop6: of('ipv6', 62, 63),
  vlan: number(58, 243, 59, 254),
  innerVlan: number(245),
  srcMac: of('mac', 56, 81),
  dstMac: of('mac', 80, 57),
  mplsTop: number(70),
  flowLabel: number(31),
  ttlMin: number(52, 192),
  ttlMax: number(53, 192),
  endReason: number(136),
  flowDirection: number(61),
  biflowDirection: number(239),
  fragments: number(),
  retransmits: number(),
  roundTrip: number(),
  startUptime: number(22),
  endUptime: number(21),
  startSeconds: number(150),
  endSeconds: number(151),
  startMilliseconds: number(152),
  endMilliseconds: number(153),
  startMicroseconds: of('fraction', 154),
  endMicroseconds: of('fraction', 155),
  startNanoseconds: of('fraction', 156),
  endNanoseconds: of('fraction', 157),
  startDelta: number(158),
  endDelta: number(159),
  observedMilliseconds: number(323),
  observedSeconds: number(322),
  bootMilliseconds: number(160),
  durationMilliseconds: number(161),
  durationMicroseconds: number(162),
  sampler: number(48, 302),
  samplingInterval: number(34, 50),
  packetInterval: number(305),
  packetSpace: number(306),
  samplingSize: number(309),
  samplingPopulation: number(310),
  frame: of('octets', 315, 104),
  frameType: number(408),
  ipPacket: of('octets', 313),
  interfaceName: of('octets', 82),
} as const satisfies Record<string, SlotDefinition>;

export type SlotName = keyof typeof definitions;

/** Names of all slots; a slot is its place here. */
export const slotNames = Object.keys(definitions) as SlotName[];

/** The slot of each name. */
export const slot = Object.fromEntries(slotNames.map((name, at) => [name, at])) as Record<SlotName, number>;

/** A slot that an element can fill; the smaller the rank, the better it does. */
export type SlotUse = { readonly slot: number; readonly rank: number };

/** Which slots each element can fill. A mapping file adds to it. */
export type ElementTable = ReadonlyMap<ElementKey, readonly SlotUse[]>;

const buildTable = (): ElementTable => {
  const table = new Map<ElementKey, SlotUse[]>();
  for (const [at, name] of slotNames.entries()) {
    for (const [rank, element] of definitions[name].elements.entries()) {
      table.set(element, [...(table.get(element) ?? []), { slot: at, rank }]);
    }
  }
  return table;
};

/** The elements that Weir knows by itself. */
export const knownElements: ElementTable = buildTable();

/** Whether a field of that many octets can fill a slot; 65535 is a field of variable length. */
export const fits = (at: number, length: number): boolean => {
  const { kind } = definitions[slotNames[at] as SlotName];
  if (kind === 'octets') return length > 0;
  if (kind === 'ipv4') return length === 4;
  if (kind === 'ipv6') return length === 16;
  if (kind === 'mac') return length === 6;
  if (kind === 'fraction') return length === 8;
  return length >= 1 && length <= 8;
};

/** Columns that a mapping file can name, and the slot of each. */
export const mappedColumns: Readonly<Record<string, SlotName>> = {
  src_addr: 'src4',
  dst_addr: 'dst4',
  src_port: 'srcPort',
  dst_port: 'dstPort',
  protocol: 'protocol',
  packet_count: 'packets',
  byte_count: 'octets',
  rev_packet_count: 'reversePackets',
  rev_byte_count: 'reverseOctets',
  tcp_flags: 'tcpFlags',
  rev_tcp_flags: 'reverseTcpFlags',
  tos: 'tos',
  icmp_type: 'icmpType',
  icmp_code: 'icmpCode',
  in_if: 'inInterface',
  out_if: 'outInterface',
  src_as: 'srcAs',
  dst_as: 'dstAs',
  vlan_id: 'vlan',
  vlan_inner_id: 'innerVlan',
  flow_label: 'flowLabel',
  ttl_min: 'ttlMin',
  ttl_max: 'ttlMax',
  end_reason: 'endReason',
  direction: 'biflowDirection',
  fragments: 'fragments',
  retransmits: 'retransmits',
  rtt_us: 'roundTrip',
  sampling_rate: 'samplingInterval',
};
