import type { HostResult, PortResult } from './host-result.ts';
import { portsOf } from './host-result.ts';

/** One difference between two scans: a port that one of them did not have open, or that is in another state otherwise. */
export type Change = {
  change: 'opened' | 'closed' | 'changed';
  address: string;
  port: number;
  service: string;
  before: string;
  after: string;
};

/**
 * What is different in `after`. Only ports that both scans asked are compared: one that was not asked is not closed. Hosts that were
 * down have all their ports down, which is a state, too; hosts that one scan did not look at are left out.
 */
export function* changesBetween(before: readonly HostResult[], after: readonly HostResult[]): Generator<Change> {
  const earlier = new Map(before.map((host) => [host.address, host]));
  for (const host of after) {
    const old = earlier.get(host.address);
    if (old !== undefined) yield* changesOf(old, host);
  }
}

function* changesOf(before: HostResult, after: HostResult): Generator<Change> {
  const old = statesOf(before);
  const now = statesOf(after);
  const ports = new Map<number, PortResult | undefined>();
  for (const port of [...old.keys(), ...now.keys()]) ports.set(port, now.get(port) ?? old.get(port));
  for (const port of [...ports.keys()].sort((a, b) => a - b)) {
    const was = old.get(port)?.state ?? absence(before);
    const is = now.get(port)?.state ?? absence(after);
    if (was === undefined || is === undefined || was === is) continue;
    const change = is === 'open' ? 'opened' : was === 'open' ? 'closed' : 'changed';
    yield { change, address: after.address, port, service: ports.get(port)?.service ?? '', before: was, after: is };
  }
}

const statesOf = (host: HostResult): Map<number, PortResult> => new Map([...portsOf([host])].map((row) => [row.port, row]));

/** What a port without a state of its own is on a host: down with it, or not asked. */
const absence = ({ groups, status }: HostResult): string | undefined =>
  groups.length === 0 && (status === 'down' || status === 'no-answer') ? status : undefined;
