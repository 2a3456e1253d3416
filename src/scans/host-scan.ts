import type { Neighbour } from './neighbours.ts';
import { RoundTrip } from './round-trip.ts';
import { code } from './state.ts';
import type { Target } from './targets.ts';

/** One port to try: its place in the order of ports, and how often it was tried before. */
export type Attempt = { readonly index: number; readonly attempt: number };

/** EHOSTUNREACH that comes as late as this is no filter: somebody has asked for the host and had no answer (Linux asks for 3 s). */
const lateMs = 900;
const smallestWindow = 4;
/** A host gives way once in this time, however many losses show in it. */
const calmMs = 1000;

/** One host while it is scanned: what is left to do, what was found, and how hard it may be pressed. */
export class HostScan {
  readonly target: Target;
  /** A code of `state.ts` for each port, in the order of ports. */
  readonly codes: Uint8Array;
  readonly roundTrip = new RoundTrip();
  inFlight = 0;
  /** Ports with a final answer. */
  done = 0;
  open = 0;
  /** Anything that came back, from the host or from a filter on the way, but for what may also mean that there is no host. */
  answers = 0;
  /** What first showed that the host itself is up. */
  evidence: string | undefined;
  /** Why no more is tried: the host is down, or this machine has no way to it. */
  verdict: { status: 'down' | 'error'; reason: string } | undefined;
  /** True when the kernel has been asked about a host that did not answer. */
  isJudged = false;
  /** When the first probe left, milliseconds; undefined before. */
  begunAt: number | undefined;
  readonly #widest: number;
  #window: number;
  #next = 0;
  #again: Attempt[] = [];
  #gaveWayAt = Number.NEGATIVE_INFINITY;
  #answersSinceGrowth = 0;

  constructor(target: Target, ports: number, widest: number) {
    this.target = target;
    this.codes = new Uint8Array(ports).fill(code.none);
    this.#widest = widest;
    this.#window = widest;
  }

  get isOver(): boolean {
    return this.inFlight === 0 && (this.verdict !== undefined || this.done === this.codes.length);
  }

  /** True when another probe may leave now. */
  get isReady(): boolean {
    return this.verdict === undefined && this.inFlight < this.#window && (this.#next < this.codes.length || this.#again.length > 0);
  }

  /** Takes what others have found out, before the first probe: a code for each port, `none` for those that are left to try. */
  know(codes: Uint8Array, now: number): void {
    for (let index = 0; index < codes.length; index++) {
      const attempt = { index, attempt: 0 };
      const found = codes[index] as number;
      if (found === code.none) this.repeat(attempt);
      else this.settle(attempt, found, undefined, now);
    }
    this.#next = codes.length;
  }

  /** What to try next: first each port once, then the silent ones again. */
  take(): Attempt {
    if (this.#next < this.codes.length) return { index: this.#next++, attempt: 0 };
    return this.#again.shift() as Attempt;
  }

  /** Tries a port later, with a new socket. */
  repeat(attempt: Attempt): void {
    this.#again.push(attempt);
  }

  /** Notes the end of a port; `waitedMs` is how long the answer took, where it was measured. */
  settle({ index, attempt }: Attempt, found: number, waitedMs: number | undefined, now: number): void {
    this.codes[index] = found;
    this.done++;
    if (found === code.silent) return;
    if (found === code.hostUnreachable) {
      // At once it is a filter, or a neighbour that the kernel knows to be away: that is asked for at the end.
      if (waitedMs !== undefined && waitedMs >= lateMs && this.answers === 0) this.verdict = { status: 'down', reason: 'host-unreach' };
      return;
    }
    this.answers++;
    if (found > code.refused) return;
    if (found !== code.refused) this.open++;
    this.evidence ??= ['syn-ack', 'reset', 'conn-refused'][found] as string;
    if (waitedMs !== undefined) this.roundTrip.take(waitedMs);
    // Silent before and there now: packets are lost, perhaps since we are too many.
    if (attempt > 0) this.#giveWay(now);
    else this.#grow();
  }

  /** Takes what the kernel knows of a host that has not answered. */
  meet(neighbour: Neighbour | undefined): void {
    if (neighbour === 'reachable') this.evidence ??= 'neighbour';
    if (neighbour === 'failed' && this.answers === 0) this.verdict = { status: 'down', reason: 'no-neighbour' };
  }

  #giveWay(now: number): void {
    if (now - this.#gaveWayAt < calmMs) return;
    this.#gaveWayAt = now;
    this.#window = Math.max(smallestWindow, this.#window >> 1);
  }

  #grow(): void {
    if (++this.#answersSinceGrowth < this.#window) return;
    this.#answersSinceGrowth = 0;
    this.#window = Math.min(this.#widest, this.#window + 1);
  }
}
