/**
 * Files of flows on their way into a store, of this or another server. A file lies in the spool, whole and on disk, until
 * the store has said that it has its flows; so nothing is lost while the store is away or when this process is killed.
 * Nothing is stored twice: the store knows each content that it has, and says so when it is sent again.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../core/problem.ts';
import type { ImportSource } from '../access.ts';

/** Takes one file into the store; throws `conflict` with `import` among its facts where its content is there already. */
export type Deliver = (source: ImportSource) => Promise<unknown>;

export type SpoolState = { files: number; octets: number; delivered: number; problem: string | null };

/** Milliseconds between two tries while the store is away: doubled from the first to the second. */
const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** What a spool may hold where nobody says: 4 GiB. */
export const usualSpoolOctets = 4_294_967_296;
/** Room is looked for so often at most: while a store is away for days there are very many files. */
const roomMs = 5000;
const oldPartMs = 60_000;

export class Spool {
  readonly folder: string;
  readonly #deliver: Deliver;
  readonly #onProblem: (problem: string | null) => void;
  readonly #mostOctets: number;
  /** How long the store took for the last file, in milliseconds. */
  lastMs = 0;
  #delivered = 0;
  #problem: string | null = null;
  #pauseMs = firstPauseMs;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #hasRoom = true;
  #roomUntil = 0;

  /** `onProblem` hears why nothing can be delivered, once, and null when it goes on. */
  constructor(folder: string, deliver: Deliver, onProblem: (problem: string | null) => void, mostOctets = usualSpoolOctets) {
    this.folder = folder;
    this.#deliver = deliver;
    this.#onProblem = onProblem;
    this.#mostOctets = mostOctets;
  }

  /** Creates the folder and begins with what an earlier process has left there. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.folder)) if (name.endsWith('.part')) await this.#removeOld(join(this.folder, name));
    this.poke();
  }

  /** Delivers what there is, soon. */
  poke(): void {
    if (this.#isClosed || this.#sending !== undefined || this.#timer !== undefined) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** True while something is on its way, or waits for a store that is away. */
  get isBusy(): boolean {
    return this.#sending !== undefined || this.#timer !== undefined;
  }

  async state(): Promise<SpoolState> {
    let octets = 0;
    const names = await this.#names();
    for (const name of names) octets += (await sizeOf(join(this.folder, name))) ?? 0;
    return { files: names.length, octets, delivered: this.#delivered, problem: this.#problem };
  }

  /** True while there is room, as it was some seconds ago: who goes on all the same fills the disk. */
  async hasRoom(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#roomUntil) return this.#hasRoom;
    this.#hasRoom = (await this.state()).octets < this.#mostOctets;
    this.#roomUntil = now + roomMs;
    return this.#hasRoom;
  }

  /** Tries once more to deliver everything, and ends. What is left stays for the next time. */
  async close(): Promise<SpoolState> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sending;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.poke();
    await this.#sending;
    clearTimeout(this.#timer);
    this.#isClosed = true;
    return await this.state();
  }

  /** What is written is whole within a second: an older part has been left by a process that was killed, and not by one beside us. */
  async #removeOld(path: string): Promise<void> {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > oldPartMs) await rm(path, { force: true });
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => name.endsWith('.parquet')).sort();
  }

  async #sendAll(): Promise<void> {
    try {
      for (let names = await this.#names(); names.length > 0; names = await this.#names())
        for (const name of names) await this.#send(join(this.folder, name), name);
      this.#pauseMs = firstPauseMs;
      this.#tell(null);
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error));
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.poke();
      }, this.#pauseMs);
      this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
    }
  }

  async #send(path: string, name: string): Promise<void> {
    const size = await sizeOf(path);
    if (size === undefined) return; // another capture with the same store was quicker
    const source: ImportSource = { name, bytes_total: size, path, open: () => createReadStream(path) };
    const begun = performance.now();
    await this.#deliver(source).catch((error: unknown) => {
      const isThere = error instanceof Problem && error.code === 'conflict' && error.facts?.import !== undefined;
      if (!isThere) throw error;
    });
    this.lastMs = performance.now() - begun;
    await rm(path, { force: true });
    this.#delivered++;
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
