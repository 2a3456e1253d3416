/**
 * Who runs jobs: the one interface between the queue and a host, or a batch system. A back end is one file that exports a maker,
 * named in `backends.ts`, and passes the suite of `backend-conformance.ts`.
 */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Outcome, Window } from './job.ts';
import type { Offer, Place } from './pool.ts';
import type { Need } from './resources.ts';

/** One run of a job: all that a back end has to know. Names are unique for ever: `000001138.1`. */
export type Run = {
  name: string;
  command: readonly string[];
  /** The whole environment of the program. */
  variables: Readonly<Record<string, string>>;
  /** Absolute; the log file lies in it. */
  directory: string;
  /** Absolute. The run appends to it. */
  logfile: string;
  /** Seconds until it is ended; absent: never. Holds also while no server runs. */
  timeLimit?: number;
  /** Milliseconds between TERM and KILL. */
  grace: number;
  /** It gets a terminal in place of a log; the log gets all that is said there. Only of back ends that have terminals. */
  terminal?: Window;
  place: Place;
  /** Words that its host has to have; of use to a back end that finds the host itself. */
  has?: readonly string[];
  /** 1 to 15; of use to a back end that queues by itself. */
  priority?: number;
};

/**
 * What a back end tells, in this order: perhaps `waiting`, `started` unless it never did, then one `ended` or `unstarted`. Between, `suspended` and
 * `resumed` when somebody did that behind our back.
 */
export type RunEvent =
  | { kind: 'waiting'; name: string; why: string; isHeld?: boolean }
  | { kind: 'started'; name: string; at: number; host?: string }
  | { kind: 'suspended' | 'resumed'; name: string }
  | { kind: 'ended'; name: string; outcome: Outcome }
  /** It did not start and never will: giving the job to somebody again does not run it twice. */
  | { kind: 'unstarted'; name: string; why: string };

/** `hold` and `release` are for runs that wait in a back end that queues by itself. */
export type Signal = 'stop' | 'kill' | 'suspend' | 'resume' | 'hold' | 'release';

export type Backend = {
  readonly name: string;
  /** How many runs a back end that queues by itself wants at most; the rest wait in our queue, where order and fair share are kept. */
  readonly atOnce?: number;
  /** What there is to share, or undefined when the back end queues by itself and takes everything. */
  offers(): readonly Offer[] | undefined;
  /** Of a back end without offers: in words, why it could never satisfy this; undefined when it might. */
  impossible?(needs: readonly Need[]): string | undefined;
  /** Who hears of the runs. Called once, before anything else. */
  listen(listener: (event: RunEvent) => void): void;
  open(): Promise<void>;
  /** Lets go of the runs, which go on. */
  close(): Promise<void>;
  /** Starts a run. Its end is told by an event; so is, as `unstarted`, a start that failed. */
  start(run: Run): void;
  /** Takes up a run that an earlier server gave out, and tells what became of it. */
  adopt(name: string): void;
  /** Ends it (TERM, grace, KILL), ends it at once, stops or continues its processes. False when there is no such run any more. */
  signal(name: string, signal: Signal): Promise<boolean>;
  /** The Unix socket of a run's terminal, as `local/terminal.pl` serves it; of a back end that can give one. */
  terminal?(name: string): string;
  /** Forgets what is kept about a run that has ended, once its end is on record. */
  discard(name: string): void;
  /**
   * Forgets what is kept about all runs but these: a server may have been killed between the end of a run and `discard`. One that still
   * runs is ended: other servers have given its job up meanwhile.
   */
  sweep(known: ReadonlySet<string>): void;
  /** How far limits are enforced, for people. */
  limits(): Record<string, string>;
};

export type BackendDependencies = {
  /** A folder of its own below the data directory. */
  folder: string;
  log: Log;
  clock: Clock;
};
