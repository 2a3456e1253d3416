import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '../../core/caller.ts';
import { Problem } from '../../core/problem.ts';
import type { RoomSwitch } from '../../core/room-switch.ts';
import type { SessionsConfig } from '../config.ts';
import type { FlowsWish } from '../driver-link.ts';
import type { Interpreters } from '../interpreters.ts';
import type { Limits } from '../limits.ts';
import { Register, type RegisterDependencies } from '../register.ts';
import { factsOf } from './application.ts';
import { type Batch, type BatchState, groupOfBatch, hasEnded } from './batch.ts';
import { batchLaunchOf } from './batch-launch.ts';
import type { ReadBatch } from './batch-request.ts';
import { LiveBatch } from './live-batch.ts';
import { Uploads } from './uploads.ts';

/** What the batches need of the house. */
export type BatchesDependencies = RegisterDependencies & {
  interpreters: Interpreters;
  limits: Limits;
  /** Whether this server runs anything of anybody. */
  switch: RoomSwitch;
  flows(wish: FlowsWish, folder: string): Promise<object>;
};

/** Programs that are run once: their entries, their processes, and the files that were sent for them. Inert until `start`. */
export class Batches extends Register<Batch, LiveBatch> {
  readonly uploads: Uploads;
  readonly #config: SessionsConfig;
  readonly #deps: BatchesDependencies;

  constructor(config: SessionsConfig, deps: BatchesDependencies) {
    super({ one: 'batch', One: 'Batch', many: 'batches' }, deps);
    this.#config = config;
    this.#deps = deps;
    this.uploads = new Uploads(join(this.folder, 'uploads'), config.batches.upload);
  }

  /** Takes up what a server of this name has left. */
  async start(server: string): Promise<void> {
    for (const batch of await this.open(server)) {
      const live = this.#makeLive(batch.id);
      if (batch.end !== undefined) live.settle(batch.end.state);
      else live.recover(batch.process);
    }
  }

  stop(): void {
    this.close();
  }

  /** The groups of the kernel that batches of this server may have. */
  groups(): string[] {
    return [...this.lives.keys()].map(groupOfBatch);
  }

  stateOf(batch: Batch): BatchState {
    const live = this.lives.get(batch.id)?.state;
    return batch.end?.state ?? live ?? (batch.process === undefined ? 'starting' : 'running');
  }

  protected override isAlive(batch: Batch): boolean {
    return !hasEnded(this.stateOf(batch));
  }

  /** Starts a batch; it is on record when this resolves. Throws `invalid`, `denied`. */
  async create(asked: ReadBatch, caller: Caller): Promise<Batch> {
    this.#deps.switch.require();
    this.#requireRoom();
    const { request } = asked;
    return await this.arrive(request.name, async () => {
      const launch = await batchLaunchOf(asked, caller.name, { ...this.#deps, config: this.#config, uploads: this.uploads });
      const id = await this.nextId();
      const start = await this.#prepared(id, launch.prepare);
      const created = this.#deps.clock.now();
      const batch: Batch = { id, kind: launch.kind, request, owner: caller.name, created, server: this.server };
      await this.keep(batch);
      const live = this.#makeLive(id);
      void live.start(start);
      await this.note(caller, 'create', id);
      return batch;
    });
  }

  /** Looks what Spark says of its applications, and forgets what ended long ago. */
  async sweep(): Promise<void> {
    for (const [batch, live] of this.staying()) {
      if (batch.end === undefined) this.#findApplication(batch, live);
      else if (this.#deps.clock.now() - batch.end.at >= this.#config.kept) await this.expire(batch, 'it ended long ago');
    }
  }

  /** Its id is in the log, and nowhere else until the program is over. */
  #findApplication({ id, kind, appId }: Batch, live: LiveBatch): void {
    if (appId !== undefined || kind === 'python' || kind === 'sql') return;
    const facts = factsOf(live.log);
    if (facts !== undefined) this.change(id, (batch) => ({ ...batch, ...facts }));
  }

  async #prepared<T>(id: number, prepare: (id: number, folder: string) => Promise<T>): Promise<T> {
    const folder = this.folderOf(id);
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
      folder: this.folderOf(id),
      grace: this.#config.grace,
      onProcess: (process) => this.change(id, (batch) => ({ ...batch, process })),
      onEnd: (end) => {
        this.#deps.limits.remove(groupOfBatch(id));
        const at = this.#deps.clock.now();
        this.change(id, (batch) => ({ ...batch, ...(batch.appId === undefined && factsOf(live.log)), end: { at, ...end } }));
      },
    });
    this.lives.set(id, live);
    return live;
  }

  #requireRoom(): void {
    const running = [...this.lives.values()].filter(({ state }) => !hasEnded(state)).length + this.arrivingCount;
    if (running < this.#config.batches.most) return;
    throw new Problem('exhausted', `Rejected, Reason: ${running} batches run already.`, {
      hint: 'wait for one, end some, or raise the setting sessions.batches.most',
    });
  }
}
