/** Holds probes back to a rate: credit grows with time, to at most a twentieth of a second's worth, so that there are no bursts. */
export class Pace {
  readonly #rate: number;
  readonly #most: number;
  #credit: number;
  #at: number;

  /** `rate` is probes a second; `now` milliseconds of a clock that never goes back. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#most = Math.max(1, rate / 20);
    this.#credit = 1;
    this.#at = now;
  }

  /** Takes credit for one probe; false: it is too early. */
  take(now: number): boolean {
    this.#credit = Math.min(this.#most, this.#credit + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
    if (this.#credit < 1) return false;
    this.#credit--;
    return true;
  }
}
