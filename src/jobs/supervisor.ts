import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Backend, RunEvent, Signal } from './backend.ts';
import type { FairShare } from './fair-share.ts';
import { isAway, type Job, type Outcome } from './job.ts';
import { began, ended, resumed, runName, suspended, unstarted, waits } from './lives.ts';
import type { OwnRun, Runs } from './runs.ts';
import type { JobStore } from './store.ts';

export type SupervisorDependencies = {
  backend: Backend;
  store: JobStore;
  runs: Runs;
  shares: FairShare;
  clock: Clock;
  log: Log;
  /** True for a job that this server has given to its back end. */
  isOwn(job: Job): boolean;
  /** Writes what has to be written, however long that takes. */
  write(work: () => Promise<unknown>): void;
  /** Called when others may have the place of a run. */
  onRoom(): void;
};

/** A run that did not come up this often in a row is given up. */
const mostAttempts = 3;

/**
 * Looks after the runs that this server has given to its back end: puts on record what becomes of them, and tells the back end what somebody
 * wants of them.
 */
export class Supervisor {
  readonly #deps: SupervisorDependencies;
  /** How often in a row the run of a job did not come up. */
  readonly #attempts = new Map<number, number>();

  constructor(deps: SupervisorDependencies) {
    this.#deps = deps;
  }

  /** Takes up the run of a job that was on record as given to the back end. */
  adopt(job: Job): void {
    const { runs, backend, clock } = this.#deps;
    runs.adopt(job, clock.now());
    backend.adopt(runName(job));
    if (job.stopping !== undefined) this.#signal(runName(job), job.stopping);
  }

  /** Hears what the back end tells of a run. */
  hear(event: RunEvent): void {
    const { name } = event;
    const { runs, store, write } = this.#deps;
    const run = runs.get(name);
    if (run === undefined) return;
    const change = (next: (job: Job) => Job | undefined) => write(() => store.update(run.id, next));
    if (event.kind === 'waiting') {
      run.words = event.why;
      change((job) => waits(job, name, event.isHeld === true));
    } else if (event.kind === 'started') {
      run.startedAt ??= event.at;
      delete run.words;
      this.#attempts.delete(run.id);
      change((job) => began(job, event));
    } else if (event.kind === 'suspended' || event.kind === 'resumed') {
      const next = event.kind === 'suspended' ? suspended : resumed;
      change((job) => (runName(job) === name ? next(job) : undefined));
    } else if (event.kind === 'ended') this.#settle(name, () => this.#end(name, run, event.outcome));
    else if (event.kind === 'unstarted') this.#settle(name, () => this.#return(event, run.id));
  }

  /** Hears of a change of a job, whoever made it, and tells the back end what that wants of its run; only the server that has the run can. */
  passOn(job: Job | undefined, before: Job | undefined): void {
    if (before !== undefined) this.#endUnwanted(job, before);
    if (job === undefined || !isAway(job) || !this.#deps.isOwn(job)) return;
    const name = runName(job);
    // A claim that was given up, and is on record after all.
    if (this.#deps.runs.get(name) === undefined) this.adopt(job);
    else if (before === undefined || runName(before) !== name) return;
    else if (job.stopping !== undefined && job.stopping !== before.stopping) this.#signal(name, job.stopping);
    else if (job.state === 'Suspended' && before.state === 'Running') this.#signal(name, 'suspend');
    else if (job.state === 'Running' && before.state === 'Suspended') this.#signal(name, 'resume');
    else if (job.state === 'Idle' && before.state === 'Queued') this.#signal(name, 'hold');
    else if (job.state === 'Queued' && before.state === 'Idle') this.#signal(name, 'release');
  }

  /** A run of ours whose job is no longer on record as being there: others have given this server up. What still runs of it is ended. */
  #endUnwanted(job: Job | undefined, before: Job): void {
    const { runs, isOwn } = this.#deps;
    const name = runName(before);
    const run = runs.get(name);
    if (run === undefined || run.isOver || !isAway(before) || !isOwn(before)) return;
    if (job === undefined || !isAway(job) || !isOwn(job) || runName(job) !== name) this.#signal(name, 'kill');
  }

  #signal(run: string, signal: Signal): void {
    const { backend, log } = this.#deps;
    backend.signal(run, signal).catch((error: unknown) => log.error({ err: error, run }, `could not ${signal} a job`));
  }

  /** Puts the end of a run on record, and gives its place to the next one meanwhile. */
  #settle(name: string, record: () => Promise<void>): void {
    this.#deps.write(record);
    if (this.#deps.runs.vacate(name)) this.#deps.onRoom();
  }

  async #end(name: string, run: OwnRun, outcome: Outcome): Promise<void> {
    const { store, shares, clock } = this.#deps;
    const { startedAt } = run;
    const seconds = Math.max(0, outcome.ended - (startedAt ?? run.since)) / 1000;
    let charge: ReturnType<FairShare['charge']> | undefined;
    // Counted once, however often the write is tried.
    const more = () => {
      charge ??= shares.charge(run.group, run.cores * seconds, clock.now());
      return [charge];
    };
    await store.update(run.id, (job) => ended(job, name, { outcome, startedAt }), more);
    this.#finish(name);
  }

  async #return(event: Extract<RunEvent, { kind: 'unstarted' }>, id: number): Promise<void> {
    const { store, clock } = this.#deps;
    const attempts = (this.#attempts.get(id) ?? 0) + 1;
    await store.update(id, (job) => unstarted(job, event, clock.now(), attempts >= mostAttempts));
    if (attempts >= mostAttempts) this.#attempts.delete(id);
    else this.#attempts.set(id, attempts);
    this.#finish(event.name);
  }

  /** Only when its end is on record may what is known of a run be thrown away. */
  #finish(name: string): void {
    const { runs, backend, onRoom } = this.#deps;
    runs.remove(name);
    backend.discard(name);
    onRoom();
  }
}
