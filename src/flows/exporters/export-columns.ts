/** The columns of a batch that exports fill. */
import type { BatchColumn, FlowBatch } from '../batch.ts';

/** `id`, `source_id`, `ingested_at` and what the ends are called are for who writes the run. */
const names = [
  'time',
  'duration',
  'protocol',
  'packet_count',
  'byte_count',
  'start_time',
  'end_time',
  'rev_packet_count',
  'rev_byte_count',
  'ip_version',
  'src_addr_hi',
  'src_addr_lo',
  'dst_addr_hi',
  'dst_addr_lo',
  'src_port_num',
  'dst_port_num',
  'tcp_flags',
  'rev_tcp_flags',
  'icmp_type',
  'icmp_code',
  'tos',
  'ttl_min',
  'ttl_max',
  'vlan_id',
  'vlan_inner_id',
  'mpls_label',
  'flow_label',
  'src_mac',
  'dst_mac',
  'in_if',
  'out_if',
  'src_as',
  'dst_as',
  'next_hop',
  'exporter',
  'sampling_rate',
  'end_reason',
  'direction',
  'tunnel_depth',
  'fragments',
  'retransmits',
  'rtt_us',
  'flags',
] as const;

/** The columns of one batch, by name. */
export type ExportColumns = Record<(typeof names)[number], BatchColumn>;

export const exportColumnsOf = (batch: FlowBatch): ExportColumns =>
  Object.fromEntries(names.map((name) => [name, batch.column(name)])) as ExportColumns;
