import { type ChildProcess, spawn } from 'node:child_process';
import { Problem } from '../../core/problem.ts';
import type { Engine, Plan, ScanListener } from '../plan.ts';
import type { Target } from '../targets.ts';
import { nmapArguments } from './arguments.ts';
import { nmapCommand, requireNmap } from './program.ts';
import { NmapReader } from './reader.ts';

/** Octets of standard error kept: what nmap says before it gives up. */
const errorTail = 4096;

/** Runs nmap for the targets of each family in turn; it ends with the signal. What it told before it ended is kept. */
export async function runNmap(plan: Plan, listener: ScanListener): Promise<Engine> {
  requireNmap(plan.nmap);
  const engine: Engine = { name: 'nmap', version: '', arguments: [] };
  const total = Math.max(1, plan.ports.length) * plan.targets.length;
  let done = 0;
  for (const family of [4, 6] as const) {
    const targets = plan.targets.filter((target) => target.family === family);
    if (targets.length === 0 || listener.signal.aborted) continue;
    const share = Math.max(1, plan.ports.length) * targets.length;
    const args = nmapArguments(plan, targets);
    engine.arguments.push(...args);
    engine.version = await runFamily({
      plan,
      targets,
      args,
      listener,
      tell: (percent, open) => tell(done + (share * percent) / 100, open),
    });
    done += share;
  }
  return engine;

  function tell(probes: number, open: number): void {
    listener.onProgress({ done: Math.min(total, Math.round(probes)), total, open });
  }
}

type Family = {
  plan: Plan;
  targets: readonly Target[];
  args: readonly string[];
  listener: ScanListener;
  tell(percent: number, open: number): void;
};

async function runFamily({ plan, targets, args, listener, tell }: Family): Promise<string> {
  const { signal, onHosts } = listener;
  const line = nmapCommand(plan.nmap, args);
  const child = spawn(line.command, line.args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = endOf(child);
  ended.catch(() => {}); // awaited below
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const missing = new Map(targets.map((target) => [target.address, target]));
  const reader = new NmapReader();
  let [version, open, fault] = ['', 0, ''];
  try {
    child.stdout.setEncoding('utf8');
    for await (const text of child.stdout as AsyncIterable<string>) {
      for (const news of reader.push(text)) {
        if (news.kind === 'start') version = news.version;
        else if (news.kind === 'progress') tell(news.percent, open);
        else if (news.kind === 'end') fault = news.isGood ? '' : news.reason || 'it did not say why';
        else {
          const target = targetOf(missing, news.host.address);
          if (target === undefined) continue;
          open += news.host.groups.reduce((sum, { state, count }) => sum + (state === 'open' ? count : 0), 0);
          onHosts([{ ...news.host, address: target.address, ...(target.name !== undefined && { name: target.name }) }]);
        }
      }
    }
    const said = await ended;
    if (signal.aborted) return version;
    if (fault !== '' || said !== undefined) throw failed(fault || said || '');
    tell(100, open);
    // Hosts that are down are not told one by one.
    onHosts(
      [...missing.values()].map(({ address, name }) => ({
        address,
        ...(name !== undefined && { name }),
        status: 'down',
        reason: 'no-response',
        groups: [],
      })),
    );
    return version;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** The target that nmap speaks of, which is then no longer missing; nmap leaves zones out. */
function targetOf(missing: Map<string, Target>, address: string): Target | undefined {
  const target = missing.get(address) ?? [...missing.values()].find((one) => one.address.split('%')[0] === address.split('%')[0]);
  if (target !== undefined) missing.delete(target.address);
  return target;
}

/** Resolves at the end of nmap: with what it said when that was no good end. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-errorTail);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Problem('unavailable', 'nmap could not be started.', { detail: cause.message, cause })));
    child.once('close', (status) => resolve(status === 0 ? undefined : said.trim() || `it stopped with ${status}`));
  });
}

const failed = (said: string): Problem => new Problem('unavailable', 'nmap has given up.', { detail: said.slice(0, 1000) });
