/**
 * Tells the threads that read LMDB whether a commit came between two of their reads: two counters in shared memory, of which the first
 * moves before a commit and the second behind it. A reader whose snapshot was taken when both stood at n, and that finds the first still
 * at n after it has read, has read that snapshot (a sequence lock).
 */
export class CommitSignal {
  readonly shared: SharedArrayBuffer;
  readonly #counters: Int32Array;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#counters = new Int32Array(shared);
  }

  /** A commit is about to be visible. */
  begin(): void {
    Atomics.add(this.#counters, 0, 1);
  }

  /** It is, or has failed. */
  end(): void {
    Atomics.store(this.#counters, 1, Atomics.load(this.#counters, 0));
  }

  /** Commits that have begun. */
  get begun(): number {
    return Atomics.load(this.#counters, 0);
  }

  /** Commits that readers see. */
  get ended(): number {
    return Atomics.load(this.#counters, 1);
  }
}
