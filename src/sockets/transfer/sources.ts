/** What is to be sent: the files that were named, and those in the folders that were. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Problem } from '../../core/problem.ts';
import type { Source } from './sender.ts';

const mostFiles = 100_000;

/** All files, in the order they were named, those of a folder by name. Links, pipes and devices in folders are left out, and told. */
export async function findSources(paths: readonly string[], onLeftOut: (path: string, why: string) => void): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    const absolute = resolve(path);
    const name = basename(absolute).normalize('NFC');
    const status = await lstat(absolute).catch((cause: unknown) => {
      throw new Problem('not-found', `${path} cannot be read.`, { detail: (cause as Error).message, cause });
    });
    if (status.isDirectory()) await walk({ path: absolute, name }, sources, onLeftOut);
    else if (status.isFile()) sources.push({ path: absolute, name });
    else throw new Problem('unprocessable', `${path} is no plain file.`, { hint: 'links, pipes and devices are not sent' });
  }
  return sources;
}

async function walk({ path, name }: Source, sources: Source[], onLeftOut: (path: string, why: string) => void): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = { path: join(path, entry.name), name: `${name}/${entry.name.normalize('NFC')}` };
    if (entry.isDirectory()) await walk(below, sources, onLeftOut);
    else if (entry.isFile()) sources.push(below);
    else onLeftOut(below.path, 'no plain file');
    if (sources.length > mostFiles)
      throw new Problem('too-large', `There are more than ${mostFiles} files.`, { hint: 'send them in parts' });
  }
}
