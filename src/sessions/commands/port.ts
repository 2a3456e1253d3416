import type { Command } from 'commander';
import type { GlobalOptions } from '../../cli/command.ts';
import { Problem } from '../../core/problem.ts';
import type { LivyClient } from '../remote.ts';

/** Runs `work` on the sessions of a server and lets go of it whatever happens; `livy` is the address of one that is no Weir. */
export async function withSessions<T>(command: Command, work: (sessions: LivyClient) => Promise<T>, livy?: string): Promise<T> {
  const { server, data } = command.optsWithGlobals<GlobalOptions>();
  if (data !== undefined)
    throw new Problem('invalid', 'Sessions live on a server; a data directory alone has none.', { hint: `weir serve --data ${data}` });
  // Loaded on demand: HTTP costs help and completion some 20 ms.
  const { LivyClient } = await import('../remote.ts');
  const sessions = new LivyClient(livy ?? server, livy === undefined);
  try {
    return await work(sessions);
  } finally {
    sessions.close();
  }
}
