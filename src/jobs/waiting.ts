import type { Clock } from '../core/clock.ts';
import { type Dependency, isAway, type Job } from './job.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { JobStore } from './store.ts';
import { type Standing, standingOf, Waits, wishOf } from './waits.ts';

export type WaitingDependencies = {
  store: JobStore;
  clock: Clock;
  /** True for a job that is being given to the back end. */
  isClaiming(id: number): boolean;
  /** Called when the time has come that a job waited for. */
  onTime(): void;
  /** Called for a job that waits for what will never come, with words that say for what. */
  onHopeless(job: Job, note: string): void;
};

const longestTimer = 2 ** 31 - 1;

/** The jobs that are not given to a back end: those that are ready, and those that wait for others, for a time, or for their release. */
export class Waiting {
  readonly ready = new ReadyQueue();
  readonly #deps: WaitingDependencies;
  readonly #waits = new Waits();
  readonly #timers = new Map<number, NodeJS.Timeout>();

  constructor(deps: WaitingDependencies) {
    this.#deps = deps;
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Takes note of a new job, and of what it waits for. */
  add(job: Job): void {
    this.#waits.add(job);
  }

  /** Forgets a job that is no more. */
  remove(job: Job): void {
    this.#waits.remove(job);
    this.ready.remove(job.id);
    clearTimeout(this.#timers.get(job.id));
    this.#timers.delete(job.id);
  }

  /** Puts a job among the ready ones, or takes it away, as it is now. */
  place(job: Job): void {
    const isWaiting = job.state === 'Queued' && !job.isHeld && job.array === undefined && !isAway(job) && !this.#deps.isClaiming(job.id);
    if (isWaiting && this.#mayStart(job)) this.ready.add(job);
    else this.ready.remove(job.id);
  }

  /** Places those anew that wait for a job. */
  placeThoseOn(id: number): void {
    for (const waiter of this.#waits.of(id)) {
      const waiting = this.#deps.store.get(waiter);
      if (waiting !== undefined) this.place(waiting);
    }
  }

  /** What a job waits for that can still come. */
  openOf(job: Job): Dependency[] {
    return job.dependencies?.filter((one) => this.#standingOf(one) === 'open') ?? [];
  }

  /** Milliseconds until a job may start; 0 or less when it may. */
  timeLeft({ notBefore = 0 }: Job): number {
    return notBefore - this.#deps.clock.now();
  }

  /** Whether it waits for nothing more; one that waits for a time is looked at again then. */
  #mayStart(job: Job): boolean {
    const standings = job.dependencies?.map((one) => this.#standingOf(one)) ?? [];
    const hopeless = standings.indexOf('hopeless');
    if (hopeless >= 0) {
      this.#deps.onHopeless(job, `waited for ${wishOf(job.dependencies?.[hopeless] as Dependency)}, which it did not`);
      return false;
    }
    const wait = this.timeLeft(job);
    if (wait > 0) this.#wake(job.id, wait);
    return wait <= 0 && !standings.includes('open');
  }

  #standingOf(dependency: Dependency): Standing {
    return standingOf(dependency, this.#deps.store.get(dependency.job));
  }

  #wake(id: number, waitMs: number): void {
    clearTimeout(this.#timers.get(id));
    const look = () => {
      this.#timers.delete(id);
      const job = this.#deps.store.get(id);
      if (job === undefined) return;
      this.place(job);
      this.#deps.onTime();
    };
    this.#timers.set(id, setTimeout(look, Math.min(waitMs, longestTimer)).unref());
  }
}
