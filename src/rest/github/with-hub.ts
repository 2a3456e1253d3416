/** What every command about GitHub has: its options, and the way there. */
import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import { addWay, type WayOptions } from '../call.ts';
import type { ShowOptions } from '../show.ts';
import type { Hub, HubOptions } from './hub.ts';

export type LookOptions = GlobalOptions & WayOptions & ShowOptions & { githubUrl?: string };

/** Adds the options that every command about GitHub has. */
export const addHubOptions = (command: Command): Command =>
  addWay(command.option('--github-url <url>', 'address of the API (default: GITHUB_API_URL, else https://api.github.com)'));

/** Runs `work` with an open way to GitHub. */
export async function withHub<O extends LookOptions>(command: Command, work: (hub: Hub, options: O) => Promise<void>): Promise<void> {
  const options = command.optsWithGlobals<O>();
  if (options.data) throw new Problem('invalid', `weir github takes no --data`, { hint: 'weir serve --data DIR, then --server' });
  // Octokit costs help and completion some 100 ms.
  const { openHub } = await import('./hub.ts');
  const hub = openHub(options as HubOptions);
  try {
    await work(hub, options);
  } finally {
    hub.close();
  }
}
