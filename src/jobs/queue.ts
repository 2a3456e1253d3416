import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { Tree } from '../keys/index.ts';
import { Arrays } from './arrays.ts';
import type { Backend, RunEvent } from './backend.ts';
import { Census } from './census.ts';
import { variablesOf } from './environment.ts';
import type { FairShare } from './fair-share.ts';
import { isAway, isOver, type Job, type Outcome } from './job.ts';
import { formatId } from './job-id.ts';
import { JobSets } from './job-sets.ts';
import { began, claimed, ended, failed, resumed, runName, suspended, unstarted, waits } from './lives.ts';
import { logPath } from './log-file.ts';
import { type Place, Pool } from './pool.ts';
import { ReadyQueue } from './ready-queue.ts';
import { Scheduler } from './scheduler.ts';
import { type JobListener, JobStore } from './store.ts';
import { standingOf, Waits, wishOf } from './waits.ts';

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
  /** False where nothing may be started; what runs is still looked after. */
  mayStart: boolean;
};

/** A run that did not come up this often in a row is given up. */
const mostAttempts = 3;
const retryWriteMs = 1000;
const longestTimer = 2 ** 31 - 1;

/**
 * The life of the jobs: gives those that are ready to the back end while there is room, and takes note of what becomes of them. Everything
 * happens because something changed; nothing is polled. What is decided is written before it is done: a job is on record as running, under
 * a name that is used once, before its back end hears of it.
 */
export class Queue {
  readonly store: JobStore;
  readonly arrays = new Arrays();
  readonly sets = new JobSets();
  readonly census = new Census();
  readonly pool: Pool | undefined;
  readonly #deps: QueueDependencies;
  #server = '';
  readonly #ready = new ReadyQueue();
  readonly #waits = new Waits();
  readonly #scheduler: Scheduler;
  /** Runs of this server that are under way, with what they take. */
  readonly #runs = new Map<
    string,
    { id: number; group: string; place: Place; cores: number; since: number; startedAt?: number; isOver?: true }
  >();
  /** Jobs that are being claimed: chosen, and not yet on record as running. */
  readonly #claims = new Set<number>();
  readonly #attempts = new Map<number, number>();
  /** Jobs that run on other servers of the same tree: their groups have had that much already. */
  readonly #elsewhere = new Map<number, { group: string; cores: number; since: number }>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  /** What a back end that queues by itself says about its jobs. */
  readonly #words = new Map<string, string>();
  readonly #listeners = new Map<number, Set<() => void>>();
  readonly #observers: JobListener[] = [];
  #isLoaded = false;
  #isStopped = true;
  #isScheduled = false;

  constructor(deps: QueueDependencies) {
    this.#deps = deps;
    this.store = new JobStore(deps.tree, (job, before) => this.#settle(job, before));
    const offers = deps.backend.offers();
    this.pool = offers === undefined ? undefined : new Pool(offers);
    this.#scheduler = new Scheduler({
      ready: this.#ready,
      pool: this.pool,
      shares: deps.shares,
      hasRoom: () => this.#runs.size < (deps.backend.atOnce ?? Number.POSITIVE_INFINITY),
      jobOf: (id) => this.store.get(id),
      isThrottled: (job) => this.#isThrottled(job),
      runningUseOf: (group, now) => this.#runningUseOf(group, now),
      reserveAfterMs: deps.reserveAfterMs,
      now: () => deps.clock.now(),
    });
  }

  /** Takes up what is there: runs that went on meanwhile first, then those that wait. */
  async start(): Promise<void> {
    const { backend } = this.#deps;
    const server = this.#deps.server();
    this.#server = server;
    this.#isStopped = false;
    await this.store.start();
    backend.listen((event) => void this.#hear(event));
    await backend.open();
    this.#isLoaded = true;
    for (const job of this.store.all()) this.#count(job, undefined);
    for (const job of this.store.all()) {
      this.#waits.add(job);
      if (isAway(job) && job.server === server) this.#adopt(job);
    }
    backend.sweep(new Set(this.#runs.keys()));
    for (const job of this.store.all()) this.#enqueue(job);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.store.stop();
    await this.#deps.backend.close();
  }

  /** Why a job is not running, in words for its owner; empty when there is nothing to say. */
  reasonOf(job: Job): string {
    if (job.array !== undefined) return this.arrays.describe(job.id);
    if (isAway(job)) return job.stopping === undefined ? (this.#words.get(runName(job)) ?? '') : 'is being stopped';
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
    this.#schedule();
  }

  #count(job: Job | undefined, before: Job | undefined): void {
    this.arrays.count(job, before);
    this.sets.count(job, before);
    this.census.count(job, before);
    const { id } = (job ?? before) as Job;
    if (job !== undefined && isAway(job) && job.server !== this.#server)
      this.#elsewhere.set(id, { group: job.group, cores: job.grabbed?.CORES ?? 0, since: job.started ?? job.queued });
    else this.#elsewhere.delete(id);
  }

  #forget(job: Job): void {
    this.#waits.remove(job);
    this.#ready.remove(job.id);
    clearTimeout(this.#timers.get(job.id));
    this.#timers.delete(job.id);
  }

  /** Puts a job among the ready ones, or takes it away, as it is now. */
  #enqueue(job: Job): void {
    const isWaiting = job.state === 'Queued' && !job.isHeld && job.array === undefined && !isAway(job) && !this.#claims.has(job.id);
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
          now.state === 'Queued' && !isAway(now) ? failed(now, this.#over('dependency', note)) : undefined,
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
      this.#schedule();
    };
    this.#timers.set(id, setTimeout(look, Math.min(waitMs, longestTimer)).unref());
  }

  /** Tells the back end what somebody wants of a run; only the server that has the run can. */
  #passOn(job: Job, before: Job | undefined): void {
    if (!isAway(job) || job.server !== this.#server) return;
    // A claim that was given up, and is on record after all.
    if (!this.#runs.has(runName(job))) this.#adopt(job);
    else if (before === undefined || runName(before) !== runName(job)) return;
    else if (job.stopping !== undefined && job.stopping !== before.stopping) this.#signal(job, job.stopping);
    else if (job.state === 'Suspended' && before.state === 'Running') this.#signal(job, 'suspend');
    else if (job.state === 'Running' && before.state === 'Suspended') this.#signal(job, 'resume');
    else if (job.state === 'Idle' && before.state === 'Queued') this.#signal(job, 'hold');
    else if (job.state === 'Queued' && before.state === 'Idle') this.#signal(job, 'release');
  }

  #signal(job: Job, signal: Parameters<Backend['signal']>[1]): void {
    const { backend, log } = this.#deps;
    backend
      .signal(runName(job), signal)
      .catch((error: unknown) => log.error({ err: error, run: runName(job) }, `could not ${signal} a job`));
  }

  #settleArray(id: number): void {
    const array = this.store.get(id);
    const state = this.arrays.stateOf(id);
    if (array === undefined || state === undefined || array.state === state) return;
    const now = this.#deps.clock.now();
    this.#write(() =>
      this.store.update(id, (job) => {
        const state = this.arrays.stateOf(id);
        if (state === undefined || state === job.state) return undefined;
        const { outcome: _outcome, ...rest } = job;
        const isEnd = state === 'Done' || state === 'Failed';
        const outcome: Outcome =
          state === 'Done' ? { cause: 'done', ended: now } : { cause: 'exit', ended: now, note: this.arrays.describe(id) };
        return { ...rest, state, started: job.started ?? now, ...(isEnd && { outcome }) };
      }),
    );
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
    let count = this.arrays.away(parent as number);
    for (const id of this.#claims) {
      const job = this.store.get(id);
      if (job?.parent === parent && job?.state === 'Queued' && !isAway(job)) count++;
    }
    return count >= atOnce;
  }

  /** Core-seconds of what a group has under way; each counts a second at least, so that of two idle groups both get a turn. */
  #runningUseOf(group: string, now: number): number {
    let use = 0;
    const count = (run: { group: string; cores: number; since: number; isOver?: true }) => {
      if (run.group === group && run.isOver === undefined) use += run.cores * (1 + Math.max(0, now - run.since) / 1000);
    };
    for (const run of this.#runs.values()) count(run);
    for (const run of this.#elsewhere.values()) count(run);
    return use;
  }

  // Once for all that happens in this turn of the event loop.
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped || !this.#deps.mayStart) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      for (let next = this.#scheduler.next(); next !== undefined; next = this.#scheduler.next()) this.#give(next.job, next.place);
    });
  }

  /** Gives a job to the back end; its place is taken already. */
  #give(job: Job, place: Place): void {
    const { id } = job;
    this.#ready.remove(id);
    this.#claims.add(id);
    const name = runName({ id, run: job.run + 1 });
    this.#runs.set(name, { id, group: job.group, place, cores: place.takes.CORES ?? 0, since: this.#deps.clock.now() });
    const giveUp = () => {
      this.#free(name);
      this.#claims.delete(id);
      const now = this.store.get(id);
      if (now !== undefined) this.#enqueue(now);
      this.#schedule();
    };
    this.#claim(job, name, place).then(
      (isOurs) => (isOurs ? this.#claims.delete(id) : giveUp()),
      (error: unknown) => {
        this.#deps.log.error({ err: error, job: id }, 'a job could not be started');
        // Nobody knows whether it is on record as running: the claim stays, and the job waits until that is known.
        setTimeout(giveUp, retryWriteMs).unref();
      },
    );
  }

  /** Puts a job on record as running, then starts it. False when it is not to be started any more. */
  async #claim(chosen: Job, name: string, place: Place): Promise<boolean> {
    const { backend, clock, graceMs } = this.#deps;
    let variables: Record<string, string>;
    try {
      variables = await variablesOf(chosen, name);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const outcome = this.#over('start', `${error.title} ${error.detail ?? ''}`);
      await this.store.update(chosen.id, (job) => (job.state === 'Queued' && !isAway(job) ? failed(job, outcome) : undefined));
      return false;
    }
    const now = clock.now();
    let isOurs = false;
    const job = await this.store.update(chosen.id, (job) => {
      const next = job.run === chosen.run ? claimed(job, place, this.#server, now, this.pool === undefined) : undefined;
      isOurs = next !== undefined;
      return next;
    });
    // Another server may have been faster, or somebody has stopped it.
    if (job === undefined || !isOurs) return false;
    if (this.#isStopped) return true; // on record as running and never started: the next server finds that out
    backend.start({
      name,
      command: job.command,
      variables,
      directory: job.directory,
      logfile: logPath(job),
      ...(job.timeLimit !== undefined && { timeLimit: job.timeLimit }),
      grace: graceMs,
      place,
      priority: job.priority,
      ...(place.has !== undefined && { has: place.has }),
    });
    return true;
  }

  #adopt(job: Job): void {
    const place = { host: job.host ?? '', takes: job.grabbed ?? {} };
    this.pool?.take(place);
    const since = job.started ?? this.#deps.clock.now();
    const name = runName(job);
    this.#runs.set(name, { id: job.id, group: job.group, place, cores: place.takes.CORES ?? 0, since });
    this.#deps.backend.adopt(name);
    if (job.stopping !== undefined) this.#signal(job, job.stopping);
  }

  #free(name: string): void {
    const run = this.#runs.get(name);
    if (run === undefined) return;
    this.#runs.delete(name);
    this.#words.delete(name);
    if (run.isOver === undefined) this.pool?.give(run.place);
  }

  /** Its processes are gone, so the next may have its place: that need not wait until its end is on the disk. */
  #vacate(name: string): void {
    const run = this.#runs.get(name);
    if (run === undefined || run.isOver) return;
    run.isOver = true;
    this.pool?.give(run.place);
    this.#schedule();
  }

  async #hear(event: RunEvent): Promise<void> {
    const run = this.#runs.get(event.name);
    if (this.#isStopped || run === undefined) return;
    const { name } = event;
    const change = (next: (job: Job) => Job | undefined) => this.#write(() => this.store.update(run.id, next));
    if (event.kind === 'waiting') {
      this.#words.set(name, event.why);
      change((job) => waits(job, name, event.isHeld === true));
    } else if (event.kind === 'started') {
      run.startedAt ??= event.at;
      this.#attempts.delete(run.id);
      this.#words.delete(name);
      change((job) => began(job, event));
    } else if (event.kind === 'suspended' || event.kind === 'resumed') {
      const next = event.kind === 'suspended' ? suspended : resumed;
      change((job) => (runName(job) === name ? next(job) : undefined));
    } else if (event.kind === 'ended') {
      this.#write(() => this.#end(event.name, run, event.outcome));
      this.#vacate(event.name);
    } else if (event.kind === 'unstarted') this.#write(() => this.#return(event, run.id));
  }

  async #end(
    name: string,
    run: { id: number; group: string; cores: number; since: number; startedAt?: number },
    outcome: Outcome,
  ): Promise<void> {
    const { shares, clock } = this.#deps;
    const seconds = Math.max(0, outcome.ended - (run.startedAt ?? run.since)) / 1000;
    let charge: ReturnType<FairShare['charge']> | undefined;
    // Counted once, however often the write is tried.
    const more = () => {
      charge ??= shares.charge(run.group, run.cores * seconds, clock.now());
      return [charge];
    };
    await this.store.update(run.id, (job) => ended(job, name, { outcome, startedAt: run.startedAt }), more);
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
    this.#free(name);
    this.#deps.backend.discard(name);
    this.#schedule();
  }

  #over(cause: Outcome['cause'], note: string): Outcome {
    return { cause, note, ended: this.#deps.clock.now() };
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

/** How a job ended, in words. */
export function wordsOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '';
  const { cause, code, signal, note } = outcome;
  const note2 = note === undefined ? '' : `: ${note}`;
  switch (cause) {
    case 'done':
      return '';
    case 'exit':
      return code === undefined ? `failed${note2}` : `exit code ${code}${note2}`;
    case 'signal':
      return `ended by signal ${signal}${note2}`;
    case 'stopped':
      return `stopped${note2}`;
    case 'timeout':
      return `its time was up${note2}`;
    case 'memory':
      return `it took more memory than it asked for${note2}`;
    case 'lost':
      return `nobody saw its end${note2}`;
    case 'nohost':
      return `no host could take it${note2}`;
    case 'dependency':
      return note ?? 'a job that it waited for cannot come';
    case 'start':
      return `it could not be started${note2}`;
  }
}
