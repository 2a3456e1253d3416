/**
 * The way of events to the client of a watch. A change that thousands watch is a write to each of their sockets, and would hold up
 * everybody else if they were made at once: so watchers are served some at a time between other work, and one whose turn comes
 * late gets all that has come meanwhile in one write. Under load that is many events for the price of one.
 */
import type { Occasion, Teller } from '../watch/occasion.ts';
import { type WatchSink, watcherBacklog } from './watch.ts';

/** How a transport writes. */
export type OutletOptions = {
  tell: Teller;
  /** For the event with which the answer ends. */
  tellLast: Teller;
  /** Writes lines; false when the client does not take as much as is written. */
  write(lines: readonly Buffer[], isLast: boolean): boolean;
  /** The client does not keep up, as the reason tells: the answer is to end. */
  drop(reason: string): void;
  /** The answer is to break off. */
  cut(): void;
};

/** Watchers served in one turn of the event loop: some 0.3 ms. */
const servedAtOnce = 50;

/**
 * What a client that does not read, or a server that does not get round to it, may be behind: so many events if they are small,
 * and in any case as many as etcd grants. The bytes are there once for all watchers that wait for them.
 */
const longestWait = 4096;
const largestWait = 4 * 1024 * 1024;

export class Outlet implements WatchSink {
  readonly #options: OutletOptions;
  #lines: Buffer[] = [];
  #isLast = false;
  #isOver = false;
  #octets = 0;
  /** The client has not taken all that was written: what comes now waits for it. */
  #isClogged = false;

  constructor(options: OutletOptions) {
    this.#options = options;
  }

  event(occasion: Occasion, isLast: boolean): void {
    if (this.#isOver) return;
    const { tell, tellLast } = this.#options;
    const line = occasion.bytes(isLast ? tellLast : tell);
    this.#lines.push(line);
    this.#octets += line.length;
    this.#isLast = isLast;
    if (this.#lines.length === 1 && !this.#isClogged) serveSoon(this);
    else if (this.#lines.length > watcherBacklog && (this.#lines.length > longestWait || this.#octets > largestWait)) this.#drop();
  }

  end(): void {
    this.serve();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.cut();
  }

  /** The client has taken all that was written. */
  drained(): void {
    this.#isClogged = false;
    if (this.#lines.length > 0) serveSoon(this);
  }

  /** Writes what waits. */
  serve(): void {
    const lines = this.#lines;
    if (this.#isOver || this.#isClogged || lines.length === 0) return;
    this.#lines = [];
    this.#octets = 0;
    this.#isOver = this.#isLast;
    this.#isClogged = !this.#options.write(lines, this.#isLast);
  }

  #drop(): void {
    const reason = `${this.#lines.length} changes (${this.#octets} octets) behind`;
    this.#isOver = true;
    this.#lines = [];
    this.#options.drop(reason);
  }
}

/** Who waits for a turn, from `served` on; one queue for all watchers of the thread. */
const waiting: Outlet[] = [];
let served = 0;
let isScheduled = false;

function serveSoon(outlet: Outlet): void {
  waiting.push(outlet);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(serveSome);
}

function serveSome(): void {
  const end = Math.min(waiting.length, served + servedAtOnce);
  while (served < end) (waiting[served++] as Outlet).serve();
  isScheduled = served < waiting.length;
  if (isScheduled) setImmediate(serveSome);
  if (isScheduled && served < servedKept) return;
  waiting.splice(0, served);
  served = 0;
}

/** Outlets that were served and still stand in the queue, at most: to take out the first of an array moves all others. */
const servedKept = 4096;
