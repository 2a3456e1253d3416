import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from './problem.ts';

/** Octets read at a time: so many that a read costs little beside its copying, so few that they stay in the core's own cache. */
export const readOctets = 524_288;

/** Where to read to. */
export type ReadPlace = { buffer?: Uint8Array };

/** Reads of a regular file after which the event loop has a turn. */
const readsPerTurn = 64;

/**
 * The octets of a file (or named pipe) from its start. A piece is valid only until the next is asked for. Leaving the loop closes the
 * file. Throws Problem when it cannot be read.
 *
 * `place` may name memory of the caller's to read a regular file to, and change it between two pieces.
 */
export async function* readFileBytes(path: string, place: ReadPlace = {}): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    if ((await file.stat()).isFile()) yield* readRegular(file, path, place);
    else yield* readPipe(file, path);
  } finally {
    await file.close();
  }
}

/**
 * A regular file, read by this thread itself: what it has copied it finds in its cache, while a read by another thread would leave all of it
 * in the cache of another core. The kernel reads the disk ahead meanwhile.
 */
async function* readRegular(file: FileHandle, path: string, place: ReadPlace): AsyncGenerator<Uint8Array> {
  const own = Buffer.allocUnsafeSlow(readOctets);
  for (let reads = 1; ; reads++) {
    const buffer = place.buffer ?? own;
    const length = readNow(file, buffer, path);
    if (length === 0) return;
    yield length === buffer.length ? buffer : buffer.subarray(0, length);
    if (reads % readsPerTurn === 0) await nextTurn();
  }
}

function readNow(file: FileHandle, buffer: Uint8Array, path: string): number {
  try {
    return readSync(file.fd, buffer, 0, buffer.length, null);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A pipe may keep its reader waiting. Two buffers change places: while the consumer works on one, the kernel fills the other. */
async function* readPipe(file: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  let current = Buffer.allocUnsafeSlow(readOctets);
  let spare = Buffer.allocUnsafeSlow(readOctets);
  let pending = readInto(file, current, path);
  try {
    for (;;) {
      const length = await pending;
      if (length === 0) return;
      const ready = current;
      current = spare;
      spare = ready;
      pending = readInto(file, current, path);
      // Its failure is thrown when its turn comes; until then it must not count as unhandled.
      pending.catch(() => undefined);
      yield length === ready.length ? ready : ready.subarray(0, length);
    }
  } finally {
    // A read under way would write into memory and use a descriptor that are no longer ours.
    await pending.catch(() => undefined);
  }
}

async function readInto(file: FileHandle, buffer: Buffer, path: string): Promise<number> {
  try {
    return (await file.read(buffer, 0, buffer.length, null)).bytesRead;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): Problem {
  const { code, message } = cause as NodeJS.ErrnoException;
  const facts = { path };
  if (code === 'ENOENT') return new Problem('not-found', `There is no file ${path}`, { cause, facts });
  if (code === 'EACCES') return new Problem('denied', `${path} may not be read`, { cause, facts, hint: `ls -l ${path}` });
  if (code === 'EISDIR') return new Problem('invalid', `${path} is a folder`, { cause, facts, hint: 'Name the files in it.' });
  return new Problem('unavailable', `${path} cannot be read`, { cause, facts, detail: message });
}
