/**
 * Counts by key within windows of one length, which begin at the same time for all keys: then forgetting is one `clear`, and a key
 * costs a map entry for one window at most.
 */
export class RateWindow {
  readonly #counts = new Map<string, number>();
  readonly #length: number;
  #end = 0;

  /** `length` in milliseconds. */
  constructor(length: number) {
    this.#length = length;
  }

  /** When the present window ends, in milliseconds since 1970; right after a `take`. */
  get end(): number {
    return this.#end;
  }

  /** Counts one more for the key and answers how many those of the present window are. */
  take(key: string, now: number): number {
    // A clock that was set back begins a new window, too: nobody waits for hours because of it.
    if (now >= this.#end || now < this.#end - this.#length) {
      this.#counts.clear();
      this.#end = (Math.floor(now / this.#length) + 1) * this.#length;
    }
    const known = this.#counts.get(key);
    const place = known === undefined && this.#counts.size >= mostKeys ? theRest : key;
    const count = (known ?? this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    return count;
  }
}

/** Keys that are counted alone; those beyond share one count: somebody with that many addresses is no crowd of guests. */
const mostKeys = 100_000;
const theRest = '';
