import { version } from '../core/version.ts';
import { ConnectScan } from './connect-scan.ts';
import { type HostResult, resultOf } from './host-result.ts';
import { leastPorts, sweepLoopback } from './loopback/sweep.ts';
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
  const swept = await scan(plan, targets, order, listener, (hosts) => listener.onHosts(hosts));
  return { name: 'weir', version, arguments: [...argumentsOf(plan), ...(swept > 0 ? [`swept=${swept}`] : [])] };
}

/** Which of some hosts are up. */
async function discover(plan: Plan, targets: readonly Target[], listener: ScanListener): Promise<HostResult[]> {
  if (targets.length === 0) return [];
  const found: HostResult[] = [];
  const quiet = { ...listener, onProgress: () => {} };
  await scan({ ...plan, retries: 1 }, targets, discoveryPorts, quiet, (hosts) => found.push(...hosts));
  return found;
}

/** Asks the ports of some hosts; answers how many of them the helpers for loopback have asked. */
async function scan(
  { concurrency, retries, rate }: Plan,
  targets: readonly Target[],
  ports: Uint16Array,
  { signal, onProgress }: ScanListener,
  onHosts: (hosts: HostResult[]) => void,
): Promise<number> {
  const total = targets.length * ports.length;
  const swept = { done: 0, open: 0 };
  const known = new Map<string, Uint8Array>();
  const onAsked = (done: number, open: number) => {
    swept.done += done;
    swept.open += open;
    onProgress({ ...swept, total });
  };
  // Who asked for a rate has it kept by the scanner.
  if (rate === undefined && ports.length >= leastPorts)
    for (const { address } of targets)
      if (isLoopbackAddress(address) && !signal.aborted) known.set(address, await sweepLoopback(address, ports, { signal, onAsked }));
  const run = new ConnectScan({
    targets,
    ports,
    concurrency,
    retries,
    rate,
    known,
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
  return swept.done;
}

const argumentsOf = ({ concurrency, retries, rate, seed, isAssumedUp }: Plan): string[] => [
  `concurrency=${concurrency}`,
  `retries=${retries}`,
  ...(rate === undefined ? [] : [`rate=${rate}`]),
  `seed=${seed}`,
  ...(isAssumedUp ? ['assume-up'] : []),
];
