import { Problem } from '../../core/problem.ts';
import type { JobsClient, ShownJob } from '../remote.ts';

/** How waiting ended: all are done, one failed, the time was up, or a job is not known. These are exit codes, too. */
export const endings = { done: 0, failed: 1, timeout: 2, unknown: 3 } as const;
export type Ending = keyof typeof endings;

/** Waits until all jobs are over; the server pushes every change, nothing is polled. `timeLimit` in seconds. */
export async function waitFor(jobs: JobsClient, ids: readonly string[], timeLimit?: number): Promise<Ending> {
  const left = new Set(ids.map(Number));
  const ending = new AbortController();
  const timer = timeLimit === undefined ? undefined : setTimeout(() => ending.abort(), timeLimit * 1000);
  let hasFailed = false;
  try {
    // A connection may break, and a server be started anew: how the jobs stand is told first each time.
    while (left.size > 0) hasFailed = (await follow(jobs, ids, left, ending.signal)) || hasFailed;
    return hasFailed ? 'failed' : 'done';
  } catch (error) {
    if (ending.signal.aborted) return 'timeout';
    if (error instanceof Problem && error.code === 'not-found') return 'unknown';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function follow(jobs: JobsClient, ids: readonly string[], left: Set<number>, signal: AbortSignal): Promise<boolean> {
  let hasFailed = false;
  for await (const { event, data } of jobs.events(ids, signal)) {
    if (event === 'reset') return hasFailed;
    const { id, state } = JSON.parse(data) as ShownJob;
    if (event !== 'forgotten' && state !== 'Done' && state !== 'Failed') continue;
    if (left.delete(Number(id)) && state === 'Failed') hasFailed = true;
    if (left.size === 0) return hasFailed;
  }
  return hasFailed;
}
