/** The end of an import: its files become part of the store, all of them or none. */
import { rm } from 'node:fs/promises';
import { Problem } from '../../core/problem.ts';
import type { RunFile } from '../import/run-writer.ts';
import type { SourceEntry } from './catalog.ts';
import { literal } from './duck.ts';
import { canonicalList } from './file-layout.ts';
import { type StagedFile, Store } from './store.ts';

/** Imports up to this many rows go to the hot table: a Parquet file of its own would be too small to be worth it. */
const hotRows = 100_000;

/** What is committed: the files of an import and its record. */
export type Commit = { source: SourceEntry; files: RunFile[]; allowDuplicate: boolean };

/**
 * Makes an import part of the store and tells when that was (ISO 8601, microseconds). The moment is later than that of
 * every commit before it, whatever the clock does: who asks for what arrived after it misses nothing and sees nothing
 * twice. A content that is already there is a `conflict`, unless allowed.
 */
export const commitImport = async (store: Store, commit: Commit): Promise<string> => {
  const { source, files } = commit;
  const taken = await takeRuns(store, files, hotRows, {
    before: () => refuseDuplicate(store, commit),
    change: async (moment) => {
      const record = JSON.stringify({ ...(JSON.parse(source.record) as object), ended_at: momentText(moment) });
      await store.catalog.putSource({ ...source, endedAtUs: moment, record });
    },
  });
  return momentText(taken);
};

/** What else belongs to a commit: `before` may refuse it, `change` is part of its transaction. */
type Rest = { before?: () => Promise<void>; change: (moment: bigint) => Promise<void> };

/**
 * Takes written runs into the store, in one transaction, and tells when that was. Those of up to `most` rows together, and
 * runs of too many days, go to the hot table.
 */
export const takeRuns = async (store: Store, files: readonly RunFile[], most: number, rest: Rest): Promise<bigint> => {
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const absorbed = files.filter((file) => rows <= most || file.day === null);
  const adopted: StagedFile[] = [];
  // One after the other: a large import has hundreds of files, and a process only so many handles.
  for (const file of files) if (!absorbed.includes(file)) adopted.push(await stage(file));
  const endedAt = await store.exclusively(async () => {
    await rest.before?.();
    const moment = await nextMoment(store);
    const idsAreKept = await store.take(adopted, async () => {
      for (const file of absorbed)
        await store.writer.run(`INSERT INTO hot BY NAME SELECT ${canonicalList(file.shape)} FROM read_parquet(${literal(file.path)})`);
      await rest.change(moment);
      return store.ids.keep();
    });
    idsAreKept();
    await store.refresh();
    return moment;
  });
  for (const file of absorbed) await rm(file.path, { force: true }).catch(() => undefined); // the next start does it
  return endedAt;
};

const nextMoment = async (store: Store): Promise<bigint> => {
  const now = BigInt(Date.now()) * 1000n;
  const last = await store.catalog.lastCommit();
  return now > last ? now : last + 1n;
};

/** Microseconds since 1970 as ISO 8601. */
export const momentText = (microseconds: bigint): string => {
  const iso = new Date(Number(microseconds / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000n).padStart(3, '0')}Z`;
};

const refuseDuplicate = async (store: Store, { source, allowDuplicate }: Commit): Promise<void> => {
  if (allowDuplicate || source.digest === null) return;
  const earlier = await store.catalog.sourceWithDigest(source.digest);
  if (earlier === undefined) return;
  const { name, ended_at: endedAt } = JSON.parse(earlier.record) as { name: string; ended_at: string };
  throw new Problem('conflict', 'this content is in the store already', {
    detail: `import ${earlier.id} (${name}) brought it at ${endedAt}`,
    hint: 'pass --again (again=true) to import it a second time',
    facts: { import: earlier.id },
  });
};

const stage = async (file: RunFile): Promise<StagedFile> => {
  const { path: stagedPath, shape, rows, minTime, maxTime, minId, maxId } = file;
  const day = file.day ?? 0;
  const path = Store.placeOf(day, stagedPath);
  const { bytes, sha256 } = file.sum ?? (await (await import('./file-sum.ts')).sumFile(stagedPath));
  return { stagedPath, entry: { path, shape, day, rows, minTime, maxTime, minId, maxId, bytes, sha256 } };
};
