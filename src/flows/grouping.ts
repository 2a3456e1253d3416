/** What flows can be grouped by: words of the wire and the SQL behind each. */
import { Problem } from '../core/problem.ts';

/** What flows can be grouped by: an SQL expression, and whether both ends of a flow count. */
const groupings: Record<string, { keys: string[] }> = {
  src_comp: { keys: ['src_comp'] },
  dst_comp: { keys: ['dst_comp'] },
  host: { keys: ['src_comp', 'dst_comp'] },
  src_port: { keys: ['src_port'] },
  dst_port: { keys: ['dst_port'] },
  port: { keys: ['src_port', 'dst_port'] },
  service: { keys: ['least(coalesce(src_port_num, 65536), coalesce(dst_port_num, 65536))'] },
  protocol: { keys: ['protocol'] },
  pair: { keys: [`least(src_comp, dst_comp) || ' ' || greatest(src_comp, dst_comp)`] },
  src_net: { keys: [netOf('src')] },
  dst_net: { keys: [netOf('dst')] },
  net: { keys: [netOf('src'), netOf('dst')] },
  vlan_id: { keys: ['vlan_id'] },
  tos: { keys: ['tos'] },
  tcp_flags: { keys: ['tcp_flags | coalesce(rev_tcp_flags, 0)'] },
  icmp: { keys: [`icmp_type || '/' || icmp_code`] },
  end_reason: { keys: ['end_reason'] },
  source: { keys: ['source_id'] },
  exporter: { keys: ['exporter'] },
  in_if: { keys: ['in_if'] },
  out_if: { keys: ['out_if'] },
  src_as: { keys: ['src_as'] },
  dst_as: { keys: ['dst_as'] },
};

/** The words that `by` takes. */
export const groupingWords = Object.keys(groupings);

/**
 * The network of an end: /24 of IPv4 and /64 of IPv6, as text; null for names. The lower four groups of a /64 are 0, so
 * the run that RFC 5952 (section 4.2.3) shortens is always the last one, with the zero groups that stand before it.
 */
function netOf(end: 'src' | 'dst'): string {
  const low = `${end}_addr_lo`;
  const high = `${end}_addr_hi`;
  const octet = (shift: number): string => `((${low} >> ${shift}) & 255)`;
  const group = (shift: number): string => `printf('%x', CAST((${high} >> ${shift}) & 65535 AS INTEGER))`;
  const v4 = `concat(${octet(24)}, '.', ${octet(16)}, '.', ${octet(8)}, '.0/24')`;
  const v6 = `regexp_replace(concat(${[48, 32, 16, 0].map(group).join(`, ':', `)}, '::/64'), '(^0)?(:0)*::/64$', '::/64')`;
  return `CASE ip_version WHEN 4 THEN ${v4} WHEN 6 THEN ${v6} END`;
}

/** A key as SQL, or the Problem that names those that exist. */
export const groupingOf = (by: string): { keys: string[] } => {
  const found = groupings[by];
  if (found !== undefined) return found;
  throw new Problem('invalid', `expected one of ${groupingWords.join(', ')} for by, got ${JSON.stringify(by)}`, { pointer: 'by' });
};
