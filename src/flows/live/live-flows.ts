/**
 * Flows of packets that are just being captured: metered as they come, and written as files of a spool whenever some have
 * ended. A flow is in a file soon after its time-out has passed, whether packets come or not.
 */
import { mkdir } from 'node:fs/promises';
import type { Packet } from '../../packets/index.ts';
import { RunWriter } from '../import/run-writer.ts';
import { createMeter, type Meter } from '../meter/meter.ts';
import type { MeterOptions } from '../meter/options.ts';
import { RecordBatch } from '../meter/record-batch.ts';

/** How long packets may be on their way from the kernel: the clock stays so far behind where none come. */
const lagSeconds = 0.25;
/** How finely time-outs are looked for. */
const tickSeconds = 0.125;

/** Time-outs in milliseconds; what is not given has the meter's defaults. */
export type LiveOptions = Partial<Omit<MeterOptions, 'tickSeconds'>>;

export class LiveFlows {
  /** Flows that have ended so far. */
  flows = 0;
  /** Those among them that were thrown away. */
  lost = 0;
  /** False while there is no room for what ends. */
  keeps = true;
  readonly #meter: Meter;
  readonly #writer: RunWriter;
  #batch: RecordBatch;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #lastSeconds = 0;
  /** When the clock of the meter has to be moved before the next packet. */
  #nextTick = Number.NEGATIVE_INFINITY;
  #hasNews = false;
  #id = 1;

  /** `prefix` names the files in `folder`; no two of a spool may be equal. */
  constructor(folder: string, prefix: string, options: LiveOptions) {
    this.#batch = new RecordBatch();
    const reserve = async (count: number): Promise<number> => {
      this.#id += count;
      return this.#id - count;
    };
    const noDuck = (): Promise<never> => Promise.reject(new Error('metered flows are written by our own encoder'));
    this.#writer = new RunWriter(noDuck, { folder, prefix, sourceId: 0, ingestedAt: 0n, reserve });
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.#meter = createMeter({ maxFlows: 262_144, ...given, tickSeconds }, { batch: this.#batch, full: (batch) => this.#turn(batch) });
    this.#writing = mkdir(folder, { recursive: true, mode: 0o700 }).then(() => undefined);
  }

  /** Flows that have not ended. */
  get live(): number {
    return this.#meter.counters.liveFlows;
  }

  add(packet: Packet): void {
    const seconds = packet.seconds + packet.nanos / 1e9;
    // A packet is noted with the tick of the clock: one that stood still since the last look would end its flow before its time.
    if (seconds >= this.#nextTick) this.#advance(seconds);
    this.#meter.add(packet);
    this.#lastSeconds = seconds;
    this.#hasNews = true;
  }

  /** Ends what has timed out by now (Unix time in milliseconds): to be called some times a second. */
  tick(nowMs: number): void {
    // While packets come, theirs is the time: what waits in pipes and buffers must not be late for its own flow.
    this.#advance(this.#hasNews ? this.#lastSeconds : Math.max(this.#lastSeconds, nowMs / 1000 - lagSeconds));
    this.#hasNews = false;
  }

  /** As `tick`, for packets whose time is not now, such as those of an old file: so many milliseconds have passed since the last came. */
  tickSince(passedMs: number): void {
    if (this.#nextTick !== Number.NEGATIVE_INFINITY) this.tick(this.#lastSeconds * 1000 + passedMs);
  }

  #advance(seconds: number): void {
    // The first time sets the clock, and to a whole second.
    if (this.#nextTick === Number.NEGATIVE_INFINITY) this.#meter.advance(seconds);
    this.#meter.advance(seconds);
    this.#nextTick = (Math.floor(seconds / tickSeconds) + 1) * tickSeconds;
  }

  /** Writes what has ended; its files have their names when this resolves. Throws where the disk does. */
  async cut(): Promise<void> {
    if (this.#meter.batch.count > 0) this.#meter.batch = this.#turn(this.#meter.batch);
    this.#queue(async () => void (await this.#writer.cut()));
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends all flows, and writes them. */
  async end(): Promise<void> {
    this.#meter.flush();
    await this.cut();
  }

  #turn(batch: RecordBatch): RecordBatch {
    this.flows += batch.count;
    if (this.keeps) this.#queue(() => this.#writer.add(batch, false, () => {}));
    else this.lost += batch.count;
    this.#batch = new RecordBatch();
    return this.#batch;
  }

  #queue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#failure ??= error;
    });
  }
}
