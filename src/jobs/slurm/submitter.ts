import type { Log } from '../../core/log.ts';
import type { JobsConfig } from '../config.ts';
import { script } from '../local/launcher.ts';
import { type SlurmCommands, SlurmFault } from './commands.ts';
import { optionsOf } from './options.ts';
import type { WatchedRun } from './watched-run.ts';
import type { Works } from './works.ts';

/** Submissions under way at once; Slurm takes them one by one anyway. */
const submittersAtOnce = 4;

export type SubmitterDependencies = {
  commands: SlurmCommands;
  config: JobsConfig['slurm'];
  /** The folder of the runs, as the nodes see it. */
  folder: string;
  works: Works;
  log: Log;
  now(): number;
  commentOf(run: string): string;
  /** False for a run that nobody waits for any more. */
  isWanted(watched: WatchedRun): boolean;
  /** Slurm does not take it. */
  onRefused(watched: WatchedRun, why: string): void;
  /** Slurm has not answered: it may be there all the same, which the next answer of squeue tells. */
  onUnsure(watched: WatchedRun, why: string): void;
};

/** Hands runs to Slurm, in the order in which they come. */
export class Submitter {
  readonly #deps: SubmitterDependencies;
  readonly #waiting: WatchedRun[] = [];
  #working = 0;

  constructor(deps: SubmitterDependencies) {
    this.#deps = deps;
  }

  submit(watched: WatchedRun): void {
    watched.isSubmitting = true;
    watched.isUnsure = false;
    this.#waiting.push(watched);
    if (this.#working >= submittersAtOnce) return;
    this.#working++;
    const work = this.#submitAll().finally(() => {
      this.#working--;
    });
    this.#deps.works.add(work, 'submitting to Slurm failed');
  }

  async #submitAll(): Promise<void> {
    const { works } = this.#deps;
    for (let next = this.#waiting.shift(); next !== undefined && !works.isClosed; next = this.#waiting.shift()) await this.#submitOne(next);
  }

  async #submitOne(watched: WatchedRun): Promise<void> {
    const { commands, config, folder, works, now, commentOf, isWanted, onRefused, onUnsure } = this.#deps;
    const { name, run } = watched;
    if (run === undefined || !isWanted(watched)) return; // it was stopped meanwhile
    try {
      const words = [script, 'run', folder, name];
      watched.id = await commands.submit(optionsOf(run, commentOf(name), config), words, { WEIR_RUN: name });
      watched.knownAt = now();
      if (!isWanted(watched)) await commands.cancel(watched.id);
    } catch (error) {
      if (works.isClosed || !isWanted(watched)) return;
      watched.knownAt = now();
      watched.isUnsure = error instanceof SlurmFault && error.isAway;
      if (watched.isUnsure) onUnsure(watched, (error as Error).message);
      else onRefused(watched, (error as Error).message);
    } finally {
      watched.isSubmitting = false;
    }
  }
}
