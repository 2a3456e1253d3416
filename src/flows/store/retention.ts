/** Forgets old flows: whole sealed files by age, then the oldest until the rest fits the allowed size. */
import type { FileEntry } from './catalog.ts';
import type { Store } from './store.ts';

/** 0 means without limit. */
export type Retention = { maxAgeSeconds: number; maxBytes: number };

/** The counter of the catalog that tells how many flows retention has given up, so that `weir check` can add up the rest. */
export const forgottenRows = 'rows_forgotten';

const daySeconds = 86_400;
/** Data whose origin is not known counts its own seconds; such days lie in the first years after 1970 and have no age. */
const firstDatedDay = 3650;

/** The files that a retention rule gives up at that moment (seconds since 1970), oldest first. */
const outlived = (files: readonly FileEntry[], retention: Retention, nowSeconds: number): FileEntry[] => {
  const { maxAgeSeconds, maxBytes } = retention;
  const isOld = (file: FileEntry): boolean =>
    maxAgeSeconds > 0 && file.day >= firstDatedDay && (file.day + 1) * daySeconds < nowSeconds - maxAgeSeconds;
  const gone = files.filter(isOld);
  if (maxBytes === 0) return gone;
  const kept = files.filter((file) => !gone.includes(file)).sort((a, b) => a.day - b.day || a.minTime - b.minTime);
  let bytes = kept.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of kept) {
    if (bytes <= maxBytes) break;
    bytes -= file.bytes;
    gone.push(file);
  }
  return gone;
};

/** Applies the rule; returns how many files and rows were given up. */
export const retain = async (store: Store, retention: Retention, nowSeconds: number): Promise<{ files: number; rows: number }> => {
  const given = await store.exclusively(async () => {
    // Chosen within the queue: a compaction before it may have replaced the files.
    const gone = outlived(store.files, retention, nowSeconds);
    const rows = gone.reduce((sum, file) => sum + file.rows, 0);
    if (gone.length === 0) return { files: 0, rows };
    const paths = gone.map((file) => file.path);
    await store.change(async () => {
      await store.catalog.doomFiles(paths);
      await store.catalog.setCounter(forgottenRows, (await store.catalog.counter(forgottenRows)) + rows);
    });
    store.pins.doom(paths);
    await store.refresh();
    return { files: gone.length, rows };
  });
  await store.pins.removeDoomed();
  return given;
};
