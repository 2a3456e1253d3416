import { type FSWatcher, readdirSync, watch } from 'node:fs';

/** How often the folder is read where no events come (shared file systems have none). */
const lookEveryMs = 1000;
/** Events that come together are one look. */
const gatherMs = 5;

/** Tells which names a folder has: when something happens in it, and now and then where nobody tells of that. */
export class FolderWatch {
  readonly #folder: string;
  readonly #onNames: (names: ReadonlySet<string>) => void;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(folder: string, onNames: (names: ReadonlySet<string>) => void, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#onNames = onNames;
    this.#onError = onError;
  }

  open(mostMs: number): void {
    this.#timer = setInterval(() => this.look(), Math.min(lookEveryMs, mostMs)).unref();
    // Where the nodes are this machine, or the file system passes events on, news come at once.
    this.#watcher = watch(this.#folder, { persistent: false }, () => {
      this.#soon ??= setTimeout(() => this.look(), gatherMs).unref();
    });
    this.#watcher.on('error', () => {});
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
  }

  /** Reads the folder now. */
  look(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    try {
      this.#onNames(new Set(readdirSync(this.#folder)));
    } catch (error) {
      this.#onError(error);
    }
  }
}
