import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Tree } from '../keys/index.ts';
import { Arrays } from './arrays.ts';
import type { Backend } from './backend.ts';
import { Census } from './census.ts';
import { Dispatch } from './dispatch.ts';
import type { FairShare } from './fair-share.ts';
import { isAway, isOver, type Job } from './job.ts';
import { formatId } from './job-id.ts';
import { JobSets } from './job-sets.ts';
import { abandoned, failed, runName } from './lives.ts';
import { Makers } from './makers.ts';
import { Pool } from './pool.ts';
import { Runs } from './runs.ts';
import { Scheduler } from './scheduler.ts';
import { Servers } from './servers.ts';
import { type JobListener, JobStore } from './store.ts';
import { Supervisor } from './supervisor.ts';
import { Waiting } from './waiting.ts';
import { wishOf } from './waits.ts';
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

const retryWriteMs = 1000;

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
  readonly #waiting: Waiting;
  readonly #scheduler: Scheduler;
  readonly #dispatch: Dispatch;
  readonly #runs: Runs;
  readonly #supervisor: Supervisor;
  readonly #servers: Servers;
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
    this.#waiting = new Waiting({
      store: this.store,
      clock: deps.clock,
      isClaiming: (id) => this.#dispatch.isClaiming(id),
      onTime: () => this.#dispatch.schedule(),
      onHopeless: ({ id }, note) => this.#giveUp(id, note),
    });
    const { ready } = this.#waiting;
    this.#scheduler = new Scheduler({
      ready,
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
      ready,
      runs: this.#runs,
      scheduler: this.#scheduler,
      server: () => this.#server,
      enqueue: (job) => this.#waiting.place(job),
    });
    this.#supervisor = new Supervisor({
      ...deps,
      store: this.store,
      runs: this.#runs,
      isOwn: (job) => this.isOwn(job),
      write: (work) => this.#write(work),
      onRoom: () => this.#dispatch.schedule(),
    });
  }

  /** Takes up what is there: runs that went on meanwhile first, then those that wait. */
  async start(): Promise<void> {
    const { backend } = this.#deps;
    this.#server = this.#deps.server();
    this.#isStopped = false;
    await this.store.start();
    backend.listen((event) => {
      if (!this.#isStopped) this.#supervisor.hear(event);
    });
    await backend.open();
    this.#isLoaded = true;
    for (const job of this.store.all()) this.#count(job, undefined);
    for (const job of this.store.all()) {
      this.#waiting.add(job);
      if (isAway(job) && this.isOwn(job)) this.#supervisor.adopt(job);
    }
    backend.sweep(this.#runs.names());
    for (const job of this.store.all()) this.#waiting.place(job);
    await this.#servers.start(this.#server, () => this.#giveUpTheLost());
    this.#dispatch.start();
    this.#dispatch.schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#dispatch.stop();
    this.#servers.stop();
    this.#waiting.stop();
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
    const [open, ...more] = this.#waiting.openOf(job);
    if (open !== undefined) return `waits for ${wishOf(open)}${more.length > 0 ? ` and ${more.length} more` : ''}`;
    const wait = this.#waiting.timeLeft(job);
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
    return this.#waiting.ready.size;
  }

  get runningCount(): number {
    return this.#runs.size;
  }

  /** Hears of every change of a job, whoever made it, and draws the conclusions. */
  #settle(job: Job | undefined, before: Job | undefined): void {
    if (!this.#isLoaded) return;
    this.#count(job, before);
    for (const observer of this.#observers) observer(job, before);
    if (before === undefined && job !== undefined) this.#waiting.add(job);
    if (job === undefined && before !== undefined) this.#waiting.remove(before);
    if (this.#isStopped) return;
    this.#supervisor.passOn(job, before);
    if (job !== undefined) this.#waiting.place(job);
    const id = (job ?? before)?.id as number;
    for (const listener of this.#listeners.get(id) ?? []) listener();
    if (job?.state !== before?.state || job === undefined) {
      this.#waiting.placeThoseOn(id);
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

  /** Gives up the jobs of servers that are not there any more: nobody will ever see their ends. */
  #giveUpTheLost(): void {
    const now = this.#deps.clock.now();
    for (const { id, server } of [...this.#runs.elsewhere()]) {
      if (!this.#servers.isLost(server)) continue;
      const note = `its server ${server} has not been heard of for too long (setting jobs.lostAfter)`;
      this.#write(() => this.store.update(id, (job) => abandoned(job, server, { cause: 'lost', note, ended: now })));
    }
  }

  /** Ends a job that waits for what will never come. */
  #giveUp(id: number, note: string): void {
    const outcome = { cause: 'dependency', note, ended: this.#deps.clock.now() } as const;
    this.#write(() => this.store.update(id, (job) => (job.state === 'Queued' && !isAway(job) ? failed(job, outcome) : undefined)));
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
