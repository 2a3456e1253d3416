import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Caller } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { type Note, noteOf } from '../core/note.ts';
import { Problem } from '../core/problem.ts';
import { RoomSwitch } from '../core/room-switch.ts';
import { onKeys, serverName, type Tree } from '../keys/index.ts';
import type { Backend } from './backend.ts';
import { makeBackend } from './backends.ts';
import type { JobsConfig } from './config.ts';
import { chosen } from './environment.ts';
import { FairShare } from './fair-share.ts';
import { countOf, Intake } from './intake.ts';
import { isAway, isOver, type Job } from './job.ts';
import type { JobChange } from './job-change.ts';
import { JobClasses } from './job-classes.ts';
import { formatId } from './job-id.ts';
import { held, released, rerun, resumed, runName, stopped, suspended } from './lives.ts';
import { amountOf } from './local/offer.ts';
import { logPath } from './log-file.ts';
import { JobMail } from './mail.ts';
import { Queue } from './queue.ts';
import { jobsFolder } from './store.ts';
import { readSubmission } from './submission.ts';

/** What the room needs of the house. */
export type JobsDependencies = {
  /** The system space of the key tree. */
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: Log;
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
  note?(entry: Note): Promise<void>;
  /** In place of the one that the configuration names; for tests. */
  backend?: Backend;
};

/** What somebody can do with a job that is there. */
export const actions = ['stop', 'kill', 'hold', 'release', 'suspend', 'resume', 'rerun'] as const;
export type Action = (typeof actions)[number];

/** The room of jobs: takes submissions, answers questions, and passes on what people want of their jobs. Inert until `start`. */
export class Jobs {
  readonly config: JobsConfig;
  readonly queue: Queue;
  readonly shares: FairShare;
  readonly classes: JobClasses;
  readonly backend: Backend;
  readonly tree: Tree;
  readonly mail: JobMail;
  readonly #deps: JobsDependencies;
  readonly #intake: Intake;
  readonly #switch: RoomSwitch;
  /** Submissions that have their ids and are not yet on record: they count against the limit. */
  #arriving = 0;
  #submitted = 0;

  constructor(config: JobsConfig, deps: JobsDependencies) {
    const { tree, clock, log, dataFolder } = deps;
    this.config = config;
    this.tree = tree;
    this.#deps = deps;
    this.#switch = new RoomSwitch({ room: 'jobs', does: 'run jobs', enabled: config.enabled, isLoopback: deps.isLoopback });
    const weights = new Map(config.weights.map((text) => amountOf(text, 'jobs.weights')));
    const server = () => serverName(join(dataFolder, 'jobs'));
    this.shares = new FairShare({ tree, halfLifeMs: config.halfLife, weights, server });
    this.classes = new JobClasses(tree);
    this.backend = deps.backend ?? makeBackend(config, { folder: join(dataFolder, 'jobs', 'runs'), log, clock });
    this.queue = new Queue({
      tree,
      backend: this.backend,
      shares: this.shares,
      clock,
      log,
      server,
      graceMs: config.grace,
      reserveAfterMs: config.reserveAfter,
      lostAfterMs: config.lostAfter,
      mayStart: this.isEnabled,
    });
    this.mail = new JobMail(config.mail, { tree, log });
    this.queue.observe((job, before) => this.mail.hear(job, before));
    this.#intake = new Intake({ config, tree, queue: this.queue, backend: this.backend, mail: this.mail, dataFolder });
  }

  /** True when jobs are taken and run here. */
  get isEnabled(): boolean {
    return this.#switch.isOn;
  }

  async start(): Promise<void> {
    await this.shares.start();
    await this.classes.start();
    await this.queue.start();
  }

  async stop(): Promise<void> {
    await this.queue.stop();
    await this.mail.stop();
    this.shares.stop();
    this.classes.stop();
    await this.#intake.stop();
  }

  /** Jobs that were submitted here since the start. */
  get submittedCount(): number {
    return this.#submitted;
  }

  now(): number {
    return this.#deps.clock.now();
  }

  /** The job of an id; throws `not-found`. */
  get(id: number): Job {
    const job = this.queue.store.get(id);
    if (job === undefined) throw new Problem('not-found', `There is no job ${formatId(id)}.`, { hint: 'it may have been forgotten' });
    return job;
  }

  /** Takes a submission; it is on disk when this resolves. An array answers its parent. Throws `unprocessable`, `denied`, `exhausted`. */
  async submit(body: unknown, caller: Caller): Promise<Job> {
    this.#switch.require();
    const submission = readSubmission(this.classes.applyTo(body), this.config.array);
    const count = countOf(submission);
    if (this.queue.store.size + this.#arriving + count > this.config.kept) throw full(this.config.kept);
    this.#arriving += count;
    try {
      this.#intake.check(submission);
      const jobs = await this.#intake.make(submission, caller.name, this.now());
      await onKeys(jobsFolder, () => this.queue.store.create(jobs)).catch((error: unknown) => {
        // Nobody was promised anything; with `unavailable` it may still come, and then a run makes its log anew.
        for (const job of jobs) if (submission.logfile === undefined) rmSync(logPath(job), { force: true });
        throw error;
      });
      const job = jobs[0] as Job;
      this.#submitted += jobs[0]?.array?.count ?? 1;
      await this.#note(caller, 'jobs.submit', job.id);
      return this.queue.store.get(job.id) ?? job;
    } finally {
      this.#arriving -= count;
    }
  }

  /** Does something with a job (and with the children of an array). Throws `not-found`, `denied`, or `conflict` when its state forbids it. */
  async act(id: number, action: Action, caller: Caller, priority?: number): Promise<Job> {
    const job = this.get(id);
    requireOwner(job, caller);
    if (action === 'rerun') this.#switch.require();
    const now = this.now();
    const change: Record<Action, (job: Job) => Job | undefined> = {
      stop: (job) => stopped(job, 'stop', now, caller.name),
      kill: (job) => stopped(job, 'kill', now, caller.name),
      hold: held,
      release: (job) => released(job, now),
      suspend: suspended,
      resume: resumed,
      rerun: (job) => rerun(job, now, priority),
    };
    const targets = job.array === undefined ? [id] : this.queue.arrays.children(id);
    let changed = 0;
    let acted = job; // it may be over, and forgotten, before this answers
    await Promise.all(
      targets.map((target) =>
        onKeys(jobsFolder, () =>
          this.queue.store.update(target, (job) => {
            const next = change[action](job);
            if (next !== undefined) changed++;
            if (next !== undefined && target === id) acted = next;
            return next;
          }),
        ),
      ),
    );
    if (changed === 0) throw notNow(this.get(id), action);
    await this.#note(caller, `jobs.${action}`, id);
    return this.queue.store.get(id) ?? acted;
  }

  /** Changes what may be changed of a job that is there. */
  async change(id: number, changes: JobChange, caller: Caller): Promise<Job> {
    requireOwner(this.get(id), caller);
    await onKeys(jobsFolder, () => this.queue.store.update(id, (job) => ({ ...job, ...changes })));
    await this.#note(caller, 'jobs.change', id);
    return this.get(id);
  }

  /** Forgets a job that is over (an array with its children); its log stays unless it is to go too. Throws `conflict` for one that is not. */
  async forget(id: number, caller: Caller, hasLogs = false): Promise<void> {
    const job = this.get(id);
    requireOwner(job, caller);
    const all = [...this.queue.arrays.children(id), id].map((one) => this.get(one));
    const mayGo = (job: Job) => isOver(job) || (job.state === 'Idle' && !isAway(job));
    const busy = all.find((one) => !mayGo(one) && one.array === undefined);
    if (busy !== undefined) throw notNow(busy, 'forget');
    for (const one of all) {
      const isGone = await onKeys(jobsFolder, () => this.queue.store.remove(one.id, (now) => mayGo(now) || now.array !== undefined));
      if (!isGone) throw notNow(this.get(one.id), 'forget');
      if (hasLogs) rmSync(logPath(one), { force: true });
    }
    await this.#note(caller, 'jobs.forget', id);
  }

  /** The variables that a job was submitted with; for its owner and administrators alone. */
  async environmentOf(id: number, caller: Caller): Promise<Record<string, string>> {
    const job = this.get(id);
    requireOwner(job, caller);
    return await chosen(job);
  }

  /**
   * The socket of the terminal of a job, for its owner. Throws `not-found`, `denied`, `unavailable` where it is at another server, and
   * `conflict` where there is none now.
   */
  terminalOf(id: number, caller: Caller): string {
    const job = this.get(id);
    requireOwner(job, caller);
    if (job.terminal === undefined || this.backend.terminal === undefined)
      throw new Problem('not-found', `Job ${formatId(id)} has no terminal.`, {
        hint: 'its log: weir jobs logs -f; a terminal is given to jobs that are submitted with one (interactive: true)',
      });
    if (isAway(job) && !this.queue.isOwn(job))
      throw new Problem('unavailable', `The terminal of job ${formatId(id)} is at another server.`, { detail: `it runs on ${job.host}` });
    if (!isAway(job))
      throw new Problem('conflict', `Job ${formatId(id)} does not run.`, {
        detail: `it is ${job.state}`,
        hint: 'its log has what it said',
      });
    return this.backend.terminal(runName(job));
  }

  /** Writes down who changed a job class. */
  async noteClass(caller: Caller, action: string, name: string): Promise<void> {
    await this.#note(caller, action, name);
  }

  async #note(caller: Caller, action: string, what: number | string): Promise<void> {
    await this.#deps.note?.(noteOf(caller, { action, target: typeof what === 'number' ? formatId(what) : what }));
  }
}

/** Owners and administrators may touch a job; others may look. */
function requireOwner(job: Job, { name, role }: Caller): void {
  if (role === 'admin' || name === job.user) return;
  throw new Problem('denied', `Job ${formatId(job.id)} is not yours.`, {
    detail: `it is ${job.user}'s`,
    hint: 'ask its owner or an administrator',
  });
}

const notNow = (job: Job, action: string): Problem =>
  new Problem('conflict', `Job ${formatId(job.id)} is ${job.state}; that cannot be done to it now.`, {
    detail: `asked for: ${action}`,
    facts: { state: job.state },
  });

const full = (limit: number): Problem =>
  new Problem('exhausted', `There are ${limit} jobs already.`, { hint: 'forget old ones, or raise the setting jobs.kept' });
