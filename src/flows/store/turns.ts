/** How often it is looked whether somebody holds a turn and does nothing with it, ms. */
const lookMs = 50;

/**
 * Turns at work that needs much memory: so many at once, the others in the order in which they asked. Who waits for somebody else, such as a
 * client that reads slowly, loses the turn to those who could work, and asks for another one afterwards.
 */
export class Turns {
  readonly #most: number;
  readonly #held = new Set<Turn>();
  #queue: { turn: Turn; begin: () => void }[] = [];
  #watch: NodeJS.Timeout | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves to a turn when it has come. Rejects when the signal aborts before that. */
  async take(signal: AbortSignal): Promise<Turn> {
    const turn = new Turn(this, signal);
    await this.hold(turn, signal);
    return turn;
  }

  /** Resolves when the turn is held. */
  async hold(turn: Turn, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#held.has(turn)) return;
    if (this.#held.size >= this.#most) return await this.#wait(turn, signal);
    this.#held.add(turn);
  }

  release(turn: Turn): void {
    if (!this.#held.delete(turn)) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#held.add(next.turn);
    next.begin();
  }

  async #wait(turn: Turn, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#queue = this.#queue.filter((other) => other.turn !== turn);
      reject(signal.reason);
    };
    this.#queue.push({ turn, begin: resolve });
    signal.addEventListener('abort', leave, { once: true });
    this.#watch ??= setInterval(() => this.#look(), lookMs).unref();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #look(): void {
    const now = performance.now();
    for (const turn of [...this.#held]) if (this.#queue.length > 0 && now - turn.waitsSince > lookMs) this.release(turn);
    if (this.#queue.length > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

export class Turn {
  readonly #turns: Turns;
  readonly #signal: AbortSignal;
  #waitsSince = Number.POSITIVE_INFINITY;

  constructor(turns: Turns, signal: AbortSignal) {
    this.#turns = turns;
    this.#signal = signal;
  }

  /** Since when it has been waiting for somebody else (`performance.now`); infinite while it works. */
  get waitsSince(): number {
    return this.#waitsSince;
  }

  /** Waits for somebody else; resolves when the turn has come again, if it was lost meanwhile. */
  async wait(other: Promise<void>): Promise<void> {
    this.#waitsSince = performance.now();
    await other;
    this.#waitsSince = Number.POSITIVE_INFINITY;
    await this.#turns.hold(this, this.#signal);
  }

  end(): void {
    this.#turns.release(this);
  }
}
