/** The thread that a server's scan runs in: its loop is busy with connections, and answers nobody else. */
import { parentPort } from 'node:worker_threads';
import { type Port, serveCalls } from '../core/thread.ts';
import type { HostResult } from './host-result.ts';
import type { Plan, ScanProgress } from './plan.ts';
import { runPlan } from './run-plan.ts';

/** What the thread tells on the way. */
export type ScanNews = { hosts: HostResult[] } | { progress: ScanProgress };

serveCalls(parentPort as Port, {
  scan: async (plan: Plan, context) =>
    await runPlan(plan, {
      signal: context.signal,
      onHosts: (hosts) => context.tell({ hosts } satisfies ScanNews),
      onProgress: (progress) => context.tell({ progress } satisfies ScanNews),
    }),
});
