/** Who keeps the keys, as the headers of every answer tell; asked of the engine now and then, not for every answer. */
import type { EngineStatus, KeyEngine } from '../engine.ts';

/** How old the standing may be before it is asked anew, in milliseconds. Only a cluster's ever changes. */
const freshMs = 2000;

export class Cluster {
  readonly #engine: Pick<KeyEngine, 'status' | 'followed'>;
  #status: EngineStatus | undefined;
  #offset = 1;
  #asking: Promise<EngineStatus> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Pick<KeyEngine, 'status' | 'followed'>) {
    this.#engine = engine;
  }

  /** Learns who keeps the keys, and keeps it fresh until `stop`. */
  async start(): Promise<void> {
    await this.ask();
    // A cluster out of reach leaves what was known; its requests fail by themselves.
    this.#timer = setInterval(() => void this.ask().catch(() => {}), freshMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The standing as it is now. */
  ask(): Promise<EngineStatus> {
    this.#asking ??= this.#engine
      .status()
      .then((status) => {
        this.#offset = Math.max(1, status.position - this.#engine.followed('public'));
        this.#status = status;
        return status;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  get id(): string {
    return this.#status?.clusterId ?? '0';
  }

  get term(): number {
    return this.#status?.term ?? 1;
  }

  /** The position in the log that goes with an index of the tree: close to the engine's own, and never going back with the index. */
  positionOf(index: number): number {
    return index + this.#offset;
  }
}
