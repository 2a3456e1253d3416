import type { Change } from '../tree/change.ts';

/**
 * One change on its way to watchers. What they are told is made when the first of them needs it, once for all: a change
 * that nobody watches costs nothing, and one that a thousand watch is serialised once.
 */
export class Occasion {
  readonly change: Change;
  /** When it came here, in milliseconds since the epoch: times to live are counted from then. */
  readonly at: number;
  #told: { by: unknown; bytes: Buffer } | undefined;

  constructor(change: Change, at: number) {
    this.change = change;
    this.at = at;
  }

  /** The bytes that `tell` makes of this change; kept for the next watcher that is told in the same way. */
  bytes(tell: (change: Change, at: number) => Buffer): Buffer {
    if (this.#told?.by !== tell) this.#told = { by: tell, bytes: tell(this.change, this.at) };
    return this.#told.bytes;
  }
}
