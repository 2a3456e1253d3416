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
  const ids = store.ids();
  const least = selection.after === undefined ? 0 : firstBehind(ids, selection.after);
  const fits = filterOf(selection);
  const jobs: Job[] = [];
  if (fits === undefined) {
    const total = ids.length - least;
    for (let at = from; at < Math.min(total, from + count); at++)
      jobs.push(store.get(ids[selection.isFalling ? ids.length - 1 - at : least + at] as number) as Job);
    return { jobs, total };
  }
  let total = 0;
  for (let at = least; at < ids.length; at++) {
    const job = store.get(ids[selection.isFalling ? ids.length - 1 - (at - least) : at] as number) as Job;
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
  const tests: ((job: Job) => boolean)[] = [];
  if (states !== undefined) tests.push((job) => states.has(job.state));
  if (user !== undefined) tests.push((job) => job.user === user);
  if (group !== undefined) tests.push((job) => job.group === group);
  if (name !== undefined) tests.push((job) => job.name === name);
  if (set !== undefined) tests.push((job) => job.set === set);
  if (parent !== undefined) tests.push((job) => job.parent === parent);
  return tests.length === 0 ? undefined : (job) => tests.every((test) => test(job));
}

function firstBehind(ids: readonly number[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] as number) <= id) low = middle + 1;
    else high = middle;
  }
  return low;
}
