import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

/** A certificate and its key are replaced one after the other: this long after the last change both are there. */
const settleMs = 1000;

/**
 * Tells of changes of some files. It watches their folders: tools replace files by renaming (certbot, Kubernetes), and a
 * watch of a file would stay with the one that was renamed away.
 */
export class FileWatch {
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(paths: readonly string[], onChange: () => void) {
    const changed = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(onChange, settleMs).unref();
    };
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      const watcher = watch(folder, { persistent: false }, changed);
      // The folder itself may go; whoever reads the files next finds out.
      watcher.on('error', changed);
      this.#watchers.push(watcher);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}
