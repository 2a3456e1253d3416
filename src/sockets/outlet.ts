/**
 * What stands between the peers of a listener and where their frames go: a queue with a limit, emptied in batches. When it is full, whoever
 * can wait is held back, and the rest is dropped and counted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../core/problem.ts';
import type { Frame } from './frame.ts';

/** What became of a batch: how many frames were refused for good, and why the first of them was. */
export type Delivery = { refused: number; reason?: string };

/** Where frames go. */
export type Destination = {
  /** Throws `unavailable`, `timeout` or `exhausted` when it may be tried again; whatever else it throws refuses the batch. */
  deliver(frames: readonly Frame[]): Promise<Delivery>;
  /** How long to wait for more before a batch goes, milliseconds. 0 where nothing is gained by it. */
  readonly lingerMs: number;
  /** Called once, behind the last batch. */
  close(): Promise<void>;
};

export type OutletOptions = {
  /** Bytes that may wait. */
  most: number;
  /** Called when there is room again after `isFull`. */
  onRoom(): void;
  /** Called when a batch was refused, or could not be delivered for now. */
  onFault(error: unknown): void;
};

/** What a frame costs besides its bytes, so that empty ones are not free. */
const overhead = 64;
/** Bytes of one batch, as near as frames allow. */
const batchBytes = 1024 * 1024;
const firstRetryMs = 250;
const lastRetryMs = 15_000;
const passing = new Set(['unavailable', 'timeout', 'exhausted']);

export class Outlet {
  /** Frames that were delivered, refused by the destination, and given up at the end. */
  readonly counts = { delivered: 0, refused: 0, lost: 0 };
  lastReason: string | undefined;
  readonly #destination: Destination;
  readonly #options: OutletOptions;
  #queue: Frame[] = [];
  #waiting = 0;
  #taken = 0;
  #wasFull = false;
  #running: Promise<void> | undefined;
  #isClosing = false;
  readonly #hurry = new AbortController();
  #settled: { upTo: number; resolve: () => void }[] = [];

  constructor(destination: Destination, options: OutletOptions) {
    this.#destination = destination;
    this.#options = options;
  }

  /** Bytes that wait, with what frames cost besides. */
  get waiting(): number {
    return this.#waiting;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#options.most;
  }

  /** Takes a frame, whose bytes now belong to it. Whoever can wait does so while `isFull`. */
  add(frame: Frame): void {
    this.#queue.push(frame);
    this.#taken++;
    this.#waiting += frame.bytes.length + overhead;
    if (this.isFull) this.#wasFull = true;
    this.#running ??= this.#run();
  }

  /** Resolves when everything that was taken up to now is delivered or refused. */
  settle(): Promise<void> {
    const { delivered, refused, lost } = this.counts;
    if (delivered + refused + lost >= this.#taken) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push({ upTo: this.#taken, resolve }));
  }

  /** Delivers what waits, without lingering, and closes the destination. What it does not take now is lost, and counted. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#hurry.abort();
    await this.#running;
    await this.#destination.close();
  }

  async #run(): Promise<void> {
    const { lingerMs } = this.#destination;
    while (this.#queue.length > 0) {
      if (lingerMs > 0 && this.#waiting < Math.min(batchBytes, this.#options.most)) await this.#pause(lingerMs);
      else await Promise.resolve(); // what comes in the same turn goes in the same batch
      await this.#deliver(this.#takeBatch());
    }
    this.#running = undefined;
  }

  #takeBatch(): Frame[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes < batchBytes) bytes += (this.#queue[count++] as Frame).bytes.length + overhead;
    if (count === this.#queue.length) return this.#queue.splice(0);
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  async #deliver(batch: readonly Frame[]): Promise<void> {
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(2 * waitMs, lastRetryMs)) {
      try {
        const { refused, reason } = await this.#destination.deliver(batch);
        this.counts.refused += refused;
        this.counts.delivered += batch.length - refused;
        if (reason !== undefined) this.#note(new Problem('unprocessable', reason));
        break;
      } catch (error) {
        this.#note(error);
        const isPassing = error instanceof Problem && passing.has(error.code);
        if (isPassing && !this.#isClosing) await this.#pause(waitMs);
        else {
          this.counts[isPassing ? 'lost' : 'refused'] += batch.length;
          break;
        }
      }
    }
    for (const { bytes } of batch) this.#waiting -= bytes.length + overhead;
    this.#tell();
  }

  #note(error: unknown): void {
    this.lastReason = error instanceof Error ? error.message : String(error);
    this.#options.onFault(error);
  }

  #tell(): void {
    const { delivered, refused, lost } = this.counts;
    const done = delivered + refused + lost;
    while ((this.#settled[0]?.upTo ?? Number.POSITIVE_INFINITY) <= done) this.#settled.shift()?.resolve();
    // Half of it free: peers that are held back and let go for every frame would cost more than they bring.
    if (this.#wasFull && this.#waiting * 2 <= this.#options.most) {
      this.#wasFull = false;
      this.#options.onRoom();
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#hurry.signal }).catch(() => {});
  }
}
