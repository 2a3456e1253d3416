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

export class Spool {
  readonly folder: string;
  readonly #deliver: Deliver;
  readonly #onProblem: (problem: string | null) => void;
  readonly #mostOctets: number;
  #delivered = 0;
  #problem: string | null = null;
  #pauseMs = firstPauseMs;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `onProblem` hears why nothing can be delivered, once, and null when it goes on. */
  constructor(folder: string, deliver: Deliver, onProblem: (problem: string | null) => void, mostOctets = 4_294_967_296) {
    this.folder = folder;
    this.#deliver = deliver;
    this.#onProblem = onProblem;
    this.#mostOctets = mostOctets;
  }

  /** Creates the folder and begins with what an earlier process has left there. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.folder)) if (name.endsWith('.part')) await rm(join(this.folder, name), { force: true });
    this.poke();
  }

  /** Delivers what there is, soon. */
  poke(): void {
    if (this.#isClosed || this.#sending !== undefined || this.#timer !== undefined) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async state(): Promise<SpoolState> {
    let octets = 0;
    const names = await this.#names();
    for (const name of names) octets += (await stat(join(this.folder, name)).catch(() => ({ size: 0 }))).size;
    return { files: names.length, octets, delivered: this.#delivered, problem: this.#problem };
  }

  /** True while there is room: who goes on all the same fills the disk. */
  async hasRoom(): Promise<boolean> {
    return (await this.state()).octets < this.#mostOctets;
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
    const { size } = await stat(path);
    const source: ImportSource = { name, bytes_total: size, path, open: () => createReadStream(path) };
    await this.#deliver(source).catch((error: unknown) => {
      const isThere = error instanceof Problem && error.code === 'conflict' && error.facts?.import !== undefined;
      if (!isThere) throw error;
    });
    await rm(path, { force: true });
    this.#delivered++;
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }
}
