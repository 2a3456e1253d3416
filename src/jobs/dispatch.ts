import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { Backend } from './backend.ts';
import { variablesOf } from './environment.ts';
import { isAway, type Job } from './job.ts';
import { claimed, failed, runName } from './lives.ts';
import { logPath } from './log-file.ts';
import type { Place } from './pool.ts';
import type { ReadyQueue } from './ready-queue.ts';
import type { Runs } from './runs.ts';
import type { Scheduler } from './scheduler.ts';
import type { JobStore } from './store.ts';

export type DispatchDependencies = {
  store: JobStore;
  ready: ReadyQueue;
  runs: Runs;
  scheduler: Scheduler;
  backend: Backend;
  clock: Clock;
  log: Log;
  graceMs: number;
  /** False where nothing may be started. */
  mayStart: boolean;
  server(): string;
  /** Puts a job that was not started after all where it belongs. */
  enqueue(job: Job): void;
};

const lookAgainMs = 1000;

/**
 * Gives jobs that are ready to the back end while there is room. What is decided is written before it is done: a job is on record as running,
 * under a name that is used once, before its back end hears of it.
 */
export class Dispatch {
  readonly #deps: DispatchDependencies;
  /** Jobs that are being claimed: chosen, and not yet on record as running. */
  readonly #claims = new Set<number>();
  #isScheduled = false;
  #isStopped = true;

  constructor(deps: DispatchDependencies) {
    this.#deps = deps;
  }

  start(): void {
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  isClaiming(id: number): boolean {
    return this.#claims.has(id);
  }

  /** Children of an array that are being claimed, and are not on record as running. */
  claimsOf(parent: number): number {
    let count = 0;
    for (const id of this.#claims) {
      const job = this.#deps.store.get(id);
      if (job?.parent === parent && job.state === 'Queued' && !isAway(job)) count++;
    }
    return count;
  }

  /** Looks for jobs that can start, once for all that happens in this turn of the event loop. */
  schedule(): void {
    if (this.#isScheduled || this.#isStopped || !this.#deps.mayStart) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      const { scheduler } = this.#deps;
      for (let next = scheduler.next(); next !== undefined; next = scheduler.next()) this.#give(next.job, next.place);
    });
  }

  /** Gives a job to the back end; its place is taken already. */
  #give(job: Job, place: Place): void {
    const { ready, runs, clock, log, store, enqueue } = this.#deps;
    const { id } = job;
    ready.remove(id);
    this.#claims.add(id);
    const name = runName({ id, run: job.run + 1 });
    runs.add(name, job, place, clock.now());
    const giveUp = () => {
      runs.remove(name);
      this.#claims.delete(id);
      const now = store.get(id);
      if (now !== undefined) enqueue(now);
      this.schedule();
    };
    this.#claim(job, name, place).then(
      (isOurs) => (isOurs ? this.#claims.delete(id) : giveUp()),
      (error: unknown) => {
        log.error({ err: error, job: id }, 'a job could not be started');
        // Nobody knows whether it is on record as running: the claim stays, and the job waits until that is known.
        setTimeout(giveUp, lookAgainMs).unref();
      },
    );
  }

  /** Puts a job on record as running, then starts it. False when it is not to be started any more. */
  async #claim(chosen: Job, name: string, place: Place): Promise<boolean> {
    const { backend, clock, store, server } = this.#deps;
    const variables = await this.#variablesOf(chosen, name);
    if (variables === undefined) return false;
    const now = clock.now();
    let isOurs = false;
    const job = await store.update(chosen.id, (job) => {
      const isQueuedThere = backend.offers() === undefined;
      const next = job.run === chosen.run ? claimed(job, place, { server: server(), now, isQueuedThere }) : undefined;
      isOurs = next !== undefined;
      return next;
    });
    // Another server may have been faster, or somebody has stopped it.
    if (job === undefined || !isOurs) return false;
    // When stopped: it is on record as running and never started, which the next server finds out.
    if (!this.#isStopped) this.#start(job, name, { variables, place });
    return true;
  }

  /** The variables of a run; undefined when they are not to be had, which is the end of the job. */
  async #variablesOf(job: Job, name: string): Promise<Record<string, string> | undefined> {
    try {
      return await variablesOf(job, name);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const note = `${error.title} ${error.detail ?? ''}`;
      const outcome = { cause: 'start', note, ended: this.#deps.clock.now() } as const;
      await this.#deps.store.update(job.id, (now) => (now.state === 'Queued' && !isAway(now) ? failed(now, outcome) : undefined));
      return undefined;
    }
  }

  #start(job: Job, name: string, { variables, place }: { variables: Record<string, string>; place: Place }): void {
    this.#deps.backend.start({
      name,
      command: job.command,
      variables,
      directory: job.directory,
      logfile: logPath(job),
      ...(job.timeLimit !== undefined && { timeLimit: job.timeLimit }),
      ...(job.terminal !== undefined && { terminal: job.terminal }),
      grace: this.#deps.graceMs,
      place,
      priority: job.priority,
      ...(place.has !== undefined && { has: place.has }),
    });
  }
}
