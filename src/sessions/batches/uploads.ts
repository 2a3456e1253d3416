import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../../core/problem.ts';

/** A file that somebody sent for his batches; `at` is when, in milliseconds since 1970. */
export type Upload = { name: string; octets: number; at: number };

const scheme = 'upload:';
const names = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}$/;

/** The name of an uploaded file that a request means, or undefined when it means something else. */
export const uploadOf = (path: string): string | undefined => (path.startsWith(scheme) ? path.slice(scheme.length) : undefined);

/**
 * Files that users send for their batches: each has a shelf of his own. A batch takes what it names along, so that a file may be
 * sent anew while an older batch still reads the older one.
 */
export class Uploads {
  readonly #folder: string;
  readonly #largest: number;

  constructor(folder: string, largest: number) {
    this.#folder = folder;
    this.#largest = largest;
  }

  /** Keeps a file under a name, in the place of one that had it. Throws `too-large`; then nothing is changed. */
  async put(owner: string, name: string, body: Readable): Promise<Upload> {
    const path = this.#pathOf(owner, name);
    await mkdir(this.#shelfOf(owner), { recursive: true, mode: 0o700 });
    const arriving = join(this.#shelfOf(owner), `.${randomUUID()}`);
    try {
      await pipeline(body, limited(this.#largest), createWriteStream(arriving, { mode: 0o600, flags: 'wx' }));
      await flush(arriving);
      await rename(arriving, path);
    } finally {
      await rm(arriving, { force: true });
    }
    return await this.get(owner, name);
  }

  /** Throws `not-found`. */
  async get(owner: string, name: string): Promise<Upload> {
    const facts = await stat(this.#pathOf(owner, name)).catch(() => undefined);
    if (facts === undefined) throw missing(name);
    return { name, octets: facts.size, at: Math.floor(facts.mtimeMs) };
  }

  /** All files of a user, by name. */
  async list(owner: string): Promise<Upload[]> {
    const found = await readdir(this.#shelfOf(owner)).catch(() => [] as string[]);
    const shown = found.filter((name) => names.test(name)).sort();
    return (await Promise.allSettled(shown.map((name) => this.get(owner, name)))).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
  }

  /** Throws `not-found`. Batches that took it along keep it. */
  async remove(owner: string, name: string): Promise<void> {
    await this.get(owner, name);
    await rm(this.#pathOf(owner, name), { force: true });
  }

  /** Lets a folder have the file as it is now. Throws `not-found`. */
  async lend(owner: string, name: string, folder: string): Promise<string> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, name);
    await link(this.#pathOf(owner, name), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error.code === 'ENOENT' ? missing(name) : error;
    });
    return path;
  }

  #pathOf(owner: string, name: string): string {
    if (!names.test(name))
      throw new Problem('invalid', 'This is no name of an uploaded file.', { detail: 'letters, digits, _ . + -, at most 200' });
    return join(this.#shelfOf(owner), name);
  }

  /** Names of users may hold anything. */
  #shelfOf(owner: string): string {
    return join(this.#folder, Buffer.from(owner).toString('base64url'));
  }
}

const missing = (name: string): Problem =>
  new Problem('not-found', `There is no uploaded file '${name}'.`, { hint: `curl -T ${name} SERVER/api/v1/uploads/${name}` });

function limited(largest: number): Transform {
  let octets = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      octets += piece.length;
      if (octets <= largest) return done(null, piece);
      done(new Problem('too-large', 'The file is too large.', { detail: `sessions.batches.upload allows ${largest} octets` }));
    },
  });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
