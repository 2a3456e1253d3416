import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The comments of our jobs in Slurm, by which they are found again: `weir:TAG:000001138.1`. The tag tells them from those of other servers
 * under the same user; it is made once, and kept in the folder of the runs.
 */
export class Comments {
  readonly #start: string;

  constructor(folder: string) {
    this.#start = `weir:${tagOf(folder)}:`;
  }

  of(run: string): string {
    return this.#start + run;
  }

  /** The run of a comment; undefined when it is none of ours. */
  runOf(comment: string): string | undefined {
    return comment.startsWith(this.#start) ? comment.slice(this.#start.length) : undefined;
  }
}

function tagOf(folder: string): string {
  const file = join(folder, 'tag');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    const tag = randomBytes(6).toString('hex');
    writeFileSync(file, `${tag}\n`, { mode: 0o600, flag: 'wx' });
    return tag;
  }
}
