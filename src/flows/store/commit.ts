/** The end of an import: its files become part of the store, all of them or none. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
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

/** Makes an import part of the store. A content that is already there is a `conflict`, unless allowed. */
export const commitImport = async (store: Store, commit: Commit): Promise<void> => {
  const rows = commit.files.reduce((sum, file) => sum + file.rows, 0);
  const absorbed = commit.files.filter((file) => rows <= hotRows || file.day === null);
  const adopted: StagedFile[] = [];
  // One after the other: a large import has hundreds of files, and a process only so many handles.
  for (const file of commit.files) if (!absorbed.includes(file)) adopted.push(await stage(file));
  await store.exclusively(async () => {
    await refuseDuplicate(store, commit);
    const idsAreKept = await store.take(adopted, async () => {
      for (const file of absorbed)
        await store.writer.run(`INSERT INTO hot BY NAME SELECT ${canonicalList(file.shape)} FROM read_parquet(${literal(file.path)})`);
      await store.catalog.putSource(commit.source);
      return store.keepIds();
    });
    idsAreKept();
    await store.refresh();
  });
  for (const file of absorbed) await rm(file.path, { force: true }).catch(() => undefined); // the next start does it
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
  const { bytes, sha256 } = await sumFile(stagedPath);
  return { stagedPath, entry: { path, shape, day, rows, minTime, maxTime, minId, maxId, bytes, sha256 } };
};

/** Size and SHA-256 of a file, read as a stream. */
export const sumFile = async (path: string): Promise<{ bytes: number; sha256: string }> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
};
