import { type Dependency, isAway, isOver, type Job } from './job.ts';
import { formatId } from './job-id.ts';

/** Whether a dependency has come true, still can, or never will. */
export type Standing = 'met' | 'open' | 'hopeless';

/** How a dependency stands, by the job that it is on; one that was forgotten counts as ended, and nobody knows how. */
export function standingOf({ kind }: Dependency, on: Job | undefined): Standing {
  if (on === undefined) return kind === 'after' || kind === 'afterany' ? 'met' : 'hopeless';
  // Given to a back end that queues by itself is not started.
  if (kind === 'after') return isOver(on) || on.run > (isAway(on) && on.started === undefined ? 1 : 0) ? 'met' : 'open';
  if (!isOver(on)) return 'open';
  if (kind === 'afterany') return 'met';
  return (on.state === 'Done') === (kind === 'afterok') ? 'met' : 'hopeless';
}

const wishes: Record<Dependency['kind'], string> = { after: 'to start', afterok: 'to end well', afternotok: 'to fail', afterany: 'to end' };

/** In words: `job 000001138 to end well`. */
export const wishOf = ({ kind, job }: Dependency): string => `job ${formatId(job)} ${wishes[kind]}`;

/** Who waits for whom, so that the end of a job wakes those that wait for it and nobody else. */
export class Waits {
  readonly #waiters = new Map<number, Set<number>>();

  add({ id, dependencies = [] }: Job): void {
    for (const { job } of dependencies) {
      const waiters = this.#waiters.get(job);
      if (waiters === undefined) this.#waiters.set(job, new Set([id]));
      else waiters.add(id);
    }
  }

  remove({ id, dependencies = [] }: Job): void {
    for (const { job } of dependencies) {
      const waiters = this.#waiters.get(job);
      waiters?.delete(id);
      if (waiters?.size === 0) this.#waiters.delete(job);
    }
  }

  /** Those that wait for a job. */
  of(id: number): number[] {
    return [...(this.#waiters.get(id) ?? [])];
  }
}
