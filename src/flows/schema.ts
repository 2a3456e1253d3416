/**
 * The canonical flow: the one table that every importer fills and every query reads. The first ten columns are the
 * published view that older clients know, in their order and with their names.
 *
 * A Parquet file holds either all columns (`addressed`: captures, flow exports) or the few that data with de-identified
 * computers has (`named`: the LANL sets). A null costs the Parquet writer some 13 ns wherever it stands, so forty
 * columns of them would double the time of a LANL import; `docs/adr/0002-two-shapes.md` has the measurements.
 */
export type ColumnType = 'BIGINT' | 'UBIGINT' | 'UINTEGER' | 'USMALLINT' | 'UTINYINT' | 'VARCHAR' | 'TIMESTAMP_NS' | 'TIMESTAMP';

export type Column = {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether NULL can stand here. */
  readonly nullable: boolean;
  /** Whether files of the shape `named` hold it. */
  readonly named: boolean;
  /** Unit and meaning, for the reference page and the OpenAPI document. */
  readonly doc: string;
};

const column = (name: string, type: ColumnType, doc: string, nullable = true, named = false): Column => ({
  name,
  type,
  nullable,
  named,
  doc,
});
const required = (name: string, type: ColumnType, doc: string): Column => column(name, type, doc, false, true);
const shared = (name: string, type: ColumnType, doc: string): Column => column(name, type, doc, true, true);

export const columns = [
  required('id', 'BIGINT', 'Unique, rising in order of arrival; for a LANL file imported into an empty store the line number.'),
  required('time', 'BIGINT', 'Start in whole seconds: Unix time, or the count of the data set where its origin is not known.'),
  required('duration', 'BIGINT', 'Whole seconds between first and last packet, rounded down.'),
  required('src_comp', 'VARCHAR', 'Source: address as text (IPv6 as RFC 5952 writes it) or the name of the computer.'),
  required('src_port', 'VARCHAR', 'Source port in decimal, or the token of the data set; 0 where the protocol has none.'),
  required('dst_comp', 'VARCHAR', 'Destination, as src_comp.'),
  required('dst_port', 'VARCHAR', 'Destination port, as src_port; for ICMP type * 256 + code.'),
  required('protocol', 'UTINYINT', 'IP protocol number.'),
  required('packet_count', 'UBIGINT', 'Packets from source to destination.'),
  required('byte_count', 'UBIGINT', 'Octets of layer 3 from source to destination.'),
  shared('start_time', 'TIMESTAMP_NS', 'First packet, UTC; null for relative data.'),
  shared('end_time', 'TIMESTAMP_NS', 'Last packet, UTC; null for relative data.'),
  shared('rev_packet_count', 'UBIGINT', 'Packets back; null for a source that saw one direction only, 0 where nothing came back.'),
  shared('rev_byte_count', 'UBIGINT', 'Octets of layer 3 back; null and 0 as rev_packet_count.'),
  required('source_id', 'UINTEGER', 'The import or listener this flow came by.'),
  required('ingested_at', 'TIMESTAMP', 'When Weir took it in (wall clock, UTC).'),
  column('ip_version', 'UTINYINT', '4 or 6.'),
  column('src_addr_hi', 'UBIGINT', 'Upper 64 bits of the source address (IPv4 is kept IPv4-mapped, ::ffff:a.b.c.d).'),
  column('src_addr_lo', 'UBIGINT', 'Lower 64 bits of the source address.'),
  column('dst_addr_hi', 'UBIGINT', 'Upper 64 bits of the destination address.'),
  column('dst_addr_lo', 'UBIGINT', 'Lower 64 bits of the destination address.'),
  column('src_port_num', 'USMALLINT', 'Source port; null for protocols without ports and for tokens.'),
  column('dst_port_num', 'USMALLINT', 'Destination port; null as src_port_num.'),
  column('rev_start_time', 'TIMESTAMP_NS', 'First packet back, UTC.'),
  column('tcp_flags', 'USMALLINT', 'OR of the TCP flags sent (FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128, NS 256).'),
  column('rev_tcp_flags', 'USMALLINT', 'OR of the TCP flags that came back.'),
  column('icmp_type', 'UTINYINT', 'ICMP or ICMPv6 type of the first packet.'),
  column('icmp_code', 'UTINYINT', 'ICMP or ICMPv6 code of the first packet.'),
  column('tos', 'UTINYINT', 'Type of service or traffic class of the first packet.'),
  column('ttl_min', 'UTINYINT', 'Smallest TTL or hop limit seen.'),
  column('ttl_max', 'UTINYINT', 'Greatest TTL or hop limit seen.'),
  column('vlan_id', 'USMALLINT', 'Outermost VLAN id of the first packet.'),
  column('vlan_inner_id', 'USMALLINT', 'Next VLAN id of the first packet.'),
  column('mpls_label', 'UINTEGER', 'Top MPLS label of the first packet.'),
  column('flow_label', 'UINTEGER', 'IPv6 flow label of the first packet.'),
  column('src_mac', 'UBIGINT', 'Source Ethernet address (48 bits); kept only when asked for.'),
  column('dst_mac', 'UBIGINT', 'Destination Ethernet address (48 bits); kept only when asked for.'),
  column('in_if', 'UINTEGER', 'Input interface.'),
  column('out_if', 'UINTEGER', 'Output interface.'),
  column('src_as', 'UINTEGER', 'Source autonomous system.'),
  column('dst_as', 'UINTEGER', 'Destination autonomous system.'),
  column('next_hop', 'VARCHAR', 'Next hop router, address as text.'),
  column('exporter', 'VARCHAR', 'Router that exported the flow, address as text.'),
  column('sampling_rate', 'UINTEGER', 'One packet in so many was looked at; counters are raw.'),
  column('end_reason', 'UTINYINT', 'IPFIX flowEndReason: 1 idle, 2 active, 3 end seen, 4 forced, 5 lack of resources.'),
  column('direction', 'UTINYINT', 'How the forward direction was chosen (RFC 5103 biflowDirection): 0 arbitrary, 1 initiator.'),
  column('tunnel_type', 'UTINYINT', 'How an inner flow was carried; null for outer flows.'),
  column('tunnel_depth', 'UTINYINT', '0 for flows of outer headers, which alone count in totals.'),
  column('session_id', 'UBIGINT', 'Hash of key and first start: joins the parts of a session.'),
  column('parent_session_id', 'UBIGINT', 'session_id of the flow that carried this one.'),
  column('flow_part', 'USMALLINT', '0, 1, 2 ... where the active time-out cut a session.'),
  column('fragments', 'UINTEGER', 'Fragmented packets, both directions.'),
  column('retransmits', 'UINTEGER', 'TCP segments not above the highest sequence number seen, both directions.'),
  column('rtt_us', 'UINTEGER', 'Microseconds from SYN to SYN+ACK.'),
  column(
    'flags',
    'UINTEGER',
    'Bits: 1 truncated, 2 malformed, 4 length inferred, 8 time inferred, 16 sampling unknown, 32 out of order, 64 ingress, 128 egress.',
  ),
] as const satisfies readonly Column[];

export type ColumnName = (typeof columns)[number]['name'];

/** Which columns a file holds: see the paragraph on top. */
export type Shape = 'named' | 'addressed';

/** The columns of a shape, in canonical order. */
export const columnsOf = (shape: Shape): readonly Column[] => (shape === 'addressed' ? columns : columns.filter((c) => c.named));

/** The ten columns of the published view, in its order. */
export const publishedColumns = columns.slice(0, 10).map((c) => c.name);

/**
 * Bits of the column `flags`; the first four are those of `packetFlags`. Ingress and egress tell on which side of a router
 * a flow was metered (IPFIX flowDirection): where both are, everything is there twice.
 */
export const flowFlags = {
  truncated: 1,
  malformed: 2,
  lenInferred: 4,
  timeInferred: 8,
  samplingUnknown: 16,
  outOfOrder: 32,
  ingress: 64,
  egress: 128,
} as const;
