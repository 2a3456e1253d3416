import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';
import { resolve as absolute } from 'node:path';
import type { Caller } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import { type Note, noteOf } from '../core/note.ts';
import { Problem } from '../core/problem.ts';
import { RoomSwitch } from '../core/room-switch.ts';
import type { Tree } from '../keys/index.ts';
import type { ScansConfig } from './config.ts';
import { changesBetween } from './diff.ts';
import { requireNmap } from './nmap/program.ts';
import type { Engine, Plan, ScanListener, ScanProgress } from './plan.ts';
import { Policy } from './policy.ts';
import { makePlan, type ScanRequest } from './request.ts';
import { RunningScan } from './running-scan.ts';
import { isOver, type Scan } from './scan.ts';
import type { Schedule } from './schedule.ts';
import { Schedules } from './schedules.ts';
import { ScanStore } from './store.ts';
import type { Resolve } from './targets.ts';
import { runThreaded } from './threaded-scan.ts';

/** Ports that are open now and were not the time before, as a scheduled scan found them. */
export type NewlyOpen = { scan: number; before: number; user: string; ports: { address: string; port: number; service: string }[] };

/** What the room needs of the house. */
export type ScansDependencies = {
  /** The system space of the key tree. */
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: { warn(facts: object, text: string): void };
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
  note?(entry: Note): Promise<void>;
  /** Called when a scheduled scan whose maker wants it finds ports newly open. */
  onNewlyOpen?(news: NewlyOpen): Promise<void>;
  /** In place of the system's look-up, and of a thread for each scan; for tests. */
  resolve?: Resolve;
  run?(plan: Plan, listener: ScanListener): Promise<Engine>;
};

/** The room of scans: takes requests, runs a few at a time, keeps what they find, and repeats those that are scheduled. Inert until `start`. */
export class Scans {
  readonly config: ScansConfig;
  readonly store: ScanStore;
  readonly schedules: Schedules;
  /** Whether scans are taken and run here. */
  readonly switch: RoomSwitch;
  readonly #deps: ScansDependencies;
  readonly #policy: Policy;
  readonly #server: string;
  readonly #line: { id: number; plan: Plan }[] = [];
  readonly #running = new Map<number, RunningScan>();
  #isStopping = false;

  constructor(config: ScansConfig, deps: ScansDependencies) {
    this.config = config;
    this.#deps = deps;
    this.switch = new RoomSwitch({ room: 'scans', does: 'scan', enabled: config.enabled, isLoopback: deps.isLoopback });
    this.#policy = new Policy(config.targets);
    this.#server = `${hostname()}:${absolute(deps.dataFolder)}`;
    this.store = new ScanStore(deps.tree);
    this.schedules = new Schedules(deps.tree, {
      most: config.schedules,
      now: () => deps.clock.now(),
      run: (schedule) => this.#repeat(schedule),
    });
  }

  async start(): Promise<void> {
    await this.store.start();
    for (const scan of this.store.all()) if (scan.server === this.#server && !isOver(scan)) await this.#interrupt(scan);
    await this.schedules.start(this.switch.isOn);
  }

  /** Ends what runs, as interrupted, with what it has found so far. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.schedules.stop();
    const waiting = this.#line.splice(0);
    for (const running of this.#running.values()) running.stop('the server was stopped');
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    for (const { id } of waiting) await this.#interrupt(this.store.get(id).scan);
    this.store.stop();
  }

  now(): number {
    return this.#deps.clock.now();
  }

  /** The scan of an id; throws `not-found`. Its progress is that of this moment where it runs here. */
  get(id: number): { scan: Scan; version: number } {
    const { scan, version } = this.store.get(id);
    return { scan: this.#fresh(scan), version };
  }

  /** All scans, the latest first. */
  all(): readonly Scan[] {
    return this.store.all().map((scan) => this.#fresh(scan));
  }

  /** Takes a request; it is on record when this resolves, and runs when its turn comes. Throws `unprocessable`, `denied`, `exhausted`, `unavailable`. */
  async submit(request: ScanRequest, caller: Caller, schedule?: string): Promise<Scan> {
    this.switch.require();
    const plan = await this.plan(request);
    if (this.#line.length >= this.config.waiting && this.#running.size >= this.config.atOnce) throw full(this.config.waiting);
    await this.#forgetOldest();
    const total = plan.targets.length * Math.max(1, plan.ports.length);
    const scan = await this.store.add({
      state: 'waiting',
      request,
      method: plan.method,
      user: caller.name,
      server: this.#server,
      made: this.now(),
      addresses: plan.targets.length,
      ports: plan.ports.length,
      seed: plan.seed,
      progress: { done: 0, total, open: 0 },
      hosts: {},
      states: {},
      pieces: 0,
      ...(schedule !== undefined && { schedule }),
    });
    const words = `${request.targets.join(' ')} ports ${request.ports ?? 'usual'} ${plan.method}${request.authorised === true ? ' authorised' : ''}`;
    await this.note(caller, 'scans.run', String(scan.id), words.slice(0, 1000));
    this.#line.push({ id: scan.id, plan });
    this.#advance();
    return scan;
  }

  /** What a request would do, when all that it says is right and allowed. */
  async plan(request: ScanRequest): Promise<Plan> {
    if (request.method !== undefined && request.method !== 'connect') requireNmap(this.config.nmap);
    const { resolve = lookUp } = this.#deps;
    // Not a secret: the seed makes a run repeatable, and is told with the scan.
    return await makePlan(request, { config: this.config, policy: this.#policy, resolve, seed: 1 + (this.now() % 0x7fff_ffff) });
  }

  /** Ends a scan before its time; what it has found is kept. Throws `not-found`, `conflict` when it is over or runs on another server. */
  async cancel(id: number, caller: Caller): Promise<Scan> {
    const { scan } = this.get(id);
    if (isOver(scan)) throw new Problem('conflict', `Scan ${id} is over already.`);
    const why = `cancelled by ${caller.name}`;
    const at = this.#line.findIndex((one) => one.id === id);
    const running = this.#running.get(id);
    if (at !== -1) {
      this.#line.splice(at, 1);
      await this.store.change(id, (one) => ({ ...one, state: 'partial', reason: why, ended: this.now() }));
    } else if (running !== undefined) {
      running.stop(why);
      await running.ended;
    } else throw new Problem('conflict', `Scan ${id} runs on another server.`, { detail: scan.server });
    await this.note(caller, 'scans.cancel', String(id));
    return this.get(id).scan;
  }

  /** Forgets a scan that is over, with its results. Throws `not-found`, `conflict`. */
  async forget(id: number, caller: Caller): Promise<void> {
    const { scan } = this.get(id);
    if (!isOver(scan) && scan.server === this.#server)
      throw new Problem('conflict', `Scan ${id} is not over.`, { hint: `weir scans cancel ${id}` });
    await this.store.remove(id);
    await this.note(caller, 'scans.forget', String(id));
  }

  /** Writes down who did what. */
  async note(caller: Caller, action: string, target: string, note?: string): Promise<void> {
    await this.#deps.note?.(noteOf(caller, { action, target, ...(note !== undefined && { note }) }));
  }

  #fresh(scan: Scan): Scan {
    const progress: ScanProgress | undefined = this.#running.get(scan.id)?.progress;
    return progress === undefined ? scan : { ...scan, progress };
  }

  /** Starts scans while there is room. */
  #advance(): void {
    while (!this.#isStopping && this.#running.size < this.config.atOnce) {
      const next = this.#line.shift();
      if (next === undefined) return;
      const run = this.#deps.run ?? runThreaded;
      const running = new RunningScan(next.id, next.plan, { store: this.store, run, timeMs: this.config.time, now: () => this.now() });
      this.#running.set(next.id, running);
      void running.ended
        .catch((err: unknown) => this.#deps.log.warn({ err, scan: next.id }, 'how a scan ended could not be written down'))
        .then(() => this.#settle(next.id));
    }
  }

  async #settle(id: number): Promise<void> {
    this.#running.delete(id);
    this.#advance();
    try {
      const { scan } = this.store.get(id);
      if (this.#isStopping) await this.#interrupt(scan);
      else if (scan.schedule !== undefined && scan.state === 'done') await this.#compare(scan, scan.schedule);
    } catch (err) {
      this.#deps.log.warn({ err, scan: id }, 'what follows from a scan could not be done');
    }
  }

  /** Tells of ports that a scheduled scan found open and the one before did not. */
  async #compare(scan: Scan, id: string): Promise<void> {
    const schedule = this.schedules.find(id);
    if (schedule === undefined) return;
    await this.schedules.finished(id, scan.id);
    const before = schedule.lastDone;
    if (before === undefined || !schedule.ticket || this.#deps.onNewlyOpen === undefined) return;
    const earlier = this.store.all().find((one) => one.id === before);
    if (earlier === undefined) return;
    const changes = changesBetween(await this.store.hosts(earlier), await this.store.hosts(scan));
    const ports = [...changes]
      .filter(({ change }) => change === 'opened')
      .map(({ address, port, service }) => ({ address, port, service }));
    if (ports.length > 0) await this.#deps.onNewlyOpen({ scan: scan.id, before, user: scan.user, ports });
  }

  async #repeat({ id, request, user }: Schedule): Promise<number | undefined> {
    try {
      return (await this.submit(request, { name: user, role: 'operator', proof: 'open' }, id)).id;
    } catch (err) {
      this.#deps.log.warn({ err, schedule: id }, 'a scheduled scan was not taken');
      return undefined;
    }
  }

  async #interrupt({ id }: Scan): Promise<void> {
    const state = 'interrupted' as const;
    await this.store.change(id, (scan) =>
      scan.state === 'done' ? scan : { ...scan, state, reason: 'its server went away', ended: this.now() },
    );
  }

  /** Makes room for another: the oldest that is over goes. */
  async #forgetOldest(): Promise<void> {
    const all = this.store.all();
    if (all.length < this.config.kept) return;
    const oldest = all.findLast(isOver);
    if (oldest !== undefined) await this.store.remove(oldest.id);
  }
}

const lookUp: Resolve = (name) => lookup(name, { all: true });

const full = (limit: number): Problem =>
  new Problem('exhausted', `${limit} scans wait already.`, { hint: 'wait for one of them, or raise scans.waiting' });
