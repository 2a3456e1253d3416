/**
 * The connect scanner: asks ports by `connect()`, without privileges. Bounded in all and for each host; silent ports are tried again;
 * a machine that runs out of descriptors or local ports makes it slower, never wrong.
 */
import { descriptorRoom } from './descriptors.ts';
import { type Attempt, HostScan } from './host-scan.ts';
import { readNeighbours } from './neighbours.ts';
import { Pace } from './pace.ts';
import { isLoopbackAddress } from './policy.ts';
import { Probe, type Verdict } from './probe.ts';
import { routeFault } from './route-check.ts';
import { code } from './state.ts';
import type { Target } from './targets.ts';

export type ConnectOptions = {
  targets: readonly Target[];
  /** In the order in which they are asked. */
  ports: Uint16Array;
  /** Connections at once, in all. */
  concurrency: number;
  /** How often a silent port is tried again. */
  retries: number;
  /** New connections a second; undefined: as fast as answers come. */
  rate?: number | undefined;
  /** What is known of ports of some addresses before the scan begins: codes in the order of ports, `none` where they are to be asked. */
  known?: ReadonlyMap<string, Uint8Array>;
  signal: AbortSignal;
  /** Called once for each host, when it is over. */
  onHost(host: HostScan): void;
};

/** Connections at once to one host that is not this machine. */
const perHost = 100;
/** Hosts that are worked on at once. */
const hostsAtOnce = 256;
const sweepMs = 25;
const neighboursMs = 1000;
/** A port that met itself so often has no listener: with one the kernel would not have given the port away. */
const mostSelf = 3;
/** Waits for descriptors or local ports, sweeps long, before a port is given up as not known. */
const mostShort = 400;

type Flight = { probe: Probe; host: HostScan; attempt: Attempt; at: number; deadline: number };

export class ConnectScan {
  readonly #options: ConnectOptions;
  readonly #waiting: Target[];
  readonly #active: HostScan[] = [];
  readonly #flights = new Set<Flight>();
  readonly #pace: Pace | undefined;
  readonly #selves = new Map<string, number>();
  #limit: number;
  readonly #widest: number;
  #turn = 0;
  #opening = 0;
  #doneBefore = 0;
  #open = 0;
  #drift = 0;
  #sweptAt = 0;
  #askedAt = 0;
  #shortages = 0;
  #isShort = false;
  #finish: (() => void) | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#waiting = [...options.targets];
    this.#widest = Math.max(1, Math.min(options.concurrency, descriptorRoom()));
    this.#limit = this.#widest;
    this.#pace = options.rate === undefined ? undefined : new Pace(options.rate, performance.now());
  }

  /** Ports that are over, and open ones among them. */
  get progress(): { done: number; open: number } {
    let { done, open } = { done: this.#doneBefore, open: this.#open };
    for (const host of this.#active) {
      done += host.verdict === undefined ? host.done : host.codes.length;
      open += host.open;
    }
    return { done, open };
  }

  /** Runs to the end, or until the signal; hosts that were not over by then are told, too, with what is known of them. */
  async run(): Promise<void> {
    const { signal, onHost } = this.#options;
    this.#sweptAt = this.#askedAt = performance.now();
    const sweeping = setInterval(() => this.#sweep(), sweepMs);
    const abort = () => this.#finish?.();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        if (signal.aborted) return resolve();
        this.#step();
      });
    } finally {
      this.#finish = undefined;
      clearInterval(sweeping);
      signal.removeEventListener('abort', abort);
      for (const { probe } of this.#flights) probe.abandon();
      this.#flights.clear();
    }
    for (const host of this.#active) onHost(host);
  }

  /** Retires hosts that are over, opens others, and sends what may be sent. */
  #step(): void {
    if (this.#finish === undefined) return;
    while (this.#waiting.length > 0 && this.#active.length + this.#opening < hostsAtOnce)
      void this.#openHost(this.#waiting.shift() as Target);
    const now = performance.now();
    while (this.#flights.size < this.#limit && !this.#isShort) {
      const host = this.#nextHost();
      if (host === undefined) break;
      if (this.#pace?.take(now) === false) break;
      this.#launch(host, now);
    }
    if (this.#active.length === 0 && this.#opening === 0 && this.#waiting.length === 0) this.#finish();
  }

  async #openHost(target: Target): Promise<void> {
    this.#opening++;
    const fault = await routeFault(target);
    this.#opening--;
    if (this.#finish === undefined) return;
    const host = new HostScan(target, this.#options.ports.length, isLoopbackAddress(target.address) ? this.#widest : perHost);
    const known = this.#options.known?.get(target.address);
    if (known !== undefined) host.know(known, performance.now());
    if (fault !== undefined) host.verdict = { status: 'error', reason: /UNREACH/.test(fault) ? 'no-route' : fault };
    this.#active.push(host);
    if (host.isOver) this.#retire(host);
    this.#step();
  }

  /** The next host whose turn it is and that may be asked. */
  #nextHost(): HostScan | undefined {
    const { length } = this.#active;
    for (let i = 0; i < length; i++) {
      const host = this.#active[(this.#turn + i) % length] as HostScan;
      if (!host.isReady) continue;
      this.#turn = (this.#turn + i + 1) % length;
      return host;
    }
    return undefined;
  }

  #launch(host: HostScan, at: number): void {
    const attempt = host.take();
    const { address, family } = host.target;
    const timeout = host.roundTrip.timeoutMs(attempt.attempt === this.#options.retries);
    host.inFlight++;
    host.begunAt ??= at;
    const port = this.#options.ports[attempt.index] as number;
    const flight = { host, attempt, at, deadline: at - this.#drift + timeout } as Flight;
    flight.probe = new Probe(address, family, port, (verdict) => this.#land(flight, verdict));
    this.#flights.add(flight);
  }

  #land(flight: Flight, verdict: Verdict): void {
    const { host, attempt, at } = flight;
    if (!this.#flights.delete(flight)) return;
    host.inFlight--;
    if (verdict === 'short') this.#runShort(flight);
    else if (verdict === 'self' || (verdict === code.open && this.#isCrossed(flight))) this.#meetSelf(flight);
    else {
      this.#shortages = 0;
      const now = performance.now();
      host.settle(attempt, verdict, now - at, now);
    }
    if (host.isOver) this.#retire(host);
    this.#step();
  }

  /** This machine lacks something: fewer at once from now on, and this port again when others have let go. */
  #runShort({ host, attempt, at }: Flight): void {
    this.#isShort = true; // until the next sweep
    this.#limit = Math.max(1, Math.min(this.#limit, this.#flights.size));
    if (++this.#shortages > mostShort) host.settle(attempt, code.fault, 0, at);
    else host.repeat(attempt);
  }

  /** Nobody was met: the port is asked again, since its next connection has another port on our side. */
  #meetSelf({ host, attempt, at }: Flight): void {
    const key = `${host.target.address} ${attempt.index}`;
    const times = (this.#selves.get(key) ?? 0) + 1;
    this.#selves.set(key, times);
    if (times >= mostSelf) host.settle(attempt, code.selfConnect, 0, at);
    else host.repeat(attempt);
  }

  /**
   * True when two probes of ours have met each other: one from A to B, one from B to A, both ports ours. The other one is still
   * under way here, since both connect at the same moment and are told one after the other.
   */
  #isCrossed({ host, probe }: Flight): boolean {
    const { localPort } = probe;
    for (const other of this.#flights) {
      if (other.host !== host || other.probe.port !== localPort || other.probe.localPort !== probe.port) continue;
      this.#flights.delete(other);
      other.probe.abandon();
      host.inFlight--;
      host.repeat(other.attempt);
      return true;
    }
    return false;
  }

  #retire(host: HostScan): void {
    const at = this.#active.indexOf(host);
    // Whether a silent host is down is asked of the kernel, which may still be asking itself (`#askNeighbours`).
    if (at === -1 || (isSilent(host) && !host.isJudged)) return;
    this.#active.splice(at, 1);
    this.#doneBefore += host.codes.length;
    this.#open += host.open;
    this.#options.onHost(host);
  }

  /** Ends what has waited too long. A loop that was held up itself has seen nothing meanwhile: that time counts for nobody. */
  #sweep(): void {
    const now = performance.now();
    const late = now - this.#sweptAt - sweepMs;
    this.#sweptAt = now;
    if (late > sweepMs) this.#drift += late;
    if (this.#isShort) this.#isShort = false;
    else if (this.#limit < this.#widest) this.#limit++;
    const time = now - this.#drift;
    for (const flight of this.#flights) if (flight.deadline <= time) this.#expire(flight, now);
    if (now - this.#askedAt > neighboursMs) void this.#askNeighbours(now);
    this.#step();
  }

  #expire(flight: Flight, now: number): void {
    const { host, attempt, probe } = flight;
    this.#flights.delete(flight);
    probe.abandon();
    host.inFlight--;
    if (attempt.attempt < this.#options.retries) host.repeat({ index: attempt.index, attempt: attempt.attempt + 1 });
    else host.settle(attempt, code.silent, 0, now);
    if (host.isOver) this.#retire(host);
  }

  /** Asks the kernel about hosts that have said nothing for a while. */
  async #askNeighbours(now: number): Promise<void> {
    this.#askedAt = now;
    const silent = this.#active.filter((host) => isSilent(host) && now - (host.begunAt ?? now) > neighboursMs);
    if (silent.length === 0) return;
    const table = await readNeighbours();
    for (const host of silent) {
      const neighbour = table.get(host.target.address);
      host.meet(neighbour);
      if (!host.isOver) continue;
      host.isJudged = neighbour !== 'asking';
      this.#retire(host);
    }
    this.#step();
  }
}

/** True for a host of another machine that has given no sign of itself, and of which nothing is known yet. */
const isSilent = ({ answers, verdict, target }: HostScan): boolean =>
  answers === 0 && verdict === undefined && !isLoopbackAddress(target.address);
