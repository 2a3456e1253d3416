import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Caller, isEnough } from '../core/caller.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, onKeys, type Tree } from '../keys/index.ts';
import { Batches } from './batches/batches.ts';
import type { SessionsConfig } from './config.ts';
import type { FlowsWish } from './driver-link.ts';
import { IdCounter } from './id-counter.ts';
import { Interpreters } from './interpreters.ts';
import { launchOf } from './launch.ts';
import { Limits } from './limits.ts';
import { LiveSession } from './live-session.ts';
import { type ReadRequest, rejected, spanMs } from './request.ts';
import { isOver, nameOfId, type Session, type State } from './session.ts';

/** What is written down about who did what. */
export type Note = { actor: string; action: string; target: string; outcome: 'ok' };

/** What the room needs of the house. */
export type SessionsDependencies = {
  /** The system space of the key tree. */
  tree: Tree;
  dataFolder: string;
  clock: Clock;
  log: Log;
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
  /** Answers what interpreters ask of the flows; without it there are none. */
  flows?(wish: FlowsWish, folder: string): Promise<object>;
  note?(entry: Note): Promise<void>;
};

const place = '/sessions/items';
/** How often it is looked who is over, idle or forgotten, in milliseconds. */
const sweepMs = 1000;

/** The room of sessions. Inert until `start`. */
export class Sessions {
  readonly config: SessionsConfig;
  readonly interpreters: Interpreters;
  readonly batches: Batches;
  readonly #deps: SessionsDependencies;
  readonly #kept: Mirror<Session>;
  readonly #ids: IdCounter;
  readonly #folder: string;
  readonly #limits: Limits;
  readonly #live = new Map<number, LiveSession>();
  /** Until when a client has to be heard of, by session; monotonic milliseconds. */
  readonly #heartbeats = new Map<number, number>();
  /** Sessions that have their place and are not in the tree yet. */
  readonly #arriving = new Set<{ name: string | null }>();
  readonly #leaving = new Set<number>();
  #server = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(config: SessionsConfig, deps: SessionsDependencies) {
    this.config = config;
    this.#deps = deps;
    this.interpreters = new Interpreters(config);
    this.#kept = new Mirror(deps.tree, place);
    this.#ids = new IdCounter(deps.tree, '/sessions/facts/next-id');
    this.#folder = join(deps.dataFolder, 'sessions');
    this.#limits = new Limits(config, this.#folder, deps.log);
    this.batches = new Batches(config, {
      ...deps,
      interpreters: this.interpreters,
      limits: this.#limits,
      requireEnabled: () => this.#requireEnabled(),
      flows: deps.flows ?? noFlows,
      note: (caller, action, id) => this.#note(caller, action, id),
    });
  }

  /** True when sessions are started here. */
  get isEnabled(): boolean {
    const { enabled } = this.config;
    return enabled === 'always' || (enabled === 'loopback' && this.#deps.isLoopback);
  }

  async start(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#server = serverName(this.#folder);
    await this.#kept.start();
    const mine = this.all().filter(({ server }) => server === this.#server);
    await this.#removeStrays(mine);
    this.#limits.open();
    for (const session of mine) this.#recover(session);
    await this.batches.start(this.#server);
    this.#limits.sweep(new Set([...mine.map(({ id }) => groupOf(id)), ...this.batches.groups()]));
    this.#timer = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  /** The interpreters go on, and are taken up by the next server. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const live of this.#live.values()) live.leave();
    this.batches.stop();
    this.#limits.close();
    this.#kept.stop();
  }

  /** All sessions that are shown, in the order in which they were made. */
  all(): Session[] {
    return this.#kept.values().sort((a, b) => a.id - b.id);
  }

  /** The session of an id or a name. Throws `not-found`. */
  get(word: string): Session {
    const found = /^\d+$/.test(word)
      ? this.#kept.get(nameOfId(Number(word)))?.value
      : this.all().findLast(({ request }) => request.name === word);
    if (found === undefined) throw new Problem('not-found', `Session '${word}' not found.`);
    return found;
  }

  /** The process and the statements of a session. Throws `unavailable` for one of another server. */
  live(session: Session): LiveSession {
    const live = this.#live.get(session.id);
    if (live !== undefined) return live;
    throw new Problem('unavailable', `Session ${session.id} lives on another server of this cluster.`, { detail: session.server });
  }

  stateOf(session: Session): State {
    return session.end?.state ?? this.#live.get(session.id)?.state ?? 'not_started';
  }

  /** The last lines of its log. */
  tailOf(session: Session, lines: number): string[] {
    return this.#live.get(session.id)?.log.read(undefined, lines).lines ?? [];
  }

  /** How many statements of it are kept. */
  statementsOf(session: Session): number {
    return this.#live.get(session.id)?.statements.size ?? 0;
  }

  /** Says that its client is still there. */
  touch(session: Session): void {
    const seconds = session.request.heartbeatTimeoutInSecond;
    if (seconds > 0) this.#heartbeats.set(session.id, this.#deps.clock.monotonic() + seconds * 1000);
  }

  /** Starts a session; it is on record when this resolves, and its interpreter on the way. Throws `invalid`, `denied`. */
  async create({ kind, request }: ReadRequest, caller: Caller): Promise<Session> {
    this.#requireEnabled();
    this.#requireRoom();
    this.#requireFreeName(request.name);
    const arriving = { name: request.name };
    this.#arriving.add(arriving);
    try {
      const launch = await launchOf({ kind, request }, this.config, this.interpreters);
      const id = await onKeys(place, () => this.#ids.next());
      const created = this.#deps.clock.now();
      const session: Session = { id, kind, request, owner: caller.name, created, server: this.#server };
      await onKeys(place, () => this.#kept.create(nameOfId(id), session));
      const live = this.#makeLive(session);
      this.touch(session);
      const folder = this.#folderOf(id);
      const hold = this.#limits.make(groupOf(id), launch.hasOwnMemory);
      void live.start(launch.startOf(id, folder), { ...launch.settingsOf(id, folder), ...hold });
      await this.#note(caller, 'sessions.create', id);
      return session;
    } finally {
      this.#arriving.delete(arriving);
    }
  }

  /** Ends a session and forgets it; its processes are gone when this resolves. */
  async remove(session: Session, reason: string, caller?: Caller): Promise<void> {
    const { id } = session;
    if (this.#leaving.has(id)) return await this.#live.get(id)?.over;
    this.#leaving.add(id);
    try {
      await this.live(session).stop(reason);
      this.#live.delete(id);
      this.#heartbeats.delete(id);
      await onKeys(place, () => this.#kept.remove(nameOfId(id)));
      await rm(this.#folderOf(id), { recursive: true, force: true, maxRetries: 3 });
      if (caller !== undefined) await this.#note(caller, 'sessions.remove', id);
    } finally {
      this.#leaving.delete(id);
    }
  }

  /** Ends a session; it is still shown, with what it has done. */
  async end(session: Session, caller: Caller): Promise<void> {
    await this.live(session).stop(`ended by ${caller.name}`, 'killed');
    await this.#note(caller, 'sessions.stop', session.id);
  }

  /** Ends who has been idle, silent or alive for too long, and forgets what ended long ago. */
  async sweep(): Promise<void> {
    await this.batches.sweep();
    for (const session of this.all()) {
      if (!this.#live.has(session.id) || this.#leaving.has(session.id)) continue;
      const reason = this.#reasonToGo(session);
      if (reason === undefined) continue;
      this.#live.get(session.id)?.log.note(reason);
      await this.remove(session, reason).catch((err: unknown) => this.#deps.log.error({ err }, `session ${session.id} could not be ended`));
    }
  }

  #reasonToGo(session: Session): string | undefined {
    const { request, end, id } = session;
    const now = this.#deps.clock.monotonic();
    if (end !== undefined) return this.#deps.clock.now() - end.at >= this.config.kept ? 'it ended long ago' : undefined;
    const deadline = this.#heartbeats.get(id);
    if (deadline !== undefined && now > deadline) return `nothing was heard of its client for ${request.heartbeatTimeoutInSecond} s`;
    const live = this.#live.get(id) as LiveSession;
    const age = this.#deps.clock.now() - (session.ready ?? session.created);
    if (request.ttl !== null && session.ready !== undefined && age > spanMs(request.ttl)) return `it has lived for ${request.ttl}`;
    const patience = request.idleTimeout === null ? this.config.idleTimeout : spanMs(request.idleTimeout);
    if (live.state === 'idle' && patience > 0 && now - live.lastActive > patience) return 'it was idle for too long';
    return undefined;
  }

  #recover(session: Session): void {
    const live = this.#makeLive(session);
    if (session.end !== undefined) live.settle(session.end.state);
    else {
      this.touch(session);
      void live.recover(session.process);
    }
  }

  #makeLive(session: Session): LiveSession {
    const { config } = this;
    const { clock, flows } = this.#deps;
    const { id } = session;
    const live = new LiveSession({
      folder: this.#folderOf(id),
      limits: config,
      clock,
      flows: flows ?? noFlows,
      onProcess: (process) => this.#change(id, (session) => ({ ...session, process })),
      onReady: ({ appId, ...appInfo }) =>
        this.#change(id, (session) => ({ ...session, ready: session.ready ?? clock.now(), appInfo, ...(appId && { appId }) })),
      onEnd: ({ state, reason }) => {
        this.#limits.remove(groupOf(id));
        this.#change(id, (session) => ({ ...session, end: { at: clock.now(), state, reason } }));
      },
    });
    this.#live.set(id, live);
    return live;
  }

  /** Writes a fact about a session down; what cannot be written is lost with this server, and found anew by the next. */
  #change(id: number, change: (session: Session) => Session): void {
    void this.#kept.update(nameOfId(id), change).catch((err: unknown) => this.#deps.log.error({ err }, `session ${id} could not be kept`));
  }

  #requireEnabled(): void {
    if (this.isEnabled) return;
    throw new Problem('denied', 'This server does not run sessions.', {
      detail: this.config.enabled === 'never' ? 'sessions.enabled is never' : 'other machines reach it, and sessions.enabled is loopback',
      hint: 'weir serve --set sessions.enabled=always',
    });
  }

  #requireRoom(): void {
    const alive = [...this.#live.values()].map(({ state }) => state).filter((state) => !isOver(state));
    const starting = alive.filter((state) => state === 'starting').length + this.#arriving.size;
    if (starting >= this.config.starting)
      throw new Problem('exhausted', 'Rejected, too many sessions are being created!', {
        detail: `sessions.starting is ${this.config.starting}`,
      });
    if (alive.length + this.#arriving.size >= this.config.most)
      throw new Problem('exhausted', `Rejected, Reason: there are ${alive.length} sessions already.`, {
        hint: 'end some (weir sessions rm ID), or raise the setting sessions.most',
      });
  }

  /** A name is held by sessions that live: programs ask for the same one again and again. */
  #requireFreeName(name: string | null): void {
    if (name === null) return;
    const isTaken = this.all().some((session) => session.request.name === name && !isOver(this.stateOf(session)));
    if (isTaken || [...this.#arriving].some((other) => other.name === name)) throw rejected(`Duplicate session name: ${name}`, '/name');
  }

  async #removeStrays(mine: readonly Session[]): Promise<void> {
    const known = new Set(mine.map(({ id }) => String(id)));
    for (const name of readdirSync(this.#folder)) {
      if (/^\d+$/.test(name) && !known.has(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #folderOf(id: number): string {
    return join(this.#folder, String(id));
  }

  async #note(caller: Caller, action: string, id: number): Promise<void> {
    await this.#deps.note?.({ actor: caller.name, action, target: String(id), outcome: 'ok' });
  }
}

/** True for who may see the statements and the log of a session, and use it: its owner, and administrators. */
export const mayUse = (session: Session, { name, role }: Caller): boolean => name === session.owner || isEnough(role, 'admin');

/** Throws `denied` for who may not. */
export function requireUse(session: Session, caller: Caller): void {
  if (!mayUse(session, caller))
    throw new Problem('denied', `Session ${session.id} belongs to ${session.owner}.`, { detail: `${caller.name} is ${caller.role}` });
}

const groupOf = (id: number): string => `session-${id}`;

const noFlows = async (): Promise<object> => {
  throw new Problem('unavailable', 'There are no flows here.');
};

/** The name of this server among others on the same key tree: made once, kept with the data. */
function serverName(folder: string): string {
  const file = join(folder, 'server');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const name = randomUUID();
  writeFileSync(file, `${name}\n`, { mode: 0o600 });
  return name;
}
