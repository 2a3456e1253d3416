import { type FileHandle, open } from 'node:fs/promises';
import { Problem } from './problem.ts';

/** Octets read at a time: so many that a read costs little beside its copying, so few that two buffers stay near the cache. */
export const readOctets = 1_048_576;

/**
 * The octets of a file (or named pipe) from its start. Two buffers change places: while the consumer works on one, the kernel fills the
 * other. So a piece is valid only until the next is asked for. Leaving the loop closes the file. Throws Problem when it cannot be read.
 */
export async function* readFileBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
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
    await file.close();
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
  if (code === 'ENOENT') return new Problem('not-found', `There is no file ${path}`, { cause });
  if (code === 'EACCES') return new Problem('denied', `${path} may not be read`, { cause, hint: `ls -l ${path}` });
  if (code === 'EISDIR') return new Problem('invalid', `${path} is a folder`, { cause, hint: 'Name the files in it.' });
  return new Problem('unavailable', `${path} cannot be read`, { cause, detail: message });
}
