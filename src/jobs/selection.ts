import { Problem } from '../core/problem.ts';
import { type Job, states } from './job.ts';
import type { JobStore } from './store.ts';

/** Which jobs a list shows. */
export type Selection = {
  states?: ReadonlySet<string>;
  user?: string;
  group?: string;
  name?: string;
  set?: string;
  parent?: number;
  /** Only ids behind this one. */
  after?: number;
  isFalling: boolean;
};

/** A page of the jobs that a selection wants, and how many it wants in all. Without a filter it costs the page, not the jobs. */
export function selectJobs(store: JobStore, selection: Selection, from: number, count: number): { jobs: Job[]; total: number } {
  const all = store.sorted();
  const least = selection.after === undefined ? 0 : firstBehind(all, selection.after);
  const fits = filterOf(selection);
  const jobs: Job[] = [];
  if (fits === undefined) {
    const total = all.length - least;
    for (let at = from; at < Math.min(total, from + count); at++)
      jobs.push((all[selection.isFalling ? all.length - 1 - at : least + at] as { job: Job }).job);
    return { jobs, total };
  }
  let total = 0;
  for (let at = least; at < all.length; at++) {
    const { job } = all[selection.isFalling ? all.length - 1 - (at - least) : at] as { job: Job };
    if (!fits(job)) continue;
    if (total >= from && jobs.length < count) jobs.push(job);
    total++;
  }
  return { jobs, total };
}

/** Reads states, separated by commas, in any case. Throws `invalid`. */
export function readStates(text: string, pointer: string): ReadonlySet<string> {
  return new Set(
    text.split(',').map((word) => {
      const state = states.find((one) => one.toLowerCase() === word.trim().toLowerCase());
      if (state !== undefined) return state;
      throw new Problem('invalid', 'That is no state of a job.', { detail: `expected some of ${states.join(', ')}; got ${word}`, pointer });
    }),
  );
}

function filterOf({ states, user, group, name, set, parent }: Selection): ((job: Job) => boolean) | undefined {
  if ([states, user, group, name, set, parent].every((one) => one === undefined)) return undefined;
  // One function: a list of them costs ten times as much, job for job.
  return (job) =>
    (states === undefined || states.has(job.state)) &&
    (user === undefined || job.user === user) &&
    (group === undefined || job.group === group) &&
    (name === undefined || job.name === name) &&
    (set === undefined || job.set === set) &&
    (parent === undefined || job.parent === parent);
}

function firstBehind(all: readonly { job: Job }[], id: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle] as { job: Job }).job.id <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
