import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Tree } from '../keys/index.ts';
import { Arrays } from './arrays.ts';
import type { Backend, RunEvent, Signal } from './backend.ts';
import { Census } from './census.ts';
import { Dispatch } from './dispatch.ts';
import type { FairShare } from './fair-share.ts';
import { isAway, isOver, type Job, type Outcome } from './job.ts';
import { formatId } from './job-id.ts';
import { JobSets } from './job-sets.ts';
import { abandoned, began, ended, failed, resumed, runName, suspended, unstarted, waits } from './lives.ts';
import { Makers } from './makers.ts';
import { Pool } from './pool.ts';
import { ReadyQueue } from './ready-queue.ts';
import { type OwnRun, Runs } from './runs.ts';
import { Scheduler } from './scheduler.ts';
import { Servers } from './servers.ts';
import { type JobListener, JobStore } from './store.ts';
import { standingOf, Waits, wishOf } from './waits.ts';
import { silenceWords, wordsOf } from './words.ts';

export type QueueDependencies = {
  tree: Tree;
  backend: Backend;
  shares: FairShare;
  clock: Clock;
  log: Log;
  /** Names this server among those that share the tree; asked when it starts. */
  server(): string;
  graceMs: number;
  reserveAfterMs: number;
  /** Silence after which another server's jobs are given up. */
  lostAfterMs: number;
  /** False where nothing may be started; what runs is still looked after. */
  mayStart: boolean;
};

/** A run that did not come up this often in a row is given up. */
const mostAttempts = 3;
const retryWriteMs = 1000;
const longestTimer = 2 ** 31 - 1;

/**
 * The life of the jobs: gives those that are ready to the back end while there is room, and takes note of what becomes of them. Everything
 * happens because something changed; nothing is polled.
 */
export class Queue {
  readonly store: JobStore;
  readonly arrays = new Arrays();
  readonly sets = new JobSets();
  readonly census = new Census();
  readonly makers = new Makers();
  readonly pool: Pool | undefined;
  readonly #deps: QueueDependencies;
  #server = '';
  readonly #ready = new ReadyQueue();
  readonly #waits = new Waits();
  readonly #scheduler: Scheduler;
  readonly #dispatch: Dispatch;
  readonly #runs: Runs;
  readonly #servers: Servers;
  /** How often in a row the run of a job did not come up. */
  readonly #attempts = new Map<number, number>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #listeners = new Map<number, Set<() => void>>();
  readonly #observers: JobListener[] = [];
  #isLoaded = false;
  #isStopped = true;

  constructor(deps: QueueDependencies) {
    this.#deps = deps;
    this.store = new JobStore(deps.tree, (job, before) => this.#settle(job, before));
    const offers = deps.backend.offers();
    this.pool = offers === undefined ? undefined : new Pool(offers);
    this.#runs = new Runs(this.pool);
    this.#servers = new Servers(deps);
    this.#scheduler = new Scheduler({
      ready: this.#ready,
      pool: this.pool,
      shares: deps.shares,
      hasRoom: () => this.#runs.size < (deps.backend.atOnce ?? Number.POSITIVE_INFINITY),
      jobOf: (id) => this.store.get(id),
      isThrottled: (job) => this.#isThrottled(job),
      runningUseOf: (group, now) => this.#runs.useOf(group, now),
      reserveAfterMs: deps.reserveAfterMs,
      now: () => deps.clock.now(),
    });
    this.#dispatch = new Dispatch({
      ...deps,
      store: this.store,
      ready: this.#ready,
      runs: this.#runs,
      scheduler: this.#scheduler,
      server: () => this.#server,
      enqueue: (job) => this.#enqueue(job),
    });
  }

  /** Takes up what is there: runs that went on meanwhile first, then those that wait. */
  async start(): Promise<void> {
    const { backend } = this.#deps;
    this.#server = this.#deps.server();
    this.#isStopped = false;
    await this.store.start();
    backend.listen((event) => this.#hear(event));
    await backend.open();
    this.#isLoaded = true;
    for (const job of this.store.all()) this.#count(job, undefined);
    for (const job of this.store.all()) {
      this.#waits.add(job);
      if (isAway(job) && this.isOwn(job)) this.#adopt(job);
    }
    backend.sweep(this.#runs.names());
    for (const job of this.store.all()) this.#enqueue(job);
    await this.#servers.start(this.#server, () => this.#giveUpTheLost());
    this.#dispatch.start();
    this.#dispatch.schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#dispatch.stop();
    this.#servers.stop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.store.stop();
    await this.#deps.backend.close();
  }

  /** Why a job is not running, in words for its owner; empty when there is nothing to say. */
  reasonOf(job: Job): string {
    if (job.array !== undefined) return this.arrays.describe(job.id);
    if (isAway(job)) return this.#reasonAway(job);
    if (isOver(job)) return wordsOf(job.outcome);
    if (job.isHeld) return 'held until it is released';
    if (!this.#deps.mayStart) return 'jobs are not run here (setting jobs.enabled)';
    const open = job.dependencies?.filter((one) => standingOf(one, this.store.get(one.job)) === 'open') ?? [];
    if (open[0] !== undefined) return `waits for ${wishOf(open[0])}${open.length > 1 ? ` and ${open.length - 1} more` : ''}`;
    const wait = (job.notBefore ?? 0) - this.#deps.clock.now();
    if (wait > 0) return `is tried again in ${Math.ceil(wait / 1000)} s`;
    if (this.#isThrottled(job)) return `${this.arrays.away(job.parent as number)} of its array are running already`;
    const room = this.pool?.find(job.needs);
    if (typeof room === 'string') return room;
    const { atOnce } = this.#deps.backend;
    if (atOnce !== undefined && this.#runs.size >= atOnce)
      return `waits for its turn: ${this.#deps.backend.name} has ${atOnce} of ours already`;
    const { reserved } = this.#scheduler;
    return reserved === undefined ? 'waits for its turn' : `waits: room is kept for job ${formatId(reserved)}`;
  }

  #reasonAway(job: Job): string {
    const silence = this.isOwn(job) ? 0 : this.#servers.silenceOf(job.server as string);
    if (silence > 0) return silenceWords(silence);
    return job.stopping === undefined ? (this.#runs.get(runName(job))?.words ?? '') : 'is being stopped';
  }

  /** Hears of every change of every job, whichever server made it. */
  observe(observer: JobListener): void {
    this.#observers.push(observer);
  }

  /** True for a job that this server has given to its back end. */
  isOwn(job: Job): boolean {
    return job.server === this.#server;
  }

  /** Calls back after each change of a job; the function that is answered ends it. */
  onChange(id: number, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) this.#listeners.delete(id);
    };
  }

  /** Jobs that could start if there were room. */
  get readyCount(): number {
    return this.#ready.size;
  }

  get runningCount(): number {
    return this.#runs.size;
  }

  /** Hears of every change of a job, whoever made it, and draws the conclusions. */
  #settle(job: Job | undefined, before: Job | undefined): void {
    if (!this.#isLoaded) return;
    this.#count(job, before);
    for (const observer of this.#observers) observer(job, before);
    if (before === undefined && job !== undefined) this.#waits.add(job);
    if (job === undefined && before !== undefined) this.#forget(before);
    if (this.#isStopped) return;
    if (before !== undefined) this.#endUnwanted(job, before);
    if (job !== undefined) {
      this.#passOn(job, before);
      this.#enqueue(job);
    }
    const id = (job ?? before)?.id as number;
    for (const listener of this.#listeners.get(id) ?? []) listener();
    if (job?.state !== before?.state || job === undefined) {
      for (const waiter of this.#waits.of(id)) {
        const waiting = this.store.get(waiter);
        if (waiting !== undefined) this.#enqueue(waiting);
      }
      const parent = job?.parent;
      if (parent !== undefined) this.#settleArray(parent);
      if (job?.autoforget && isOver(job) && job.parent === undefined) this.#autoforget(job);
    }
    this.#dispatch.schedule();
  }

  #count(job: Job | undefined, before: Job | undefined): void {
    this.arrays.count(job, before);
    this.sets.count(job, before);
    this.census.count(job, before);
    this.makers.count(job, before);
    this.#runs.countElsewhere((job ?? (before as Job)).id, job, this.#server);
  }

  #forget(job: Job): void {
    this.#waits.remove(job);
    this.#ready.remove(job.id);
    clearTimeout(this.#timers.get(job.id));
    this.#timers.delete(job.id);
  }

  /** Puts a job among the ready ones, or takes it away, as it is now. */
  #enqueue(job: Job): void {
    const isWaiting =
      job.state === 'Queued' && !job.isHeld && job.array === undefined && !isAway(job) && !this.#dispatch.isClaiming(job.id);
    if (!isWaiting) {
      this.#ready.remove(job.id);
      return;
    }
    const standings = job.dependencies?.map((one) => standingOf(one, this.store.get(one.job))) ?? [];
    const hopeless = standings.indexOf('hopeless');
    if (hopeless >= 0) {
      this.#ready.remove(job.id);
      const note = `waited for ${wishOf(job.dependencies?.[hopeless] as NonNullable<Job['dependencies']>[number])}, which it did not`;
      this.#write(() =>
        this.store.update(job.id, (now) =>
          now.state === 'Queued' && !isAway(now) ? failed(now, { cause: 'dependency', note, ended: this.#deps.clock.now() }) : undefined,
        ),
      );
      return;
    }
    const wait = (job.notBefore ?? 0) - this.#deps.clock.now();
    if (wait > 0) this.#wake(job.id, wait);
    if (wait > 0 || standings.includes('open')) this.#ready.remove(job.id);
    else this.#ready.add(job);
  }

  #wake(id: number, waitMs: number): void {
    clearTimeout(this.#timers.get(id));
    const look = () => {
      this.#timers.delete(id);
      const job = this.store.get(id);
      if (job === undefined || this.#isStopped) return;
      this.#enqueue(job);
      this.#dispatch.schedule();
    };
    this.#timers.set(id, setTimeout(look, Math.min(waitMs, longestTimer)).unref());
  }

  /** A run of ours whose job is no longer on record as being there: others have given this server up. What still runs of it is ended. */
  #endUnwanted(job: Job | undefined, before: Job): void {
    const name = runName(before);
    const run = this.#runs.get(name);
    if (run === undefined || run.isOver || !isAway(before) || !this.isOwn(before)) return;
    if (job === undefined || !isAway(job) || !this.isOwn(job) || runName(job) !== name) this.#signal(name, 'kill');
  }

  /** Gives up the jobs of servers that are not there any more: nobody will ever see their ends. */
  #giveUpTheLost(): void {
    const now = this.#deps.clock.now();
    for (const { id, server } of [...this.#runs.elsewhere()]) {
      if (!this.#servers.isLost(server)) continue;
      const note = `its server ${server} has not been heard of for too long (setting jobs.lostAfter)`;
      this.#write(() => this.store.update(id, (job) => abandoned(job, server, { cause: 'lost', note, ended: now })));
    }
  }

  /** Tells the back end what somebody wants of a run; only the server that has the run can. */
  #passOn(job: Job, before: Job | undefined): void {
    if (!isAway(job) || !this.isOwn(job)) return;
    const name = runName(job);
    // A claim that was given up, and is on record after all.
    if (this.#runs.get(name) === undefined) this.#adopt(job);
    else if (before === undefined || runName(before) !== name) return;
    else if (job.stopping !== undefined && job.stopping !== before.stopping) this.#signal(name, job.stopping);
    else if (job.state === 'Suspended' && before.state === 'Running') this.#signal(name, 'suspend');
    else if (job.state === 'Running' && before.state === 'Suspended') this.#signal(name, 'resume');
    else if (job.state === 'Idle' && before.state === 'Queued') this.#signal(name, 'hold');
    else if (job.state === 'Queued' && before.state === 'Idle') this.#signal(name, 'release');
  }

  #signal(run: string, signal: Signal): void {
    const { backend, log } = this.#deps;
    backend.signal(run, signal).catch((error: unknown) => log.error({ err: error, run }, `could not ${signal} a job`));
  }

  #settleArray(id: number): void {
    const array = this.store.get(id);
    if (array === undefined || this.arrays.settled(array, 0) === undefined) return;
    const now = this.#deps.clock.now();
    this.#write(() => this.store.update(id, (job) => this.arrays.settled(job, now)));
  }

  #autoforget({ id }: Job): void {
    const children = this.arrays.children(id);
    this.#write(async () => {
      for (const child of [...children, id]) await this.store.remove(child, isOver);
    });
  }

  #isThrottled({ parent }: Job): boolean {
    const atOnce = parent === undefined ? undefined : this.store.get(parent)?.array?.atOnce;
    if (atOnce === undefined) return false;
    return this.arrays.away(parent as number) + this.#dispatch.claimsOf(parent as number) >= atOnce;
  }

  #adopt(job: Job): void {
    this.#runs.adopt(job, this.#deps.clock.now());
    this.#deps.backend.adopt(runName(job));
    if (job.stopping !== undefined) this.#signal(runName(job), job.stopping);
  }

  #hear(event: RunEvent): void {
    const { name } = event;
    const run = this.#runs.get(name);
    if (this.#isStopped || run === undefined) return;
    const change = (next: (job: Job) => Job | undefined) => this.#write(() => this.store.update(run.id, next));
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
    } else if (event.kind === 'ended') this.#settleRun(name, () => this.#end(name, run, event.outcome));
    else if (event.kind === 'unstarted') this.#settleRun(name, () => this.#return(event, run.id));
  }

  /** Puts the end of a run on record, and gives its place to the next one meanwhile. */
  #settleRun(name: string, record: () => Promise<void>): void {
    this.#write(record);
    if (this.#runs.vacate(name)) this.#dispatch.schedule();
  }

  async #end(name: string, run: OwnRun, outcome: Outcome): Promise<void> {
    const { shares, clock } = this.#deps;
    const { startedAt } = run;
    const seconds = Math.max(0, outcome.ended - (startedAt ?? run.since)) / 1000;
    let charge: ReturnType<FairShare['charge']> | undefined;
    // Counted once, however often the write is tried.
    const more = () => {
      charge ??= shares.charge(run.group, run.cores * seconds, clock.now());
      return [charge];
    };
    await this.store.update(run.id, (job) => ended(job, name, { outcome, startedAt }), more);
    this.#finish(name);
  }

  async #return(event: Extract<RunEvent, { kind: 'unstarted' }>, id: number): Promise<void> {
    const attempts = (this.#attempts.get(id) ?? 0) + 1;
    await this.store.update(id, (job) => unstarted(job, event, this.#deps.clock.now(), attempts >= mostAttempts));
    if (attempts >= mostAttempts) this.#attempts.delete(id);
    else this.#attempts.set(id, attempts);
    this.#finish(event.name);
  }

  /** Only when its end is on record may what is known of a run be thrown away. */
  #finish(name: string): void {
    this.#runs.remove(name);
    this.#deps.backend.discard(name);
    this.#dispatch.schedule();
  }

  /** Writes what has to be written, however long the key store is away. */
  #write(work: () => Promise<unknown>): void {
    const attempt = (): void => {
      work().catch((error: unknown) => {
        if (this.#isStopped) return;
        this.#deps.log.error({ err: error }, 'what became of a job could not be written; trying again');
        setTimeout(attempt, retryWriteMs).unref();
      });
    };
    attempt();
  }
}
