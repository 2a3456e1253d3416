import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, isEnough } from '../../core/caller.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { Problem } from '../../core/problem.ts';
import { Mirror, onKeys, type Tree } from '../../keys/index.ts';
import type { SessionsConfig } from '../config.ts';
import type { FlowsWish } from '../driver-link.ts';
import { IdCounter } from '../id-counter.ts';
import type { Interpreters } from '../interpreters.ts';
import type { Limits } from '../limits.ts';
import { rejected } from '../request.ts';
import { nameOfId } from '../session.ts';
import { factsOf } from './application.ts';
import { type Batch, type BatchState, groupOfBatch, hasEnded } from './batch.ts';
import { batchLaunchOf } from './batch-launch.ts';
import type { ReadBatch } from './batch-request.ts';
import { LiveBatch } from './live-batch.ts';
import { Uploads } from './uploads.ts';

/** What the batches need of the house. */
export type BatchesDependencies = {
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: Log;
  interpreters: Interpreters;
  limits: Limits;
  /** Throws where this server runs nothing of anybody. */
  requireEnabled(): void;
  flows(wish: FlowsWish, folder: string): Promise<object>;
  note(caller: Caller, action: string, id: number): Promise<void>;
};

const place = '/batches/items';

/** Programs that are run once: their entries, their processes, and the files that were sent for them. Inert until `start`. */
export class Batches {
  readonly uploads: Uploads;
  readonly #config: SessionsConfig;
  readonly #deps: BatchesDependencies;
  readonly #kept: Mirror<Batch>;
  readonly #ids: IdCounter;
  readonly #folder: string;
  readonly #live = new Map<number, LiveBatch>();
  /** Batches that have their place and are not in the tree yet. */
  readonly #arriving = new Set<{ name: string | null }>();
  readonly #leaving = new Set<number>();
  #server = '';

  constructor(config: SessionsConfig, deps: BatchesDependencies) {
    this.#config = config;
    this.#deps = deps;
    this.#kept = new Mirror(deps.tree, place);
    this.#ids = new IdCounter(deps.tree, '/batches/facts/next-id');
    this.#folder = join(deps.dataFolder, 'batches');
    this.uploads = new Uploads(join(this.#folder, 'uploads'), config.batches.upload);
  }

  /** Takes up what a server of this name has left. */
  async start(server: string): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#server = server;
    await this.#kept.start();
    const mine = this.all().filter((batch) => batch.server === server);
    await this.#removeStrays(mine);
    for (const batch of mine) {
      const live = this.#makeLive(batch.id);
      if (batch.end !== undefined) live.settle(batch.end.state);
      else live.recover(batch.process);
    }
  }

  /** The groups of the kernel that batches of this server may have. */
  groups(): string[] {
    return [...this.#live.keys()].map(groupOfBatch);
  }

  /** The programs go on, and are taken up by the next server. */
  stop(): void {
    for (const live of this.#live.values()) live.leave();
    this.#kept.stop();
  }

  /** All batches that are shown, in the order in which they were made. */
  all(): Batch[] {
    return this.#kept.values().sort((a, b) => a.id - b.id);
  }

  /** The batch of an id or a name; among several of a name the latest. Throws `not-found` in Livy's words. */
  get(word: string): Batch {
    const found = /^\d+$/.test(word)
      ? this.#kept.get(nameOfId(Number(word)))?.value
      : this.all().findLast(({ request }) => request.name === word);
    if (found === undefined) throw new Problem('not-found', `Session '${word}' not found.`);
    return found;
  }

  /** The process and the log of a batch. Throws `unavailable` for one of another server. */
  live(batch: Batch): LiveBatch {
    const live = this.#live.get(batch.id);
    if (live !== undefined) return live;
    throw new Problem('unavailable', `Batch ${batch.id} runs on another server of this cluster.`, { detail: batch.server });
  }

  stateOf(batch: Batch): BatchState {
    const live = this.#live.get(batch.id)?.state;
    return batch.end?.state ?? live ?? (batch.process === undefined ? 'starting' : 'running');
  }

  /** The last lines of its log. */
  tailOf(batch: Batch, lines: number): string[] {
    return this.#live.get(batch.id)?.log.read(undefined, lines).lines ?? [];
  }

  /** Starts a batch; it is on record when this resolves. Throws `invalid`, `denied`. */
  async create(asked: ReadBatch, caller: Caller): Promise<Batch> {
    this.#deps.requireEnabled();
    const { name } = asked.request;
    this.#requireRoom();
    this.#requireFreeName(name);
    const arriving = { name };
    this.#arriving.add(arriving);
    try {
      const launch = await batchLaunchOf(asked, caller.name, { ...this.#deps, config: this.#config, uploads: this.uploads });
      const id = await onKeys(place, () => this.#ids.next());
      const start = await this.#prepared(id, launch.prepare);
      const { request } = asked;
      const created = this.#deps.clock.now();
      const batch: Batch = { id, kind: launch.kind, request, owner: caller.name, created, server: this.#server };
      await onKeys(place, () => this.#kept.create(nameOfId(id), batch));
      const live = this.#makeLive(id);
      void live.start(start);
      await this.#deps.note(caller, 'batches.create', id);
      return batch;
    } finally {
      this.#arriving.delete(arriving);
    }
  }

  /** Ends a batch and forgets it; its processes are gone when this resolves. */
  async remove(batch: Batch, reason: string, caller?: Caller): Promise<void> {
    const { id } = batch;
    if (this.#leaving.has(id)) return await this.#live.get(id)?.over;
    this.#leaving.add(id);
    try {
      await this.live(batch).stop(reason);
      this.#live.delete(id);
      await onKeys(place, () => this.#kept.remove(nameOfId(id)));
      await rm(this.#folderOf(id), { recursive: true, force: true, maxRetries: 3 });
      if (caller !== undefined) await this.#deps.note(caller, 'batches.remove', id);
    } finally {
      this.#leaving.delete(id);
    }
  }

  /** Ends a batch; it is still shown, with its log. */
  async end(batch: Batch, caller: Caller): Promise<void> {
    await this.live(batch).stop(`ended by ${caller.name}`);
    await this.#deps.note(caller, 'batches.stop', batch.id);
  }

  /** Looks what Spark says of its applications, and forgets what ended long ago. */
  async sweep(): Promise<void> {
    for (const batch of this.all()) {
      const live = this.#live.get(batch.id);
      if (live === undefined || this.#leaving.has(batch.id)) continue;
      if (batch.end === undefined) this.#findApplication(batch, live);
      else if (this.#deps.clock.now() - batch.end.at >= this.#config.kept) {
        const forgotten = this.remove(batch, 'it ended long ago');
        await forgotten.catch((err: unknown) => this.#deps.log.error({ err }, `batch ${batch.id} could not be forgotten`));
      }
    }
  }

  /** Its id is in the log, and nowhere else until the program is over. */
  #findApplication({ id, kind, appId }: Batch, live: LiveBatch): void {
    if (appId !== undefined || kind === 'python' || kind === 'sql') return;
    const facts = factsOf(live.log);
    if (facts !== undefined) this.#change(id, (batch) => ({ ...batch, ...facts }));
  }

  async #prepared<T>(id: number, prepare: (id: number, folder: string) => Promise<T>): Promise<T> {
    const folder = this.#folderOf(id);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      return await prepare(id, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #makeLive(id: number): LiveBatch {
    const live: LiveBatch = new LiveBatch({
      folder: this.#folderOf(id),
      grace: this.#config.grace,
      onProcess: (process) => this.#change(id, (batch) => ({ ...batch, process })),
      onEnd: (end) => {
        this.#deps.limits.remove(groupOfBatch(id));
        const at = this.#deps.clock.now();
        this.#change(id, (batch) => ({ ...batch, ...(batch.appId === undefined && factsOf(live.log)), end: { at, ...end } }));
      },
    });
    this.#live.set(id, live);
    return live;
  }

  /** Writes a fact down; what cannot be written is lost with this server, and found anew by the next. */
  #change(id: number, change: (batch: Batch) => Batch): void {
    void this.#kept.update(nameOfId(id), change).catch((err: unknown) => this.#deps.log.error({ err }, `batch ${id} could not be kept`));
  }

  #requireRoom(): void {
    const running = [...this.#live.values()].filter(({ state }) => !hasEnded(state)).length + this.#arriving.size;
    if (running < this.#config.batches.most) return;
    throw new Problem('exhausted', `Rejected, Reason: ${running} batches run already.`, {
      hint: 'wait for one, end some, or raise the setting sessions.batches.most',
    });
  }

  /** A name is held by batches that run. */
  #requireFreeName(name: string | null): void {
    if (name === null) return;
    const isTaken = this.all().some((batch) => batch.request.name === name && !hasEnded(this.stateOf(batch)));
    if (isTaken || [...this.#arriving].some((other) => other.name === name)) throw rejected(`Duplicate session name: ${name}`, '/name');
  }

  async #removeStrays(mine: readonly Batch[]): Promise<void> {
    const known = new Set(mine.map(({ id }) => String(id)));
    for (const name of readdirSync(this.#folder)) {
      if (/^\d+$/.test(name) && !known.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #folderOf(id: number): string {
    return join(this.#folder, String(id));
  }
}

/** True for who may see the log of a batch, and end it: its owner, and administrators. */
export const mayUseBatch = ({ owner }: Batch, { name, role }: Caller): boolean => name === owner || isEnough(role, 'admin');

/** Throws `denied` for who may not. */
export function requireUseOfBatch(batch: Batch, caller: Caller): void {
  if (!mayUseBatch(batch, caller))
    throw new Problem('denied', `Batch ${batch.id} belongs to ${batch.owner}.`, { detail: `${caller.name} is ${caller.role}` });
}
