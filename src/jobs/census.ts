import { type Job, type State, states } from './job.ts';

/** How many jobs are in each state. */
export class Census {
  readonly #counts = new Map<State, number>();

  /** Takes a change of a job into account: what it is, and what it was. */
  count(job: Pick<Job, 'state'> | undefined, before: Pick<Job, 'state'> | undefined): void {
    if (before !== undefined) this.#add(before.state, -1);
    if (job !== undefined) this.#add(job.state, 1);
  }

  of(state: State): number {
    return this.#counts.get(state) ?? 0;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /** The states that some job is in, in the order of a job's life. */
  counts(): Record<string, number> {
    return Object.fromEntries(states.filter((state) => this.of(state) > 0).map((state) => [state, this.of(state)]));
  }

  #add(state: State, by: number): void {
    this.#counts.set(state, this.of(state) + by);
  }
}
