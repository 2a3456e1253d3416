import type { FairShare } from './fair-share.ts';
import type { Job } from './job.ts';
import type { Place, Pool } from './pool.ts';
import type { ReadyQueue } from './ready-queue.ts';

/** What the scheduler knows of the house. */
export type SchedulerDependencies = {
  ready: ReadyQueue;
  /** Undefined when the back end queues by itself: then everything has room. */
  pool: Pool | undefined;
  shares: FairShare;
  jobOf(id: number): Job | undefined;
  /** False when the back end has as many runs as it wants. */
  hasRoom(): boolean;
  /** True when as many of its array run as may. */
  isThrottled(job: Job): boolean;
  /** Cores that a group has now, and for how many seconds in sum. */
  runningUseOf(group: string, now: number): number;
  reserveAfterMs: number;
  now(): number;
};

/** Which job is next: pure choice, nothing is changed but the pool. */
export class Scheduler {
  readonly #deps: SchedulerDependencies;
  /** The job that room is kept for, because others overtook it for long enough. */
  #reserved: number | undefined;

  constructor(deps: SchedulerDependencies) {
    this.#deps = deps;
  }

  get reserved(): number | undefined {
    return this.#reserved;
  }

  /** The next job and its place, which is taken already; undefined when none can start now. */
  next(): { job: Job; place: Place } | undefined {
    const { ready, jobOf, isThrottled, reserveAfterMs, now } = this.#deps;
    this.#reserved = undefined;
    if (!this.#deps.hasRoom()) return undefined;
    for (const group of this.#groupsInOrder()) {
      for (const id of ready.heads(group)) {
        const job = jobOf(id);
        if (job === undefined || isThrottled(job)) continue;
        const place = this.#placeOf(job);
        if (typeof place !== 'string') return { job, place };
        if (now() - job.queued < reserveAfterMs) continue;
        // From here on nothing overtakes it: what is freed stays free until there is enough.
        this.#reserved = id;
        return undefined;
      }
    }
    return undefined;
  }

  #placeOf(job: Job): Place | string {
    const { pool } = this.#deps;
    const [need] = job.needs;
    if (pool === undefined) return { host: '', takes: need?.takes ?? {}, ...(need?.has !== undefined && { has: need.has }) };
    const place = pool.find(job.needs);
    if (typeof place !== 'string') pool.take(place);
    return place;
  }

  #groupsInOrder(): string[] {
    const { ready, shares, runningUseOf, now } = this.#deps;
    const groups = [...ready.groups()];
    if (groups.length < 2) return groups;
    const at = now();
    const share = new Map(groups.map((group) => [group, (shares.useOf(group, at) + runningUseOf(group, at)) / shares.weightOf(group)]));
    return groups.sort((a, b) => (share.get(a) as number) - (share.get(b) as number) || (a < b ? -1 : 1));
  }
}
