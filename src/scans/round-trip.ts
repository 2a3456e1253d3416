/** Shortest and longest wait for an answer, milliseconds. */
const least = 100;
const most = 3000;
/**
 * Wait before anything is known, and of the last attempt in any case: the kernel sends its SYN again after 1 s, and hosts that limit
 * their ICMP errors often answer only that one.
 */
const patientMs = 1200;

/** How long to wait for a host: smoothed round trip and its variance (RFC 6298 section 2), from probes that were answered. */
export class RoundTrip {
  #smoothed: number | undefined;
  #variance = 0;

  /** Takes the time of an answer. */
  take(ms: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = ms;
      this.#variance = ms / 2;
      return;
    }
    this.#variance = 0.75 * this.#variance + 0.25 * Math.abs(this.#smoothed - ms);
    this.#smoothed = 0.875 * this.#smoothed + 0.125 * ms;
  }

  /** Smoothed time, milliseconds; undefined while nothing has answered. */
  get smoothedMs(): number | undefined {
    return this.#smoothed;
  }

  /** How long to wait for an answer to a probe. */
  timeoutMs(isLastAttempt: boolean): number {
    if (this.#smoothed === undefined) return patientMs;
    const timeout = Math.min(most, Math.max(least, this.#smoothed + 4 * this.#variance));
    return isLastAttempt ? Math.max(patientMs, timeout) : timeout;
  }
}
