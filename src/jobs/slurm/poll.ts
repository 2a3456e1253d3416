import type { Log } from '../../core/log.ts';
import type { Row, SlurmCommands } from './commands.ts';
import type { Works } from './works.ts';

export type PollDependencies = {
  commands: SlurmCommands;
  works: Works;
  log: Log;
  now(): number;
  /** True while there is anything to be asked about. */
  isNeeded(): boolean;
  /** Called with all jobs of Slurm, and with when it was asked. */
  onRows(rows: readonly Row[], askedAt: number): Promise<void>;
  /** Called each time that it does not answer. */
  onSilence(why: string): void;
};

/** Asks Slurm for everything: at an interval, and when somebody wants to know; once more when that is while it is being asked. */
export class Poll {
  readonly #deps: PollDependencies;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isWanted = false;
  #isAway = false;

  constructor(deps: PollDependencies) {
    this.#deps = deps;
  }

  open(intervalMs: number): void {
    this.#timer = setInterval(() => this.ask(), intervalMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  ask(): void {
    const { works } = this.#deps;
    this.#isWanted = true;
    if (this.#isAsking || works.isClosed) return;
    this.#isAsking = true;
    const asking = this.#askAll().finally(() => {
      this.#isAsking = false;
    });
    works.add(asking, 'looking after the jobs in Slurm failed');
  }

  async #askAll(): Promise<void> {
    const { works, now, isNeeded, onRows } = this.#deps;
    while (this.#isWanted && !works.isClosed) {
      this.#isWanted = false;
      if (!isNeeded()) return;
      const askedAt = now();
      const rows = await this.#rows();
      if (rows === undefined || works.isClosed) return;
      await onRows(rows, askedAt);
    }
  }

  async #rows(): Promise<Row[] | undefined> {
    const { commands, works, log, onSilence } = this.#deps;
    try {
      const rows = await commands.jobs();
      if (this.#isAway) log.info('Slurm answers again');
      this.#isAway = false;
      return rows;
    } catch (error) {
      if (works.isClosed) return undefined;
      if (!this.#isAway) log.warn({ err: error }, 'Slurm does not answer');
      this.#isAway = true;
      onSilence((error as Error).message);
      return undefined;
    }
  }
}
