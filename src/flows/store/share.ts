/**
 * Lends the sealed files to readers outside of the store: a folder of theirs gets a second name of each (a hard link), so that what
 * is merged or forgotten meanwhile stays readable for them. What is hot is sealed first: it would not be seen otherwise.
 */
import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Shape } from '../schema.ts';
import { sealHot } from './seal.ts';
import type { Store } from './store.ts';

/** A lent file: its absolute name, and which columns it holds. */
export type SharedFile = { path: string; shape: Shape };

/** The files of one moment, in order of time. Equal versions stand for equal files. */
export type Shared = { version: string; files: SharedFile[] };

/** Fills the folder with the files of now and takes away what is no longer among them. */
export const shareFiles = async (store: Store, folder: string): Promise<Shared> => {
  if (store.hot !== undefined) await sealHot(store);
  const files = store.files;
  // Files do not go while they are lent out.
  const unpin = store.pins.pin(files);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const there = new Set(await readdir(folder));
    const shared: SharedFile[] = [];
    for (const file of files) {
      const name = basename(file.path);
      const path = join(folder, name);
      if (!there.delete(name)) await lend(store.absolute(file.path), path);
      shared.push({ path, shape: file.shape });
    }
    for (const name of there) await rm(join(folder, name), { force: true });
    return { version: versionOf(shared), files: shared };
  } finally {
    unpin();
  }
};

async function lend(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error;
    await copyFile(from, to); // another file system
  });
}

/** Names of files are never used again. */
const versionOf = (files: readonly SharedFile[]): string =>
  createHash('sha256')
    .update(files.map(({ path }) => basename(path)).join('/'))
    .digest('base64url');
