import type { Need } from './resources.ts';

/**
 * Idle: not to be run now (held, or an array that waits); Queued: waits for its turn, its resources or other jobs;
 * Running, Suspended; Done, Failed: over. Transfer, Sleeping and Withdrawn are Accelerator's and short-lived there.
 */
export const states = ['Idle', 'Queued', 'Transfer', 'Running', 'Suspended', 'Done', 'Failed', 'Sleeping', 'Withdrawn'] as const;
export type State = (typeof states)[number];

/** Why a job is Failed. `dependency`: what it waited for cannot come; `start`: the program could not be started. */
export const causes = ['exit', 'signal', 'stopped', 'timeout', 'memory', 'lost', 'nohost', 'dependency', 'start'] as const;
export type Cause = (typeof causes)[number];

/** How a job depends on others: on their start, good end, bad end, any end. */
export const dependencyKinds = ['after', 'afterok', 'afternotok', 'afterany'] as const;
export type Dependency = { kind: (typeof dependencyKinds)[number]; job: number };

/** Which variables a job gets: a clean base and those that it names, or those of the submitter, kept in a file. */
export type Environment = { kind: 'base'; variables?: Record<string, string> } | { kind: 'snapshot'; file: string };

/** How one run ended. Times are milliseconds since 1970 UTC. */
export type Outcome = {
  cause: Cause | 'done';
  /** Exit code of the program; absent when a signal ended it or nobody saw its end. */
  code?: number;
  /** The signal that ended it, by its number. */
  signal?: number;
  /** In words, where there is more to say. */
  note?: string;
  /** Processor time of the program and its children, in milliseconds. */
  cpuMs?: number;
  /** The most memory that one of its processes held, in MB. */
  maxRamMb?: number;
  ended: number;
};

/** A run that is over, as history keeps it. */
export type PastRun = Outcome & { run: number; host: string; started: number };

/** The size of a terminal in characters, 1 to 1000 each. */
export type Window = { rows: number; columns: number };

/** A job as it is kept. Absent members are unknown or not asked for. Times are milliseconds since 1970 UTC, limits seconds. */
export type Job = {
  id: number;
  user: string;
  /** The fair-share group with its user part: `/time/users.user99`. */
  group: string;
  name?: string;
  /** The program and its arguments; nothing of it passes a shell. */
  command: string[];
  /** Absolute. */
  directory: string;
  /** Relative to the directory. */
  logfile: string;
  wrapper: string;
  environment: Environment;
  resources: string;
  needs: Need[];
  priority: number;
  /** Priority while it runs; kept for preemption. */
  runPriority: number;
  state: State;
  isHeld?: true;
  dependencies?: Dependency[];
  /** Files that it reads and makes, absolute. */
  inputs?: string[];
  outputs?: string[];
  /** Of a child: the array and the index in it. */
  parent?: number;
  index?: number;
  /** Of an array: how many children it has, and how many may run at once. */
  array?: { count: number; atOnce?: number };
  /** Seconds that it may run. */
  timeLimit?: number;
  /** Seconds that it is expected to run. */
  expected?: number;
  retry?: { max: number; delay: number; onExit?: number[] };
  /** Exit codes besides 0 that are a good end. */
  legalExit?: number[];
  autoforget?: true;
  isPreemptable?: boolean;
  properties?: Record<string, string>;
  jobclass?: string;
  set?: string;
  /** It has a terminal, which had this size when it was submitted. */
  terminal?: Window;
  /** Who gets a mail when it is over. */
  mailUser?: string;
  submitted: number;
  submitHost: string;
  /** When it was last put into the queue. */
  queued: number;
  /** It is not tried before. */
  notBefore?: number;
  /** How often it was given to a back end. A run is named by id and this number, and no two have the same name. */
  run: number;
  /** How often it failed and was tried again since it was submitted or rerun. */
  retries?: number;
  /** Of the server that gave it to its back end. */
  server?: string;
  host?: string;
  grabbed?: Record<string, number>;
  started?: number;
  /** Somebody asked for its end: in peace, or at once. */
  stopping?: 'stop' | 'kill';
  outcome?: Outcome;
  past?: PastRun[];
};

/** True when nothing more happens to it by itself. */
export const isOver = ({ state }: Pick<Job, 'state'>): boolean => state === 'Done' || state === 'Failed';

/** True while a back end has it. One that queues by itself may have it Queued, or Idle when it is held there. */
export const isAway = ({ state, server }: Pick<Job, 'state' | 'server'>): boolean => server !== undefined && !isOver({ state });

/** Seconds that it has run: to now, or to its end; 0 before its start. */
export function durationOf({ started, outcome, state }: Job, now: number): number {
  if (started === undefined || state === 'Queued' || state === 'Idle') return 0;
  return Math.max(0, Math.floor(((outcome?.ended ?? now) - started) / 1000));
}

const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A command as a person would type it: words with odd characters in quotes. */
export const commandText = (command: readonly string[]): string =>
  command.map((word) => (plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** The whole line, as Accelerator shows it: `vw sleep 123 > vnc_logs/20211012/132628.122875`. */
export const shownCommand = ({ wrapper, command, logfile }: Pick<Job, 'wrapper' | 'command' | 'logfile'>): string =>
  `${wrapper} ${commandText(command)} > ${logfile}`;
