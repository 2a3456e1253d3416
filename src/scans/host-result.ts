import type { HostScan } from './host-scan.ts';
import { formatPorts, listedPorts } from './ports.ts';
import { serviceOf } from './services.ts';
import { code, findings, type PortState } from './state.ts';

/** Ports of one host that are in the same state for the same reason; `ports` is a list with ranges. */
export type PortGroup = { state: PortState; reason: string; count: number; ports: string };

/** `no-answer` is not `down`: something may drop all that we send. */
export type HostStatus = 'up' | 'down' | 'no-answer' | 'error';

/** What is known of one host. Ports of hosts that are down are not told. */
export type HostResult = {
  address: string;
  name?: string;
  status: HostStatus;
  /** How it was judged so. */
  reason: string;
  /** Smoothed round trip, milliseconds. */
  rtt_ms?: number;
  mac?: string;
  vendor?: string;
  /** Ports that were not reached before the scan ended. */
  missing?: number;
  /** Anything strange about it. */
  remark?: string;
  groups: PortGroup[];
};

/** One port of one host. */
export type PortResult = { address: string; name?: string; port: number; state: PortState; reason: string; service: string };

/** From so many ports on a host that has all of them open is suspect: something in between answers for it. */
const suspectPorts = 100;

/** What a scan by connections has found out about a host; `order` says which port each code is for. */
export function resultOf(host: HostScan, order: Uint16Array): HostResult {
  const { target, verdict, evidence, codes, open } = host;
  const missing = codes.reduce((count, one) => count + (one === code.none ? 1 : 0), 0);
  const rtt = host.roundTrip.smoothedMs;
  return {
    address: target.address,
    ...(target.name !== undefined && { name: target.name }),
    status: verdict?.status ?? (evidence === undefined ? 'no-answer' : 'up'),
    reason: verdict?.reason ?? evidence ?? 'no-answer',
    ...(rtt !== undefined && { rtt_ms: Math.round(rtt * 1000) / 1000 }),
    ...(verdict === undefined && missing > 0 && { missing }),
    ...(open >= suspectPorts && open === codes.length && { remark: 'every port is open: something in between may answer for it' }),
    groups: verdict === undefined ? groupsOf(codes, order) : [],
  };
}

function groupsOf(codes: Uint8Array, order: Uint16Array): PortGroup[] {
  const ports = findings.map((): number[] => []);
  for (let i = 0; i < codes.length; i++) ports[codes[i] as number]?.push(order[i] as number);
  return findings.flatMap(({ state, reason }, found) => {
    const list = ports[found] as number[];
    if (list.length === 0) return [];
    return { state, reason, count: list.length, ports: formatPorts(list.sort((a, b) => a - b)) };
  });
}

/** The ports of some hosts one by one, those of wanted states; each host's rise. */
export function* portsOf(hosts: Iterable<HostResult>, states?: ReadonlySet<string>): Generator<PortResult> {
  for (const { address, name, groups } of hosts) {
    const rows = groups
      .filter(({ state }) => states === undefined || states.has(state))
      .flatMap(({ state, reason, ports }) => listedPorts(ports).map((port) => ({ port, state, reason })));
    rows.sort((a, b) => a.port - b.port);
    for (const row of rows) yield { address, ...(name !== undefined && { name }), ...row, service: serviceOf(row.port) };
  }
}

/** How many ports of some hosts are in each state. */
export function countStates(hosts: Iterable<HostResult>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { groups } of hosts) for (const { state, count } of groups) counts[state] = (counts[state] ?? 0) + count;
  return counts;
}
