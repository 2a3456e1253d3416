import { version } from '../core/version.ts';
import { ConnectScan } from './connect-scan.ts';
import { type HostResult, resultOf } from './host-result.ts';
import { orderPorts } from './order.ts';
import type { Engine, Plan, ScanListener } from './plan.ts';
import { isLoopbackAddress } from './policy.ts';
import type { Target } from './targets.ts';

/** Ports that show whether a host is there: a refusal does as well as a connection. */
const discoveryPorts = Uint16Array.of(443, 80, 22, 445, 3389, 8080);
const progressMs = 200;

/** Runs a scan by connections: first it looks which hosts of ranges are up, then it asks their ports. */
export async function runConnect(plan: Plan, listener: ScanListener): Promise<Engine> {
  const order = orderPorts(plan.ports, plan.seed);
  const isAsked = ({ isSingle, address }: Target) => isSingle || plan.isAssumedUp || isLoopbackAddress(address);
  const found = await discover(
    plan,
    plan.targets.filter((target) => !isAsked(target)),
    listener,
  );
  const up = new Set(found.filter(({ status }) => status === 'up').map(({ address }) => address));
  const targets = plan.targets.filter((target) => isAsked(target) || up.has(target.address));
  const absent = found.filter(({ address }) => !up.has(address)).map((host) => ({ ...host, groups: [] }));
  if (absent.length > 0) listener.onHosts(absent);
  await scan(plan, targets, order, listener, (hosts) => listener.onHosts(hosts));
  return { name: 'weir', version, arguments: argumentsOf(plan) };
}

/** Which of some hosts are up. */
async function discover(plan: Plan, targets: readonly Target[], listener: ScanListener): Promise<HostResult[]> {
  if (targets.length === 0) return [];
  const found: HostResult[] = [];
  const quiet = { ...listener, onProgress: () => {} };
  await scan({ ...plan, retries: 1 }, targets, discoveryPorts, quiet, (hosts) => found.push(...hosts));
  return found;
}

async function scan(
  { concurrency, retries, rate }: Plan,
  targets: readonly Target[],
  ports: Uint16Array,
  { signal, onProgress }: ScanListener,
  onHosts: (hosts: HostResult[]) => void,
): Promise<void> {
  const total = targets.length * ports.length;
  const run = new ConnectScan({
    targets,
    ports,
    concurrency,
    retries,
    rate,
    signal,
    onHost: (host) => onHosts([resultOf(host, ports)]),
  });
  const tell = () => onProgress({ ...run.progress, total });
  const telling = setInterval(tell, progressMs);
  // Each refusal is an Error: without their stacks a scan of all ports takes two thirds of the time. This thread does nothing else.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await run.run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    clearInterval(telling);
    tell();
  }
}

const argumentsOf = ({ concurrency, retries, rate, seed, isAssumedUp }: Plan): string[] => [
  `concurrency=${concurrency}`,
  `retries=${retries}`,
  ...(rate === undefined ? [] : [`rate=${rate}`]),
  `seed=${seed}`,
  ...(isAssumedUp ? ['assume-up'] : []),
];
