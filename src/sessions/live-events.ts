import type { State } from './session.ts';
import { isDone, type Statement } from './statement.ts';

/** What a statement prints, in pieces. */
export type Printed = { stream: 'stdout' | 'stderr'; text: string };

/** What happens in a session. */
export type LiveEvent =
  | { event: 'state'; state: State }
  | { event: 'statement'; statement: Statement }
  | ({ event: 'printed'; id: number } & Printed)
  | { event: 'progress'; statement: Statement };

/** Tells of what happens in a session. */
export class LiveEvents {
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Hears what happens from now on; the function that is answered ends it. */
  watch(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when a statement is done, or after so many milliseconds. */
  async untilDone(statement: Statement, ms: number): Promise<void> {
    if (ms === 0 || isDone(statement)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const unwatch = this.watch((event) => {
      if (event.event === 'statement' && event.statement === statement && isDone(statement)) resolve();
    });
    await promise;
    clearTimeout(timer);
    unwatch();
  }
}
