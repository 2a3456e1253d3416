import type { FileEntry } from './catalog.ts';

/** Which files are being read, and which are to go: one that is read goes when nobody reads it any more. */
export class Pins {
  readonly #remove: (paths: readonly string[]) => Promise<void>;
  /** How many readers a file has, by path. */
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();
  /** Readers that are finding out which files there are, and have not pinned them yet. */
  #opening = 0;

  /** `remove` deletes files that nobody reads. */
  constructor(remove: (paths: readonly string[]) => Promise<void>) {
    this.#remove = remove;
  }

  /** Keeps files from being deleted while a query reads them; returns what lets go of them. */
  pin(files: readonly FileEntry[]): () => void {
    for (const { path } of files) this.#readers.set(path, (this.#readers.get(path) ?? 0) + 1);
    return () => {
      for (const { path } of files) this.#unpin(path);
      void this.removeDoomed().catch(() => undefined); // tried again by the next maintenance and at the next start
    };
  }

  /** Deletes nothing while a reader finds out which files there are. */
  async whileOpening<T>(open: () => Promise<T>): Promise<T> {
    this.#opening++;
    try {
      return await open();
    } finally {
      this.#opening--;
    }
  }

  /** Notes files that the catalog has doomed. */
  doom(paths: readonly string[]): void {
    for (const path of paths) this.#doomed.add(path);
  }

  /** Deletes doomed files that no query reads any more. */
  async removeDoomed(): Promise<void> {
    if (this.#opening > 0) return;
    const free = [...this.#doomed].filter((path) => !this.#readers.has(path));
    if (free.length === 0) return;
    for (const path of free) this.#doomed.delete(path);
    await this.#remove(free);
  }

  #unpin(path: string): void {
    const left = (this.#readers.get(path) ?? 1) - 1;
    if (left > 0) this.#readers.set(path, left);
    else this.#readers.delete(path);
  }
}
