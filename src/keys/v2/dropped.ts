/** Watchers that were dropped because they did not keep up: counted all, told to the operator's log now and then. */
import type { Log } from '../../core/log.ts';

/** Between two lines of the log, in milliseconds: a thousand watchers behind one slow proxy are one line. */
const quietMs = 1000;

export class Dropped {
  readonly #log: Pick<Log, 'warn'>;
  readonly #now: () => number;
  #count = 0;
  #told = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds, from whenever it likes. */
  constructor(log: Pick<Log, 'warn'>, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  /** Takes one, with what is to be said of it. */
  add(reason: string, client: string | undefined): void {
    this.#count++;
    const now = this.#now();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + quietMs;
    const watchers = this.#count - this.#told;
    this.#told = this.#count;
    this.#log.warn({ reason, client, watchers }, 'a watcher of keys did not keep up and was dropped');
  }
}
