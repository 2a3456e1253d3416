/** The rules of a job's life: what it becomes when something happens to it. Pure; undefined where that cannot happen to it now. */
import type { RunEvent } from './backend.ts';
import { isAway, isOver, type Job, type Outcome, type PastRun, type State } from './job.ts';
import { formatId } from './job-id.ts';
import type { Place } from './pool.ts';

/** Runs of one job that are remembered. */
const rememberedRuns = 20;

/** The name of a job's run: unique for ever, since ids are, and runs are only counted up. */
export const runName = ({ id, run }: Pick<Job, 'id' | 'run'>): string => `${formatId(id)}.${run}`;

/** Given to a back end by a server; it runs there, or waits again (`isQueuedThere`). */
export function claimed(
  job: Job,
  { host, takes }: Place,
  { server, now, isQueuedThere = false }: { server: string; now: number; isQueuedThere?: boolean },
): Job | undefined {
  if (job.state !== 'Queued' || job.isHeld || job.array !== undefined || isAway(job)) return undefined;
  const { outcome: _outcome, notBefore: _notBefore, stopping: _stopping, ...rest } = job;
  const common = { ...rest, run: job.run + 1, server, host, grabbed: takes };
  return isQueuedThere ? common : { ...common, state: 'Running', started: now };
}

/** Its run has started, on a host that the back end has chosen. */
export function began(job: Job, { name, at, host }: Extract<RunEvent, { kind: 'started' }>): Job | undefined {
  if (!isAway(job) || runName(job) !== name) return undefined;
  const waits = job.state === 'Queued' || job.state === 'Idle';
  if (!waits && (host === undefined || host === job.host)) return undefined;
  const { isHeld: _isHeld, ...rest } = job;
  return { ...rest, state: waits ? 'Running' : job.state, started: waits ? at : (job.started ?? at), host: host ?? job.host ?? '' };
}

/** Its run waits in the back end, held there or not. */
export function waits(job: Job, name: string, isHeld: boolean): Job | undefined {
  if (!isAway(job) || runName(job) !== name || (job.state !== 'Queued' && job.state !== 'Idle')) return undefined;
  if ((job.state === 'Idle') === isHeld) return undefined;
  const { isHeld: _isHeld, ...rest } = job;
  return isHeld ? { ...rest, state: 'Idle', isHeld: true } : { ...rest, state: 'Queued' };
}

/** Its run has ended: it is over, or is tried again. */
export function ended(
  job: Job,
  name: string,
  { outcome: told, startedAt }: { outcome: Outcome; startedAt: number | undefined },
): Job | undefined {
  if (!isAway(job) || runName(job) !== name) return undefined;
  const started = startedAt ?? job.started ?? told.ended;
  // A stop that came when the server was away is known by the job alone.
  const outcome: Outcome = job.stopping !== undefined && told.cause === 'signal' ? { ...told, cause: 'stopped' } : told;
  const isGood = outcome.cause === 'done' || (outcome.cause === 'exit' && job.legalExit?.includes(outcome.code ?? -1) === true);
  if (!isGood && mayRetry(job, outcome)) return again({ ...job, started }, outcome);
  return { ...job, started, state: isGood ? 'Done' : 'Failed', outcome };
}

/** Its server is gone for good. */
export const abandoned = (job: Job, server: string, outcome: Outcome): Job | undefined =>
  job.server === server ? ended(job, runName(job), { outcome, startedAt: undefined }) : undefined;

function mayRetry({ retry, retries = 0, stopping }: Job, { cause, code }: Outcome): boolean {
  if (retry === undefined || retries >= retry.max || stopping !== undefined || cause === 'stopped' || cause === 'start') return false;
  return retry.onExit === undefined || cause === 'lost' || (cause === 'exit' && retry.onExit.includes(code ?? -1));
}

function again(job: Job, outcome: Outcome): Job {
  const retries = (job.retries ?? 0) + 1;
  const notBefore = outcome.ended + (job.retry?.delay ?? 0) * 1000;
  return { ...waiting(remembered(job, outcome), 'Queued', outcome.ended), retries, notBefore };
}

/** Its run never started: it goes back, or is over when somebody wanted its end. */
export function unstarted(job: Job, event: Extract<RunEvent, { kind: 'unstarted' }>, now: number, isHopeless: boolean): Job | undefined {
  if (!isAway(job) || runName(job) !== event.name) return undefined;
  if (job.stopping !== undefined) return failed(job, { cause: 'stopped', note: 'before it started', ended: now });
  if (isHopeless) return failed(job, { cause: 'start', note: event.why, ended: now });
  return { ...waiting(job, 'Queued', job.queued), notBefore: now + 1000 };
}

/** Over without a run. */
export const failed = (job: Job, outcome: Outcome): Job => ({ ...job, state: 'Failed', outcome });

/** Somebody wants its end. */
export function stopped(job: Job, how: 'stop' | 'kill', now: number, by: string): Job | undefined {
  if (isOver(job)) return undefined;
  if (isAway(job)) return job.stopping === how || job.stopping === 'kill' ? job : { ...job, stopping: how };
  return failed(job, { cause: 'stopped', note: `by ${by}, before it started`, ended: now });
}

/** Taken out of the queue until it is released. */
export const held = (job: Job): Job | undefined =>
  job.state === 'Queued' || job.state === 'Idle' ? { ...job, state: 'Idle', isHeld: true } : undefined;

export function released(job: Job, now: number): Job | undefined {
  if (job.state !== 'Idle') return undefined;
  const { isHeld: _isHeld, ...rest } = job;
  return { ...rest, state: 'Queued', queued: now };
}

export const suspended = (job: Job): Job | undefined =>
  job.state === 'Running' && job.stopping === undefined ? { ...job, state: 'Suspended' } : undefined;
export const resumed = (job: Job): Job | undefined => (job.state === 'Suspended' ? { ...job, state: 'Running' } : undefined);

/** Put into the queue once more, under the same id. */
export function rerun(job: Job, now: number, priority = job.priority): Job | undefined {
  if (!isOver(job) || job.array !== undefined) return undefined;
  const { retries: _retries, ...rest } = job.outcome === undefined ? job : remembered(job, job.outcome);
  return { ...waiting(rest, 'Queued', now), priority };
}

function waiting(job: Job, state: State, queued: number): Job {
  const { started: _s, outcome: _o, host: _h, grabbed: _g, server: _v, stopping: _p, notBefore: _n, ...rest } = job;
  return { ...rest, state, queued };
}

function remembered(job: Job, outcome: Outcome): Job {
  const past: PastRun = { ...outcome, run: job.run, host: job.host ?? '', started: job.started ?? outcome.ended };
  return { ...job, past: [...(job.past ?? []), past].slice(-rememberedRuns) };
}
