import type { Domain, WaitingSet } from './domain.ts';
import type { DecoderLimits } from './limits.ts';

/** Data sets that came before their template: copies, bounded by their number in a domain, by their octets in all, and by their age. */
export class WaitingSets {
  readonly #limits: DecoderLimits;
  #octets = 0;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  /** Keeps a copy of a set, in place of the oldest of its domain where there are too many. */
  keep({ template, bytes, header }: WaitingSet, domain: Domain): void {
    const { length } = bytes;
    if (length === 0) return;
    while (domain.waiting.length >= this.#limits.waitingSets) this.#drop(domain);
    if (this.#octets + length > this.#limits.waitingOctets) {
      domain.counters.expired++;
      return;
    }
    domain.waiting.push({ template, bytes: bytes.slice(), header: { ...header } });
    domain.waitingOctets += length;
    this.#octets += length;
  }

  /** Hands out what waited for a template. */
  take(template: number, domain: Domain): WaitingSet[] {
    const sets = domain.waiting.filter((set) => set.template === template);
    if (sets.length === 0) return sets;
    domain.waiting = domain.waiting.filter((set) => set.template !== template);
    for (const set of sets) this.#release(set, domain);
    return sets;
  }

  /** Throws away what has waited for too long. */
  expire(domain: Domain, nowMs: number): void {
    while (domain.waiting.length > 0 && nowMs - domain.waiting[0]!.header.receivedMs > this.#limits.waitingMs) this.#drop(domain);
  }

  /** Forgets what waits in a domain that is no more. */
  forget(domain: Domain): void {
    this.#octets -= domain.waitingOctets;
  }

  #drop(domain: Domain): void {
    this.#release(domain.waiting.shift() as WaitingSet, domain);
    domain.counters.expired++;
  }

  #release({ bytes }: WaitingSet, domain: Domain): void {
    domain.waitingOctets -= bytes.length;
    this.#octets -= bytes.length;
  }
}
