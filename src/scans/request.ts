import { Problem } from '../core/problem.ts';
import type { ScansConfig } from './config.ts';
import { type Method, methods, type Plan } from './plan.ts';
import { isLoopbackAddress, type Policy } from './policy.ts';
import { readPorts, usualList } from './ports.ts';
import { findTargets, type Resolve } from './targets.ts';

/** What somebody asks for, as it is kept with the scan. */
export type ScanRequest = {
  targets: string[];
  /** A list of ports; the usual ones where nobody says. */
  ports?: string;
  exclude_ports?: string;
  method?: Method;
  rate?: number;
  concurrency?: number;
  retries?: number;
  /** Ask all hosts of ranges, also those that nothing shows to be up. */
  assume_up?: boolean;
  /** Who asks says that he may scan what is outside of private networks. */
  authorised?: boolean;
  name?: string;
};

/** The settings that hold for a plan. */
export type PlanLimits = Pick<ScansConfig, 'rate' | 'addresses' | 'probes' | 'nmap'>;

/** Tries of a silent port besides the first, and connections at once, where nobody says. */
const usualRetries = 2;
const usualConcurrency = 256;

/**
 * Makes a plan of a request: reads ports and targets, looks names up (once: what was judged is what is scanned), asks the policy, and
 * holds it to the limits. Throws `unprocessable`, `denied`.
 */
export async function makePlan(
  request: ScanRequest,
  { config, policy, resolve, seed }: { config: PlanLimits; policy: Policy; resolve: Resolve; seed: number },
): Promise<Plan> {
  const { method = 'connect', concurrency = usualConcurrency, retries = usualRetries, rate = config.rate } = request;
  if (!methods.includes(method))
    throw new Problem('unprocessable', 'There is no such way to scan.', {
      detail: `expected one of ${methods.join(', ')}`,
      pointer: '/method',
    });
  const ports = method === 'discover' ? [] : readPorts(request.ports ?? usualList, request.exclude_ports);
  const targets = await findTargets(request.targets, config.addresses, resolve);
  if (targets.length === 0) throw new Problem('unprocessable', 'There is nothing to scan.', { pointer: '/targets' });
  policy.check(targets, request.authorised === true);
  const probes = targets.length * Math.max(1, ports.length);
  if (probes > config.probes)
    throw new Problem('unprocessable', `A scan asks ${config.probes} ports of all hosts together at most.`, {
      detail: `${targets.length} addresses times ${ports.length} ports are ${probes}`,
      hint: 'the setting scans.probes',
      pointer: '/ports',
    });
  const isHeld = !targets.every(({ address }) => isLoopbackAddress(address));
  return {
    method,
    targets,
    ports,
    concurrency,
    retries,
    ...((isHeld || request.rate !== undefined) && { rate: Math.min(rate, isHeld ? config.rate : rate) }),
    isAssumedUp: request.assume_up === true,
    seed,
    nmap: config.nmap,
  };
}
