import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import type { JobsClient } from '../remote.ts';

/** Runs `work` on the jobs of the server that the options name, and lets go of it whatever happens. */
export async function withJobs<T>(command: Command, work: (jobs: JobsClient) => Promise<T>, server = serverOf(command)): Promise<T> {
  // Loaded on demand: HTTP costs help and completion some 20 ms.
  const { JobsClient } = await import('../remote.ts');
  const jobs = new JobsClient(server);
  try {
    return await work(jobs);
  } finally {
    jobs.close();
  }
}

/** The server: `--server`, else `NC_URL` as Accelerator's clients have it, else Weir's usual one. */
export function serverOf(command: Command): string {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data !== undefined)
    throw new Problem('invalid', 'Jobs run on a server; a data directory alone runs none.', { hint: `weir serve --data ${data}` });
  const root = rootOf(command);
  const url = process.env.NC_URL;
  return url !== undefined && url !== '' && root.getOptionValueSource('server') === 'default' ? url : server;
}

function rootOf(command: Command): Command {
  let root = command;
  while (root.parent !== null) root = root.parent;
  return root;
}
