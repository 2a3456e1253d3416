import { Census } from './census.ts';
import type { Job } from './job.ts';

type Members = { ids: Set<number>; census: Census };

/**
 * Sets: jobs that were submitted under one name, so that people can look at, wait for and end them together. A set is there as long as a
 * job of it is.
 */
export class JobSets {
  readonly #sets = new Map<string, Members>();

  /** Takes a change of a job into account. */
  count(job: Job | undefined, before: Job | undefined): void {
    const name = job?.set ?? before?.set;
    if (name === undefined) return;
    let members = this.#sets.get(name);
    if (members === undefined) {
      members = { ids: new Set(), census: new Census() };
      this.#sets.set(name, members);
    }
    members.census.count(job, before);
    if (job === undefined) members.ids.delete((before as Job).id);
    else members.ids.add(job.id);
    if (members.ids.size === 0) this.#sets.delete(name);
  }

  names(): string[] {
    return [...this.#sets.keys()].sort();
  }

  /** The ids of a set, rising; undefined when there is no such set. */
  idsOf(name: string): number[] | undefined {
    const members = this.#sets.get(name);
    return members === undefined ? undefined : [...members.ids].sort((a, b) => a - b);
  }

  /** How the jobs of a set stand. */
  census(name: string): Census | undefined {
    return this.#sets.get(name)?.census;
  }
}
