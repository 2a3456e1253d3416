import type { Log } from '../../core/log.ts';
import type { Change } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import type { Operation } from '../tree/operation.ts';
import { type Batch, likelyPaths, planBatch } from './batch.ts';
import { type Cluster, pause } from './cluster.ts';
import { ClusterError, outcomes, textOfError } from './cluster-error.ts';
import { Job } from './job.ts';
import { Missing } from './known.ts';
import { lookUp } from './look-up.ts';
import type { SpaceState } from './space-state.ts';

/** How long one member is waited for: longer than an election takes. */
const attemptMs = 2500;
/** Writes that may wait; those beyond are refused at once. */
const queueLimit = 20_000;
/** Jobs that one transaction may answer: refused ones cost it nothing, so its own limits do not bound them. */
const jobLimit = 512;
const noAnswer = 'no answer in time';

export type WriterOptions = { state: SpaceState; cluster: Cluster; now: () => number; history: number; log: Log };

/**
 * All writes of this server to one space: one transaction at a time, holding as many of the waiting writes as fit. Every
 * transaction compares the revision of the counter, which every write of every server moves: so it either stands on exactly
 * what it was planned on, or does nothing and is planned again. And so it can be sent again when its answer is lost: of all
 * the copies at most one is done, and the next transaction on the same revision takes the place of one that was given up.
 */
export class Writer {
  readonly #state: SpaceState;
  readonly #cluster: Cluster;
  readonly #now: () => number;
  readonly #history: number;
  readonly #log: Log;
  #queue: Job[] = [];
  /** Sent, or about to be; whether it was done is not known yet. */
  #open: { batch: Batch; breaks: number } | undefined;
  #running: Promise<void> | undefined;
  /** Of the last attempts: the text of the failure, the number of lost races, the jobs that went into one transaction. */
  #trouble = noAnswer;
  #conflicts = 0;
  #jobs = jobLimit;
  /** The member that was asked last was not where this server is: the next look-up waits until it is. */
  #isSure = false;
  #isClosed = false;

  constructor({ state, cluster, now, history, log }: WriterOptions) {
    this.#state = state;
    this.#cluster = cluster;
    this.#now = now;
    this.#history = history;
    this.#log = log;
  }

  /** Does all operations or none; the key of a deadline goes when it turned out to be nobody's. */
  async write(operations: readonly Operation[], deadlineKey?: string): Promise<readonly Change[]> {
    if (this.#isClosed) throw this.#unavailable('the server stops');
    if (operations.length === 0) return [];
    if (this.#queue.length >= queueLimit) throw this.#unavailable(`${queueLimit} writes wait for the cluster`);
    const job = new Job(operations, { deadlineKey, overdue: () => this.#unavailable(this.#trouble) });
    this.#queue.push(job);
    this.#running ??= this.#run();
    return await job.done;
  }

  /** Lets what waits come to its end, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Writes that arrive in the same turn of the event loop go together.
    await new Promise(setImmediate);
    while (this.#hasWork()) {
      try {
        await this.#turn();
      } catch (error) {
        await this.#failed(error);
      }
    }
    this.#running = undefined;
  }

  /** Forgets what ended by time. A transaction that nobody waits for is not sent again: the next one takes its place. */
  #hasWork(): boolean {
    if (this.#open?.batch.results.every(({ job }) => job.isSettled)) this.#open = undefined;
    if (this.#queue[0]?.isSettled) this.#queue = this.#queue.filter((job) => !job.isSettled);
    return this.#open !== undefined || this.#queue.length > 0;
  }

  /** One step further: learn what is missing, plan, send, or find out what became of what was sent. */
  async #turn(): Promise<void> {
    if (this.#state.revision < 0) {
      await this.#state.catchUp(attemptMs);
      return;
    }
    if (this.#open !== undefined) return await this.#push(this.#open.batch);
    const planned = this.#plan();
    if (planned instanceof Missing) {
      this.#isSure = !(await lookUp(planned, this.#state, { limitMs: attemptMs, isSure: this.#isSure }));
      return;
    }
    if (planned.steps.length === 0) return await this.#confirm(planned);
    this.#queue.splice(0, planned.results.length);
    this.#open = { batch: planned, breaks: this.#state.breaks };
    this.#state.await(planned.token);
    await this.#push(planned);
  }

  #plan(): Batch | Missing {
    const { known, layout, index, revision } = this.#state;
    const queue = this.#queue.slice(0, this.#jobs);
    const likely = new Missing();
    for (const path of likelyPaths(queue, index)) if (known.node(path) === undefined) likely.nodes.add(path);
    if (!likely.isEmpty) return likely;
    return planBatch(queue, { known, layout, base: { index, revision }, now: this.#now(), history: this.#history });
  }

  /** All jobs were refused: true only if the state they were refused on is still the cluster's. */
  async #confirm(batch: Batch): Promise<void> {
    const range = { key: this.#state.layout.counter, isKeysOnly: true };
    const isCurrent = await this.#state.lookUp([range], () => {}, { limitMs: attemptMs, isSure: true });
    if (!isCurrent) return;
    this.#queue.splice(0, batch.results.length);
    this.#settle(batch);
  }

  /** Sends a transaction that may have been sent before, unless it came out meanwhile what became of it. */
  async #push(batch: Batch): Promise<void> {
    const { token, base, changes, steps } = batch;
    if (this.#state.hasLanded(token)) return this.#settle(batch);
    if (this.#state.breaks !== this.#open?.breaks) return this.#giveUp(batch, 'the cluster no longer tells whether it was done');
    if (this.#state.revision !== base.revision) return await this.#again(batch);
    const { counter } = this.#state.layout;
    const request = { compare: [{ key: counter, modRevision: base.revision }], success: steps, failure: this.#state.newsSteps() };
    const answer = await this.#cluster.commit(request, attemptMs);
    if (answer.isSuccess) {
      if (changes.length > 0) this.#state.take({ first: base.index + 1, revision: answer.header.revision, token, changes });
      this.#settle(batch);
    } else if (!this.#state.takeNews(answer.ranges) || this.#state.revision === base.revision) {
      // More than one page of news; or none at all, when the cluster went back to an older state.
      await this.#state.catchUp(attemptMs);
    }
  }

  /** Another server was faster: plans the jobs anew, on what it did. */
  async #again({ results }: Batch): Promise<void> {
    this.#open = undefined;
    this.#queue.unshift(...results.map(({ job }) => job));
    this.#conflicts++;
    // The first retry is at once; when several servers keep meeting, chance lets one of them go ahead.
    if (this.#conflicts > 1) await pause(Math.random() * Math.min(2 ** this.#conflicts, 50));
  }

  #settle({ results }: Batch): void {
    this.#open = undefined;
    this.#trouble = noAnswer;
    this.#conflicts = 0;
    this.#jobs = Math.min(jobLimit, this.#jobs * 2);
    for (const { job, result } of results) job.settle(result);
    this.#state.known.forgetDirectories();
    this.#state.known.trim();
  }

  async #failed(error: unknown): Promise<void> {
    const text = textOfError(error);
    if (error instanceof ClusterError && error.outcome === outcomes.uncertain) {
      this.#trouble = text;
      // A refused connection is told at once.
      await pause(20 + Math.random() * 60);
      return;
    }
    if (error instanceof ClusterError && error.outcome === outcomes.tooLarge && this.#open !== undefined) return this.#shrink(text);
    if (!(error instanceof ClusterError)) this.#log.error({ err: error }, 'keys: a write failed');
    const waiting = this.#queue.splice(0, 1).map((job) => ({ job }));
    this.#giveUp(this.#open?.batch ?? { results: waiting }, text);
  }

  /** This cluster takes less than others do: half as many jobs, until it is one that is too large on its own. */
  #shrink(text: string): void {
    const jobs = this.#open?.batch.results.map(({ job }) => job) ?? [];
    this.#open = undefined;
    if (jobs.length === 1) {
      jobs[0]?.settle(new KeyFault('too-large', text, this.#state.index));
      return;
    }
    this.#jobs = Math.ceil(jobs.length / 2);
    this.#queue.unshift(...jobs);
  }

  #giveUp({ results }: { results: readonly { job: Job }[] }, reason: string): void {
    this.#open = undefined;
    for (const { job } of results) job.settle(this.#unavailable(reason));
  }

  #unavailable(cause: string): KeyFault {
    return new KeyFault('unavailable', cause, this.#state.index);
  }
}
