import type { Log } from '../../core/log.ts';

/** What is under way: none of it may end the server, and all of it is waited for at the end. */
export class Works {
  readonly #log: Log;
  readonly #all = new Set<Promise<void>>();
  #isClosed = true;

  constructor(log: Log) {
    this.#log = log;
  }

  /** True while nothing more is to be begun. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  open(): void {
    this.#isClosed = false;
  }

  /** Takes note of a work; when it fails, `what` is logged. */
  add(work: Promise<void>, what: string): void {
    const guarded = work
      .catch((error: unknown) => this.#log.error({ err: error }, what))
      .finally(() => {
        this.#all.delete(guarded);
      });
    this.#all.add(guarded);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#all);
  }
}
