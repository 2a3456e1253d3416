import { lookup } from 'node:dns/promises';
import { onInterrupt } from '../../cli/interrupt.ts';
import type { Output } from '../../cli/output.ts';
import { usual } from '../defaults.ts';
import { countStates, type HostResult, portsOf } from '../host-result.ts';
import { Policy } from '../policy.ts';
import { makePlan, type ScanRequest } from '../request.ts';
import { runPlan } from '../run-plan.ts';
import { noteHosts, printHosts, printPorts, remarkOf } from './print.ts';
import { ProgressLine } from './progress-line.ts';

/** Scans from this host, without a server: the same rules, and nothing is kept. Ctrl-C prints what was found by then. */
export async function runDirect(
  output: Output,
  request: ScanRequest,
  { allow, isAll }: { allow: string[]; isAll: boolean },
): Promise<void> {
  const plan = await makePlan(request, {
    config: usual,
    policy: new Policy(allow),
    resolve: (name) => lookup(name, { all: true }),
    seed: 1,
  });
  const begun = performance.now();
  const hosts: HostResult[] = [];
  const line = new ProgressLine(output);
  const stop = new AbortController();
  const forget = onInterrupt(() => stop.abort());
  try {
    const listener = {
      signal: stop.signal,
      onHosts: (found: HostResult[]) => void hosts.push(...found),
      onProgress: (progress: { done: number; total: number; open: number }) => line.show({ progress }),
    };
    await runPlan(plan, listener);
  } finally {
    line.end();
    forget();
  }
  hosts.sort((a, b) => a.address.localeCompare(b.address, 'en', { numeric: true }));
  if (plan.method === 'discover') printHosts(output, hosts);
  else {
    printPorts(output, [...portsOf(hosts, isAll ? undefined : new Set(['open']))]);
    noteHosts(output, hosts.slice(0, 100));
  }
  const counts: Record<string, number> = {};
  for (const { status } of hosts) counts[status] = (counts[status] ?? 0) + 1;
  output.note(remarkOf({ hosts: counts, states: countStates(hosts), seconds: (performance.now() - begun) / 1000 }));
}
