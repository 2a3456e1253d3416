import { renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { flushPath } from './files.ts';
import { names, type OpenFolder } from './folder.ts';

type Tell = (level: 'info' | 'warn', message: string, facts: Record<string, unknown>) => void;

/**
 * Takes a snapshot when the log has grown by the size of the last one (`leastBytes` at least) and then gives up the log before it. So
 * the copies cost no more than the log itself, and recovery after a power loss reads at most two snapshots' worth of log.
 */
export class Snapshots {
  readonly #folder: OpenFolder;
  readonly #leastBytes: number;
  readonly #tell: Tell;
  #lastBytes: number;
  #running: Promise<void> | undefined;

  constructor(folder: OpenFolder, leastBytes: number, tell: Tell) {
    this.#folder = folder;
    this.#leastBytes = leastBytes;
    this.#tell = tell;
    this.#lastBytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Begins a snapshot when it is time for one. */
  consider(): void {
    if (this.#running !== undefined || this.#folder.log.sizeBytes <= Math.max(this.#leastBytes, this.#lastBytes)) return;
    this.#running = this.#take()
      .catch((error: unknown) => {
        // The log is kept; the next try comes when it has grown as much again.
        this.#lastBytes += this.#folder.log.sizeBytes;
        this.#tell('warn', 'no snapshot of the keys could be taken', { error: String(error) });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for the one that is under way. */
  async finish(): Promise<void> {
    await this.#running;
  }

  async #take(): Promise<void> {
    const { store, log } = this.#folder;
    const fresh = `${this.#path}.fresh`;
    const began = performance.now();
    rmSync(fresh, { force: true });
    // The copy is of this moment or a later one: records up to here are surely in it.
    const { sequence } = store.state;
    await store.copyTo(fresh);
    await flushPath(fresh);
    renameSync(fresh, this.#path);
    await flushPath(this.#folder.path);
    this.#lastBytes = statSync(this.#path).size;
    log.release(sequence);
    this.#tell('info', 'took a snapshot of the keys', {
      sizeBytes: this.#lastBytes,
      ms: Math.round(performance.now() - began),
      logBytes: log.sizeBytes,
    });
  }

  get #path(): string {
    return join(this.#folder.path, names.snapshot);
  }
}
