import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, isEnough } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { type Note, noteOf } from '../core/note.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, onKeys, type Tree } from '../keys/index.ts';
import { IdCounter } from './id-counter.ts';
import type { SessionLog } from './log-file.ts';
import { rejected } from './request.ts';

/** What a register needs of the house. */
export type RegisterDependencies = {
  /** The system space of the key tree. */
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: Log;
  note?(entry: Note): Promise<void>;
};

/** What is kept of each in the key tree. */
export type Entry = {
  id: number;
  request: { name: string | null };
  owner: string;
  /** The server whose process it is. */
  server: string;
};

/** What is there besides, on the server whose it is. */
export type Live = {
  readonly log: SessionLog;
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  /** Ends it; resolves when its processes are gone. */
  stop(reason: string, state?: 'killed'): Promise<void>;
  /** Lets go of its process, which goes on. */
  leave(): void;
};

/** The words for what is registered: `session`, `Session`, `sessions`. */
type Words = { one: string; One: string; many: string };

/**
 * What sessions and batches have in common: an entry in the key tree that every server shows, and on the server whose it is a process that outlives the
 * server, with a log and a folder. Each has a number, and a name for as long as it is alive where it asked for one.
 */
export abstract class Register<E extends Entry, L extends Live> {
  /** Those of this server, by id. */
  protected readonly lives = new Map<number, L>();
  protected server = '';
  protected readonly folder: string;
  readonly #deps: RegisterDependencies;
  readonly #words: Words;
  readonly #place: string;
  readonly #kept: Mirror<E>;
  readonly #ids: IdCounter;
  /** Those that have their place and are not in the tree yet. */
  readonly #arriving = new Set<{ name: string | null }>();
  readonly #leaving = new Set<number>();

  constructor(words: Words, deps: RegisterDependencies) {
    this.#words = words;
    this.#deps = deps;
    this.#place = `/${words.many}/items`;
    this.#kept = new Mirror(deps.tree, this.#place);
    this.#ids = new IdCounter(deps.tree, `/${words.many}/facts/next-id`);
    this.folder = join(deps.dataFolder, words.many);
  }

  /** Whether it still holds its name. */
  protected abstract isAlive(entry: E): boolean;

  /** Reads what is there; answers what a server of this name has left. */
  protected async open(server: string): Promise<E[]> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.server = server;
    await this.#kept.start();
    const mine = this.all().filter((entry) => entry.server === server);
    await this.#removeStrays(mine);
    return mine;
  }

  /** The processes go on, and are taken up by the next server. */
  protected close(): void {
    for (const live of this.lives.values()) live.leave();
    this.#kept.stop();
  }

  /** All that are shown, in the order in which they were made. */
  all(): E[] {
    return this.#kept.values().sort((a, b) => a.id - b.id);
  }

  /** That of an id or a name; among several of a name the latest. Throws `not-found`, in Livy's words. */
  get(word: string): E {
    const found = /^\d+$/.test(word)
      ? this.#kept.get(nameOfId(Number(word)))?.value
      : this.all().findLast(({ request }) => request.name === word);
    if (found === undefined) throw new Problem('not-found', `Session '${word}' not found.`);
    return found;
  }

  /** The process and the log of one. Throws `unavailable` for one of another server. */
  live({ id, server }: E): L {
    const live = this.lives.get(id);
    if (live !== undefined) return live;
    throw new Problem('unavailable', `${this.#words.One} ${id} runs on another server of this cluster.`, { detail: server });
  }

  /** The last lines of its log. */
  tailOf({ id }: E, lines: number): string[] {
    return this.lives.get(id)?.log.read(undefined, lines).lines ?? [];
  }

  /** True for who may see what it says, and use it: its owner, and administrators. */
  mayUse({ owner }: E, { name, role }: Caller): boolean {
    return name === owner || isEnough(role, 'admin');
  }

  /** That of an id or a name, for who uses it. Throws `not-found`, and `denied` for who may not. */
  use(word: string, caller: Caller): E {
    const entry = this.get(word);
    if (this.mayUse(entry, caller)) return entry;
    throw new Problem('denied', `${this.#words.One} ${entry.id} belongs to ${entry.owner}.`, {
      detail: `${caller.name} is ${caller.role}`,
    });
  }

  /** Ends one; it is still shown, with what it has done. */
  async end(entry: E, caller: Caller): Promise<void> {
    await this.live(entry).stop(`ended by ${caller.name}`, 'killed');
    await this.note(caller, 'stop', entry.id);
  }

  /** Ends one and forgets it; its processes are gone when this resolves. */
  async remove(entry: E, reason: string, caller?: Caller): Promise<void> {
    const { id } = entry;
    if (this.#leaving.has(id)) return await this.lives.get(id)?.over;
    this.#leaving.add(id);
    try {
      await this.live(entry).stop(reason);
      this.lives.delete(id);
      await onKeys(this.#place, () => this.#kept.remove(nameOfId(id)));
      await rm(this.folderOf(id), { recursive: true, force: true, maxRetries: 3 });
      if (caller !== undefined) await this.note(caller, 'remove', id);
    } finally {
      this.#leaving.delete(id);
    }
  }

  /** Forgets one for a reason of ours, which is no reason to fail. */
  protected async expire(entry: E, reason: string): Promise<void> {
    const { one } = this.#words;
    await this.remove(entry, reason).catch((err: unknown) => this.#deps.log.error({ err }, `${one} ${entry.id} could not be ended`));
  }

  /** Those of this server that stay, with what lives of them. */
  protected *staying(): Generator<[E, L]> {
    for (const entry of this.all()) {
      const live = this.lives.get(entry.id);
      if (live !== undefined && !this.#leaving.has(entry.id)) yield [entry, live];
    }
  }

  /** How many have their place and are not in the tree yet. */
  protected get arrivingCount(): number {
    return this.#arriving.size;
  }

  /** Holds a name and a place while one is made. Throws `invalid` for a name that is taken. */
  protected async arrive(name: string | null, make: () => Promise<E>): Promise<E> {
    this.#requireFreeName(name);
    const arriving = { name };
    this.#arriving.add(arriving);
    try {
      return await make();
    } finally {
      this.#arriving.delete(arriving);
    }
  }

  protected async nextId(): Promise<number> {
    return await onKeys(this.#place, () => this.#ids.next());
  }

  /** Puts one on record. */
  protected async keep(entry: E): Promise<void> {
    await onKeys(this.#place, () => this.#kept.create(nameOfId(entry.id), entry));
  }

  /** Writes a fact about one down; what cannot be written is lost with this server, and found anew by the next. */
  protected change(id: number, change: (entry: E) => E): void {
    const { one } = this.#words;
    void this.#kept.update(nameOfId(id), change).catch((err: unknown) => this.#deps.log.error({ err }, `${one} ${id} could not be kept`));
  }

  protected async note(caller: Caller, action: string, id: number): Promise<void> {
    await this.#deps.note?.(noteOf(caller, { action: `${this.#words.many}.${action}`, target: String(id) }));
  }

  protected folderOf(id: number): string {
    return join(this.folder, String(id));
  }

  /** A name is held by those that are alive: programs ask for the same one again and again. */
  #requireFreeName(name: string | null): void {
    if (name === null) return;
    const isTaken = this.all().some((entry) => entry.request.name === name && this.isAlive(entry));
    if (isTaken || [...this.#arriving].some((other) => other.name === name)) throw rejected(`Duplicate session name: ${name}`, '/name');
  }

  async #removeStrays(mine: readonly E[]): Promise<void> {
    const known = new Set(mine.map(({ id }) => String(id)));
    for (const name of readdirSync(this.folder)) {
      if (/^\d+$/.test(name) && !known.has(name)) await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }
}

/** Its number as the key tree has it, so that entries are listed in order. */
const nameOfId = (id: number): string => String(id).padStart(9, '0');
