import { closeSync, constants, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Flags of a file whose writes return when the data is on the disk. Where the system has no such flag, `fdatasync` follows each write. */
export const durableFlags = constants.O_RDWR | constants.O_CREAT | (constants.O_DSYNC ?? 0);
export const isWriteDurable = constants.O_DSYNC !== undefined;

/** Makes the content of a file, or the names in a folder, durable. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** As `syncPath`, without holding up the thread. */
export async function flushPath(path: string): Promise<void> {
  await using file = await open(path, constants.O_RDONLY);
  await file.sync();
}

/** Writes a small file so that it is there whole or as it was before. */
export function writeWhole(path: string, text: string): void {
  const fresh = `${path}.fresh`;
  writeFileSync(fresh, text, { mode: 0o600 });
  syncPath(fresh);
  renameSync(fresh, path);
  syncPath(dirname(path));
}

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
