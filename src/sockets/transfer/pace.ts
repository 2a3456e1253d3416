import { setTimeout as pause } from 'node:timers/promises';

/** Holds a sender to so many bytes a second, from its first byte on. */
export class Pace {
  readonly #rate: number;
  #sent = 0;
  #begun: number | undefined;

  /** `rate` in bytes a second; Infinity for none. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Bytes to send at once: a tenth of a second's, so that the rate holds for every second. */
  get chunk(): number {
    return Math.max(4096, Math.floor(this.#rate / 10));
  }

  /** Resolves when so many bytes may go. */
  async wait(bytes: number): Promise<void> {
    if (this.#rate === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    this.#begun ??= now;
    const dueMs = this.#begun + (this.#sent / this.#rate) * 1000;
    this.#sent += bytes;
    if (dueMs > now) await pause(dueMs - now);
  }
}
