import { execFile } from 'node:child_process';

/**
 * What the kernel knows of an address on the local segment: `asking` (by ARP or neighbour discovery, for three seconds), and `failed` when
 * nobody said anything.
 */
export type Neighbour = 'reachable' | 'asking' | 'failed';

/**
 * The neighbour table of this machine, by address; addresses of link-local networks with their zone. The kernel asks by itself whenever
 * something connects, and any user may read what came of it: it finds hosts that drop every packet, and those that are not there.
 * Empty where the program `ip` is missing.
 */
export function readNeighbours(): Promise<Map<string, Neighbour>> {
  return new Promise((resolve) => {
    execFile('ip', ['-j', 'neigh'], { timeout: 2000, maxBuffer: 16 << 20 }, (error, stdout) => {
      try {
        resolve(error === null ? tableOf(JSON.parse(stdout) as Row[]) : new Map());
      } catch {
        resolve(new Map()); // an `ip` without JSON: nothing is known
      }
    });
  });
}

type Row = { dst: string; dev?: string; lladdr?: string; state?: string[] };

function tableOf(rows: readonly Row[]): Map<string, Neighbour> {
  const table = new Map<string, Neighbour>();
  for (const { dst, dev, lladdr, state = [] } of rows) {
    const address = /^fe[89ab]/i.test(dst) && dev !== undefined ? `${dst}%${dev}` : dst;
    if (state.includes('FAILED')) table.set(address, 'failed');
    else if (state.includes('INCOMPLETE')) table.set(address, 'asking');
    else if (lladdr !== undefined && state.includes('REACHABLE')) table.set(address, 'reachable');
  }
  return table;
}
