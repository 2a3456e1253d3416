import type { Caller } from '../core/caller.ts';
import { Problem } from '../core/problem.ts';
import { RoomSwitch } from '../core/room-switch.ts';
import { serverName } from '../keys/index.ts';
import { Batches } from './batches/batches.ts';
import type { SessionsConfig } from './config.ts';
import type { FlowsWish } from './driver-link.ts';
import { Interpreters } from './interpreters.ts';
import { launchOf } from './launch.ts';
import { Limits } from './limits.ts';
import { LiveSession } from './live-session.ts';
import { Register, type RegisterDependencies } from './register.ts';
import { type ReadRequest, spanMs } from './request.ts';
import { isOver, type Session, type State } from './session.ts';

/** What the room needs of the house. */
export type SessionsDependencies = RegisterDependencies & {
  /** True when only this machine reaches the server. */
  isLoopback: boolean;
  /** Answers what interpreters ask of the flows; without it there are none. */
  flows?(wish: FlowsWish, folder: string): Promise<object>;
};

/** How often it is looked who is over, idle or forgotten, in milliseconds. */
const sweepMs = 1000;

/** The room of sessions. Inert until `start`. */
export class Sessions extends Register<Session, LiveSession> {
  readonly config: SessionsConfig;
  readonly interpreters: Interpreters;
  readonly batches: Batches;
  readonly #deps: SessionsDependencies;
  readonly #switch: RoomSwitch;
  readonly #limits: Limits;
  /** Until when a client has to be heard of, by session; monotonic milliseconds. */
  readonly #heartbeats = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(config: SessionsConfig, deps: SessionsDependencies) {
    super({ one: 'session', One: 'Session', many: 'sessions' }, deps);
    this.config = config;
    this.#deps = deps;
    this.#switch = new RoomSwitch({ room: 'sessions', does: 'run sessions', enabled: config.enabled, isLoopback: deps.isLoopback });
    this.interpreters = new Interpreters(config);
    this.#limits = new Limits(config, this.folder, deps.log);
    this.batches = new Batches(config, {
      ...deps,
      interpreters: this.interpreters,
      limits: this.#limits,
      switch: this.#switch,
      flows: deps.flows ?? noFlows,
    });
  }

  async start(): Promise<void> {
    const mine = await this.open(serverName(this.folder));
    this.#limits.open();
    for (const session of mine) this.#recover(session);
    await this.batches.start(this.server);
    this.#limits.sweep(new Set([...mine.map(({ id }) => groupOf(id)), ...this.batches.groups()]));
    this.#timer = setInterval(() => void this.sweep(), sweepMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.batches.stop();
    this.#limits.close();
    this.close();
  }

  stateOf(session: Session): State {
    return session.end?.state ?? this.lives.get(session.id)?.state ?? 'not_started';
  }

  protected override isAlive(session: Session): boolean {
    return !isOver(this.stateOf(session));
  }

  /** How many statements of it are kept. */
  statementsOf(session: Session): number {
    return this.lives.get(session.id)?.statements.size ?? 0;
  }

  /** Whoever uses a session is its client, and still there. */
  override use(word: string, caller: Caller): Session {
    const session = super.use(word, caller);
    this.touch(session);
    return session;
  }

  /** Says that its client is still there. */
  touch(session: Session): void {
    const seconds = session.request.heartbeatTimeoutInSecond;
    if (seconds > 0) this.#heartbeats.set(session.id, this.#deps.clock.monotonic() + seconds * 1000);
  }

  /** Starts a session; it is on record when this resolves, and its interpreter on the way. Throws `invalid`, `denied`. */
  async create({ kind, request }: ReadRequest, caller: Caller): Promise<Session> {
    this.#switch.require();
    this.#requireRoom();
    return await this.arrive(request.name, async () => {
      const launch = await launchOf({ kind, request }, this.config, this.interpreters);
      const id = await this.nextId();
      const created = this.#deps.clock.now();
      const session: Session = { id, kind, request, owner: caller.name, created, server: this.server };
      await this.keep(session);
      const live = this.#makeLive(session);
      this.touch(session);
      const folder = this.folderOf(id);
      const hold = this.#limits.make(groupOf(id), launch.hasOwnMemory);
      void live.start(launch.startOf(id, folder), { ...launch.settingsOf(id, folder), ...hold });
      await this.note(caller, 'create', id);
      return session;
    });
  }

  override async remove(session: Session, reason: string, caller?: Caller): Promise<void> {
    await super.remove(session, reason, caller);
    this.#heartbeats.delete(session.id);
  }

  /** Ends who has been idle, silent or alive for too long, and forgets what ended long ago. */
  async sweep(): Promise<void> {
    await this.batches.sweep();
    for (const [session, live] of this.staying()) {
      const reason = this.#reasonToGo(session, live);
      if (reason === undefined) continue;
      live.log.note(reason);
      await this.expire(session, reason);
    }
  }

  #reasonToGo(session: Session, live: LiveSession): string | undefined {
    const { request, end, id } = session;
    const now = this.#deps.clock.monotonic();
    if (end !== undefined) return this.#deps.clock.now() - end.at >= this.config.kept ? 'it ended long ago' : undefined;
    const deadline = this.#heartbeats.get(id);
    if (deadline !== undefined && now > deadline) return `nothing was heard of its client for ${request.heartbeatTimeoutInSecond} s`;
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
      folder: this.folderOf(id),
      limits: config,
      clock,
      flows: flows ?? noFlows,
      onProcess: (process) => this.change(id, (session) => ({ ...session, process })),
      onReady: ({ appId, ...appInfo }) =>
        this.change(id, (session) => ({ ...session, ready: session.ready ?? clock.now(), appInfo, ...(appId && { appId }) })),
      onEnd: ({ state, reason }) => {
        this.#limits.remove(groupOf(id));
        this.change(id, (session) => ({ ...session, end: { at: clock.now(), state, reason } }));
      },
    });
    this.lives.set(id, live);
    return live;
  }

  #requireRoom(): void {
    const alive = [...this.lives.values()].map(({ state }) => state).filter((state) => !isOver(state));
    const starting = alive.filter((state) => state === 'starting').length + this.arrivingCount;
    if (starting >= this.config.starting)
      throw new Problem('exhausted', 'Rejected, too many sessions are being created!', {
        detail: `sessions.starting is ${this.config.starting}`,
      });
    if (alive.length + this.arrivingCount >= this.config.most)
      throw new Problem('exhausted', `Rejected, Reason: there are ${alive.length} sessions already.`, {
        hint: 'end some (weir sessions rm ID), or raise the setting sessions.most',
      });
  }
}

const groupOf = (id: number): string => `session-${id}`;

const noFlows = async (): Promise<object> => {
  throw new Problem('unavailable', 'There are no flows here.');
};
