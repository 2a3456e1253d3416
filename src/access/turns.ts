import { Problem } from '../core/problem.ts';

/** Who may wait behind one key; a crowd there is somebody who guesses. */
const longestLine = 16;

/** Work that must not overlap for one key: each begins when the one before it has ended. */
export class Turns {
  readonly #lines = new Map<string, (() => void)[]>();

  /** Does the work when it is its turn. Throws `unavailable` when too many wait already. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, []);
    else {
      if (line.length >= longestLine)
        throw new Problem('unavailable', 'Too many logins at once.', { hint: 'try again in a moment', facts: { retryAfterSeconds: 1 } });
      await new Promise<void>((go) => line.push(go));
    }
    try {
      return await work();
    } finally {
      const next = this.#lines.get(key)?.shift();
      if (next === undefined) this.#lines.delete(key);
      else next();
    }
  }
}
