import type { Row, SlurmCommands } from './commands.ts';
import { standingOf } from './states.ts';

export type StraysDependencies = {
  commands: SlurmCommands;
  /** The run of ours that a comment in Slurm names. */
  runOf(comment: string): string | undefined;
  /** True for a run that somebody waits for. */
  isWatched(run: string): boolean;
};

/**
 * Jobs of ours in Slurm that nobody wants any more: those that wait, whose submission was answered when the run was given up, and those that other
 * servers have given up while this one was away.
 */
export class Strays {
  readonly #deps: StraysDependencies;
  /** Runs that are given up though they may have started. */
  readonly #unwanted = new Set<string>();

  constructor(deps: StraysDependencies) {
    this.#deps = deps;
  }

  /** True while something is left to be cancelled. */
  get areLeft(): boolean {
    return this.#unwanted.size > 0;
  }

  /** A run that others have given up: it is cancelled wherever it stands. */
  add(run: string): void {
    this.#unwanted.add(run);
  }

  async cancel(rows: readonly Row[]): Promise<void> {
    const { commands, runOf, isWatched } = this.#deps;
    const left = new Set<string>();
    for (const { comment, id, state } of rows) {
      const run = runOf(comment);
      if (run === undefined || isWatched(run)) continue;
      const standing = standingOf(state);
      const isWaiting = standing?.is === 'waiting' || standing?.is === 'held';
      if (!isWaiting && (!this.#unwanted.has(run) || standing?.is === 'over')) continue;
      left.add(run);
      await commands.cancel(id).catch(() => {});
    }
    for (const run of this.#unwanted) if (!left.has(run)) this.#unwanted.delete(run);
  }
}
