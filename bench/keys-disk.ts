/** What the disk gives: how often a log can be appended to and flushed, which bounds writes that come one by one. */
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Appends and flushes (fdatasync) into a file whose space is there already, as a log does, for some seconds each with one
 * record and with the records of 64 writers together.
 */
export async function measureFlushes(folder: string, seconds: number): Promise<{ note: string; figures: Record<string, number> }> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `flushes-${process.pid}`);
  const file = openSync(path, 'w+');
  try {
    writeSync(file, Buffer.alloc(64 << 20));
    fdatasyncSync(file);
    const one = flushesOf(file, 256, seconds);
    const many = flushesOf(file, 256 * 64, seconds);
    return {
      note: `disk: ${one.toFixed(0)} appends of 256 octets flushed a second, ${many.toFixed(0)} of 16 KiB: with 64 writers at once at most ${(many * 64).toFixed(0)} writes/s`,
      figures: { flushes: one, 'flushes of 16 KiB': many },
    };
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function flushesOf(file: number, octets: number, seconds: number): number {
  const record = Buffer.alloc(octets, 1);
  const begun = performance.now();
  let flushes = 0;
  let at = 0;
  while (performance.now() - begun < seconds * 1000) {
    writeSync(file, record, 0, octets, at);
    fdatasyncSync(file);
    at = (at + octets) % (32 << 20);
    flushes++;
  }
  return (flushes * 1000) / (performance.now() - begun);
}
