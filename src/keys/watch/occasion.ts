import type { Change } from '../tree/change.ts';

/** Makes of a change what one kind of watcher is told. */
export type Teller = (occasion: Occasion) => Buffer;

/**
 * One change on its way to watchers. What they are told is made when the first of them needs it, once for all: a change
 * that nobody watches costs nothing, and one that a thousand watch is serialised once.
 */
export class Occasion {
  readonly change: Change;
  /** When it came here, in milliseconds since the epoch: times to live are counted from then. */
  readonly at: number;
  readonly #told: { by: Teller; bytes: Buffer }[] = [];

  constructor(change: Change, at: number) {
    this.change = change;
    this.at = at;
  }

  /** The bytes that `tell` makes of this change; kept for the next watcher that is told in the same way. */
  bytes(tell: Teller): Buffer {
    for (const { by, bytes } of this.#told) if (by === tell) return bytes;
    const bytes = tell(this);
    this.#told.push({ by: tell, bytes });
    return bytes;
  }
}
