/** How much of what was measured before a new measurement leaves. */
const inertia = 7 / 8;
/** A batch shall take this many times as long to plan and apply as it waits for the disk; then the wait is shared well enough. */
const workPerWait = 3;

/**
 * How large a batch should be. When everybody's writes go into one batch, the writers have nothing to do while it is done, and the engine
 * has nothing to do while they read their answers and ask again. Two or more batches that follow each other keep both at work, as long as
 * the wait for the disk, which each of them pays, is small beside the work. On a slow disk all goes into one.
 */
export class Pace {
  #workMs = 0.01;
  #waitMs = 1;

  /** Learns from a batch: its operations, how long it took without the disk, and how long the disk took. */
  learn(operations: number, workMs: number, waitMs: number): void {
    this.#workMs = inertia * this.#workMs + (1 - inertia) * (workMs / Math.max(1, operations));
    this.#waitMs = inertia * this.#waitMs + (1 - inertia) * waitMs;
  }

  /** How many of the waiting writes the next batch should take. */
  share(waiting: number): number {
    const parts = Math.floor((waiting * this.#workMs) / (this.#waitMs * workPerWait));
    return Math.ceil(waiting / Math.max(1, parts));
  }
}
