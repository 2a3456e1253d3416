import type { NewlyOpen } from '../scans/index.ts';
import type { Tickets } from '../tickets/index.ts';

/** Ports and hosts that one ticket names; the rest are found in the scan. */
const mostPorts = 50;
const mostHosts = 20;

/** Opens a ticket about ports that a scheduled scan found open, and the one before did not. */
export async function ticketOf(tickets: Tickets, { scan, before, user, ports }: NewlyOpen): Promise<{ id: string }> {
  const lines = ports.slice(0, mostPorts).map(({ address, port, service }) => `${address} port ${port} ${service}`.trimEnd());
  const rest = ports.length > mostPorts ? [`and ${ports.length - mostPorts} more`] : [];
  const title = ports.length === 1 ? `Newly open: ${lines[0]}` : `Newly open: ${ports.length} ports`;
  return await tickets.create(
    {
      description: [title, '', ...lines, ...rest, '', `Found by scan ${scan}; scan ${before} did not.`].join('\n'),
      state: 'open',
      severity: 'medium',
      assignee: null,
      labels: ['scan'],
      about: { hosts: [...new Set(ports.map(({ address }) => address))].slice(0, mostHosts), flows: [], scans: [String(scan)], jobs: [] },
    },
    { by: user, via: 'api' },
  );
}
