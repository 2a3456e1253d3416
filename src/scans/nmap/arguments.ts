import type { Method, Plan } from '../plan.ts';
import { formatPorts } from '../ports.ts';
import type { Target } from '../targets.ts';

/** Numeric, XML on standard output without a stylesheet of elsewhere, a sign of life every two seconds. */
const fixed = ['-n', '--no-stylesheet', '-oX', '-', '--stats-every', '2s'];
const flags: Record<Exclude<Method, 'connect'>, string> = { syn: '-sS', fin: '-sF', discover: '-sn' };

/**
 * The arguments of nmap for targets of one family. Nothing is passed through: numbers are numbers, ports and addresses are written
 * anew from what our own parsers read, and targets stand behind `--`, so that none is taken for an option (`-iL`, CVE-2022-30284).
 */
export function nmapArguments({ method, ports, rate, retries, isAssumedUp }: Plan, targets: readonly Target[]): string[] {
  if (method === 'connect') throw new Error('scans by connections are our own');
  const [first] = targets;
  return [
    ...fixed,
    flags[method],
    ...(method !== 'discover' && (isAssumedUp || targets.every(({ isSingle }) => isSingle)) ? ['-Pn'] : []),
    ...(first?.family === 6 ? ['-6'] : []),
    ...(ports.length > 0 ? ['-p', formatPorts(ports)] : []),
    ...(rate === undefined ? [] : ['--max-rate', String(rate)]),
    ...(method === 'discover' ? [] : ['--max-retries', String(retries)]),
    '--',
    ...targets.map(({ address }) => address),
  ];
}
