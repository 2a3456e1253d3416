import { Worker } from 'node:worker_threads';
import { Problem } from '../core/problem.ts';
import { Caller } from '../core/thread.ts';
import type { Engine, Plan, ScanListener } from './plan.ts';
import type { ScanNews } from './scan-thread.ts';

/** Runs a scan in a thread of its own, to its end or until the signal; what it found is told as it comes. */
export async function runThreaded(plan: Plan, { signal, onHosts, onProgress }: ScanListener): Promise<Engine> {
  const worker = new Worker(new URL('scan-thread.ts', import.meta.url));
  const caller = new Caller(worker);
  worker.once('error', (cause) =>
    caller.lose(new Problem('internal', 'The thread of a scan has failed.', { detail: String(cause), cause })),
  );
  worker.once('exit', () => caller.lose(new Problem('internal', 'The thread of a scan has ended.')));
  const onNews = (news: unknown) => {
    const told = news as ScanNews;
    if ('hosts' in told) onHosts(told.hosts);
    else onProgress(told.progress);
  };
  try {
    return await caller.call<Engine>('scan', plan, { signal, onNews });
  } finally {
    await worker.terminate();
  }
}
