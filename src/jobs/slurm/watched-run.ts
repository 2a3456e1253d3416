import type { Run } from '../backend.ts';
import type { Outcome } from '../job.ts';
import type { RunFiles } from '../local/run-files.ts';
import type { Row } from './commands.ts';

/** A run that Slurm has, or is to have, and what is known of it. Times are of our clock. */
export class WatchedRun {
  readonly name: string;
  /** What is to be submitted; absent for one that an earlier server gave out. */
  readonly run: Run | undefined;
  /** In Slurm. */
  id: string | undefined;
  /** Nobody knows yet whether Slurm has taken it. */
  isUnsure = false;
  isSubmitting = false;
  /** Since when a row of it could be expected. */
  knownAt: number;
  /** Since when Slurm says that it is over, or does not know it, while its wrapper has not said so. */
  oddSince: number | undefined;
  isStarted = false;
  isSuspended = false;
  isHeld = false;
  /** Somebody wants it held, or released, and Slurm has not done so. */
  wish: 'hold' | 'release' | undefined;
  /** What is told of why it waits. */
  words = '';
  /** Somebody wants its end. */
  wants: 'stop' | 'kill' | undefined;
  isPressed = false;
  /** The account of its wrapper, when that alone does not tell who ended it. */
  account: { outcome: Outcome; until: number } | undefined;
  /** The last state that was understood. */
  row: Row | undefined;

  constructor(name: string, run: Run | undefined, now: number) {
    this.name = name;
    this.run = run;
    this.knownAt = now;
  }
}

/** The id of a run in Slurm: as it was answered, or as its wrapper has noted it. */
export function idIn(files: RunFiles, { name, id }: WatchedRun): string | undefined {
  if (id !== undefined) return id;
  const start = files.start(name);
  return typeof start === 'object' ? start.batchId : undefined;
}
