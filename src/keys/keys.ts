/** The room of keys as one thing with a beginning and an end: the engine, the hub of watchers and the etcd v2 surface. */
import { checkExposure, isLoopback, type ListenAddress, parseListen } from '../core/listen-address.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { TlsSource } from '../core/tls-source.ts';
import type { KeysConfig } from './config.ts';
import type { KeyEngine } from './engine.ts';
import { type EngineDependencies, engineOf } from './engine-of.ts';
import { Tree } from './tree.ts';
import { Cluster } from './v2/cluster.ts';
import { Counters, counterMemory } from './v2/counters.ts';
import { Dropped } from './v2/dropped.ts';
import { type Admission, Gate } from './v2/gate.ts';
import { createHandler, type Handler } from './v2/handler.ts';
import { corsOf } from './v2/headers.ts';
import { Listener } from './v2/listener.ts';
import { V2 } from './v2/v2.ts';
import { WatchHub } from './watch/hub.ts';

/** Who may come in by the listeners of the keys, and how long he may take: the same as at the server's own. */
export type KeysDoor = {
  insecureListen: boolean;
  hostNames: readonly string[];
  headerTimeout: number;
  requestTimeout: number;
  keepAliveTimeout: number;
  /** The certificate of the server, when it speaks HTTPS. */
  certificate?: TlsSource | undefined;
  /** Who decides who comes in once there are users; asked late, since that room stands on the keys. */
  admission?(): Admission | undefined;
};

/** What the keys need of the house. */
export type KeysDependencies = EngineDependencies & {
  door: KeysDoor;
  /** In place of the one that the configuration names; for tests. */
  engine?: KeyEngine;
};

export class Keys {
  readonly config: KeysConfig;
  readonly engine: KeyEngine;
  readonly hub: WatchHub;
  readonly systemHub: WatchHub;
  readonly counters: Counters;
  readonly dropped: Dropped;
  /** What `/v2/keys` shows. */
  readonly public: Tree;
  /** The house's own keys; no request reaches them by a path. */
  readonly system: Tree;
  /** etcd's v2 API. */
  readonly handler: Handler;
  readonly #cluster: Cluster;
  readonly #log: Log;
  readonly #door: KeysDoor;
  readonly #listeners: { listen: string; address: TcpAddress; listener: Listener }[];
  #unfollow: (() => void) | undefined;

  constructor(config: KeysConfig, deps: KeysDependencies) {
    this.config = config;
    const now = () => deps.clock.now();
    const engine = deps.engine ?? engineOf(config, deps);
    this.engine = engine;
    const { history, limits } = config;
    this.counters = new Counters(counterMemory(1), 0);
    const onCount = (count: number) => this.counters.setWatchers(count);
    this.hub = new WatchHub({ engine, space: 'public', limit: limits.watchers, now, onCount }, history);
    this.systemHub = new WatchHub({ engine, space: 'system', limit: limits.watchers, now }, history);
    this.public = new Tree(engine, 'public', this.hub);
    this.system = new Tree(engine, 'system', this.systemHub);
    this.#cluster = new Cluster(engine);
    this.#log = deps.log;
    this.dropped = new Dropped(deps.log, () => deps.clock.monotonic());
    const v2 = new V2({ engine, hub: this.hub, cluster: this.#cluster, counters: this.counters, dropped: this.dropped, now });
    const onFault = (err: unknown) => deps.log.error({ err }, 'an etcd v2 request failed');
    const cors = corsOf(config.cors);
    this.handler = createHandler({ v2, cors, onFault });
    const { door } = deps;
    const rule = {
      names: new Set(door.hostNames.map((name) => name.toLowerCase())),
      origins: new Set(config.cors.filter((origin) => origin !== '*')),
    };
    // Every watcher has a connection; a few more are for those who only ask.
    const connectionLimits = { ...door, maxConnections: limits.watchers + 1000 };
    const admission = () => door.admission?.();
    this.#door = door;
    const tls = config.tls === 'inherit' ? door.certificate : undefined;
    this.#listeners = config.listen.map((listen) => {
      const address = addressOf(listen);
      const gate = new Gate({ rule, isLoopback: isLoopback(address), admission });
      return {
        listen,
        address,
        listener: new Listener({ address, v2, cors, gate, limits: connectionLimits, onFault, ...(tls !== undefined && { tls }) }),
      };
    });
  }

  async start(): Promise<void> {
    await this.engine.start();
    this.hub.start();
    this.systemHub.start();
    this.#unfollow = this.engine.follow('public', (changes) => this.counters.countExpired(changes));
    await this.#cluster.start();
  }

  /**
   * Opens the addresses of `keys.listen`; to be called when it is known whether there are users. Throws Problem for an address
   * that other machines reach while there are none.
   */
  async listen(): Promise<void> {
    const { insecureListen, admission } = this.#door;
    for (const { listen, address, listener } of this.#listeners) {
      const door = admission?.();
      const hasUsers = door?.hasUsers === true;
      if (!hasUsers) door?.enter({ mayStay: () => !door.hasUsers, leave: () => listener.endOpen() });
      const warning = hasUsers ? undefined : checkExposure(address, { listen, setting, insecureListen });
      if (warning !== undefined) this.#log.warn(warning);
      this.#log.info(`etcd v2 on ${await listener.start()}`);
    }
  }

  /** Closes them: watches are cut, answers under way go out. */
  async hush(): Promise<void> {
    this.endWatches();
    await Promise.all(this.#listeners.map(({ listener }) => listener.stop()));
  }

  /** Breaks off the watches, so that their clients come back elsewhere. */
  endWatches(): void {
    this.hub.endAll('the server stops');
    this.systemHub.endAll('the server stops');
  }

  async stop(): Promise<void> {
    await this.hush();
    this.#cluster.stop();
    this.#unfollow?.();
    this.hub.stop();
    this.systemHub.stop();
    await this.engine.stop();
  }

  /** Undefined when the keys can be read and written, otherwise why not. */
  async unready(): Promise<string | undefined> {
    return await this.engine.unready();
  }
}

/** The room, not started. Throws Problem when the configuration makes no sense. */
export const createKeys = (config: KeysConfig, deps: KeysDependencies): Keys => new Keys(config, deps);

const setting = 'keys.listen';
type TcpAddress = Extract<ListenAddress, { kind: 'tcp' }>;

function addressOf(listen: string): TcpAddress {
  const address = parseListen(listen, setting);
  if (address.kind === 'tcp') return address;
  throw new Problem('invalid', 'The keys listen on TCP only.', { detail: `expected HOST:PORT, got ${listen}`, pointer: setting });
}
