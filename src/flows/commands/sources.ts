import { createReadStream } from 'node:fs';
import { glob, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import type { ImportSource } from '../access.ts';

const blockBytes = 1 << 20;

/**
 * The sources that the words of `weir import` name: files, folders (every file below, hidden ones left out), globs, and `-`
 * for standard input. A word that names nothing is a Problem before anything is imported.
 */
export async function findSources(words: readonly string[]): Promise<ImportSource[]> {
  const sources: ImportSource[] = [];
  for (const word of words) {
    if (word === '-') sources.push(standardInput());
    else for (const path of await findFiles(word)) sources.push(await fileSource(path));
  }
  if (sources.filter((source) => source.path === undefined).length > 1)
    throw new Problem('invalid', 'standard input (-) can be read only once');
  return sources;
}

async function findFiles(word: string): Promise<string[]> {
  const found = await stat(word).catch(() => undefined);
  if (found) return found.isDirectory() ? filesBelow(word) : [word];
  const matches = /[*?[{]/.test(word) ? (await collect(glob(word))).sort() : [];
  if (matches.length === 0) throw new Problem('not-found', `there is no file ${word}`);
  const files = await Promise.all(matches.map(async (path) => ((await stat(path)).isDirectory() ? [] : [path])));
  return files.flat();
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(entry.parentPath, entry.name));
  if (paths.length === 0) throw new Problem('not-found', `there is no file in the folder ${folder}`);
  return paths.sort();
}

async function fileSource(path: string): Promise<ImportSource> {
  const facts = await stat(path);
  // A pipe or a device has no size: it is streamed to its end as standard input is.
  const size = facts.isFile() ? facts.size : null;
  return { name: basename(path), bytes_total: size, path, open: () => (size === null ? readAll(path) : readExactly(path, size)) };
}

const standardInput = (): ImportSource => ({
  name: 'stdin',
  bytes_total: null,
  open: () => blocksOf(process.stdin, 'standard input'),
});

const readAll = (path: string): AsyncIterable<Uint8Array> => blocksOf(createReadStream(path, { highWaterMark: blockBytes }), path);

// The length is promised to the server beforehand: a file that still grows is read up to it, one that shrinks is a fault.
async function* readExactly(path: string, size: number): AsyncGenerator<Uint8Array> {
  if (size === 0) return;
  let bytes = 0;
  for await (const block of blocksOf(createReadStream(path, { highWaterMark: blockBytes, end: size - 1 }), path)) {
    bytes += block.byteLength;
    yield block;
  }
  if (bytes < size)
    throw new Problem('conflict', `${path} became shorter while it was read`, { detail: `expected ${size} bytes, got ${bytes}` });
}

async function* blocksOf(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw new Problem('invalid', `${name} cannot be read`, { detail: (cause as Error).message, cause });
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
