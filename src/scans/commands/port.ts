import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import type { ScansClient } from '../remote.ts';

/** Runs `work` on the scans of the server that the options name, and lets go of it whatever happens. */
export async function withScans<T>(command: Command, work: (scans: ScansClient) => Promise<T>): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data !== undefined)
    throw new Problem('invalid', 'Scans run on a server; a data directory alone runs none.', {
      hint: `weir serve --data ${data}, or weir scans run --direct, which keeps nothing`,
    });
  // Loaded on demand: HTTP costs help and completion some 20 ms.
  const { ScansClient } = await import('../remote.ts');
  const scans = new ScansClient(server);
  try {
    return await work(scans);
  } finally {
    scans.close();
  }
}
