import { formatDuration } from '../../cli/format.ts';
import type { Output } from '../../cli/output.ts';
import type { HostResult, PortResult } from '../host-result.ts';

/** Ports as a table, JSON or CSV. */
export function printPorts(output: Output, ports: readonly PortResult[]): void {
  output.rows(
    ports,
    [
      { title: 'HOST', show: ({ address, name }) => (name === undefined ? address : `${name} (${address})`) },
      { title: 'PORT', align: 'right', show: ({ port }) => String(port) },
      { title: 'STATE', show: ({ state }) => state },
      { title: 'REASON', show: ({ reason }) => reason },
      { title: 'NAME GUESS', show: ({ service }) => service },
    ],
    ['address', 'name', 'port', 'state', 'reason', 'service'],
  );
}

/** Hosts as a table, JSON or CSV: what a look for hosts alone has found. */
export function printHosts(output: Output, hosts: readonly HostResult[]): void {
  output.rows(
    hosts,
    [
      { title: 'HOST', show: ({ address, name }) => (name === undefined ? address : `${name} (${address})`) },
      { title: 'STATUS', show: ({ status }) => status },
      { title: 'REASON', show: ({ reason }) => reason },
      { title: 'HARDWARE', show: ({ mac = '', vendor = '' }) => `${mac} ${vendor}`.trim() },
    ],
    ['address', 'name', 'status', 'reason', 'mac', 'vendor'],
  );
}

/** What stands behind a table of ports: hosts by status, ports by state, and how long it took. */
export function remarkOf({
  hosts,
  states,
  seconds,
}: {
  hosts: Record<string, number>;
  states: Record<string, number>;
  seconds?: number | undefined;
}): string {
  const list = (counts: Record<string, number>) => Object.entries(counts).map(([word, count]) => `${count} ${word}`);
  const took = seconds === undefined ? [] : [`in ${formatDuration(seconds)}`];
  return [`hosts: ${list(hosts).join(', ') || 'none'}`, `ports: ${list(states).join(', ') || 'none'}`, ...took].join('; ');
}

/** Hosts in one line each: how they were judged, and what else is strange about them. */
export function noteHosts(output: Output, hosts: readonly HostResult[]): void {
  for (const { address, status, reason, remark, missing } of hosts) {
    if (status !== 'up') output.note(`${address} is ${status} (${reason})`);
    if (remark !== undefined) output.note(`${address}: ${remark}`);
    if (missing !== undefined) output.note(`${address}: ${missing} ports were not reached`);
  }
}
