import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../core/clock.ts';
import { type DataFolder, openDataFolder } from '../core/data-folder.ts';
import { checkExposure, isLoopback, type ListenAddress, parseListen } from '../core/listen-address.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { type Component, Lifetime } from '../core/shutdown.ts';
import { buildApp } from './app.ts';
import type { ServerConfig } from './config.ts';
import type { Door } from './door.ts';
import { openListener } from './listen.ts';
import { MoreListeners } from './more-listeners.ts';
import type { MakeRoom, Room } from './room.ts';
import { checkTlsConfig, Redirect, Tls } from './tls/index.ts';

export type ServerDependencies = {
  log: Log;
  /** The data directory. */
  data: string;
  rooms: readonly MakeRoom[];
  clock?: Clock;
};

/**
 * The whole program as a value: `start` takes the data directory, starts the rooms and listens; `stop` does the reverse. One that is made has touched
 * nothing yet.
 */
export class Server {
  readonly #config: ServerConfig;
  readonly #deps: ServerDependencies;
  readonly #clock: Clock;
  readonly #address: ListenAddress;
  readonly #metrics = new Registry();
  readonly #closing = new AbortController();
  #lifetime: Lifetime | undefined;
  #app: FastifyInstance | undefined;
  #tls: Tls | undefined;
  #redirect: Redirect | undefined;
  #url = '';
  #door: Door | undefined;

  /** Throws Problem for an address that it may not use. */
  constructor(config: ServerConfig, deps: ServerDependencies) {
    this.#config = config;
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.#address = parseListen(config.listen);
    checkTlsConfig(config.tls);
    if (config.redirectFrom !== '' && config.tls.mode === 'off') throw noRedirectWithoutTls();
    if (config.tls.mode !== 'off' && this.#address.kind === 'unix') throw noTlsOnSockets();
  }

  /** The app; there once `start` has resolved. */
  get app(): FastifyInstance {
    if (this.#app === undefined) throw new Error('the server has not started');
    return this.#app;
  }

  /** The certificate of a server that speaks HTTPS; there once `start` has resolved. */
  get tls(): Tls | undefined {
    return this.#tls;
  }

  /** True once somebody has to log in; known once `start` has resolved. */
  get hasUsers(): boolean {
    return this.#door?.hasUsers === true;
  }

  /** Resolves to the address that clients use. Everything is stopped again when it rejects. */
  async start(): Promise<string> {
    const folder = await openDataFolder(this.#deps.data, 'serve');
    try {
      await this.#startTls(folder);
      const rooms = await this.#makeRooms(folder);
      this.#door = rooms.find((room) => room.door !== undefined)?.door;
      this.#app = await this.#makeApp(rooms);
      const parts = [folderComponent(folder), tlsComponent(this.#tls), ...rooms, this.#listener(this.#app, folder, rooms)];
      this.#lifetime = new Lifetime(parts, this.#deps.log);
    } catch (error) {
      this.#tls?.stop();
      await folder.release();
      throw error;
    }
    await this.#lifetime.start();
    return this.#url;
  }

  /** Lets answers under way end (until `server.drainTimeout`), then stops the rooms. Resolves to false when something failed on the way. */
  async stop(): Promise<boolean> {
    this.#closing.abort();
    return (await this.#lifetime?.stop()) ?? true;
  }

  /** Reads the certificate again, where there is one in files. */
  async reload(): Promise<void> {
    await this.#tls?.reload();
  }

  async #startTls(folder: DataFolder): Promise<void> {
    const { tls, redirectFrom } = this.#config;
    if (tls.mode === 'off') return;
    const names = namesOf(this.#address, this.#config);
    this.#tls = new Tls(tls, { dataFolder: folder.path, names, log: this.#deps.log.child({ room: 'tls' }), clock: this.#clock });
    await this.#tls.start();
    if (redirectFrom !== '') this.#redirect = new Redirect({ from: redirectFrom, tls: this.#tls, times: this.#config });
  }

  async #makeRooms(folder: DataFolder): Promise<Room[]> {
    const { log, rooms: makers } = this.#deps;
    const given = { dataFolder: folder.path, log, clock: this.#clock, metrics: this.#metrics, ...(this.#tls && { tls: this.#tls }) };
    const rooms: Room[] = [];
    for (const make of makers) rooms.push(await make(given));
    return rooms;
  }

  async #makeApp(rooms: readonly Room[]): Promise<FastifyInstance> {
    return await buildApp(this.#config, {
      log: this.#deps.log,
      clock: this.#clock,
      metrics: this.#metrics,
      rooms,
      ready: rooms.map(({ name, ready }) => ({ name, check: async () => ready?.() })),
      closing: this.#closing.signal,
      isLoopback: isLoopback(this.#address),
      tls: this.#tls,
      door: this.#door,
      tree: rooms.find(({ tree }) => tree !== undefined)?.tree,
    });
  }

  #listener(app: FastifyInstance, folder: DataFolder, rooms: readonly Room[]): Component {
    const { log } = this.#deps;
    const more = new MoreListeners({ app, config: this.#config, rooms, tls: this.#tls, log });
    return {
      name: 'listener',
      start: async () => {
        this.#warnOfExposure();
        this.#url = await openListener(app, this.#address, this.#tls === undefined ? 'http' : 'https');
        folder.announce(this.#url);
        await more.start(this.hasUsers);
        if (this.#redirect !== undefined) log.info(`plain HTTP on ${await this.#redirect.start(this.#url)} leads to ${this.#url}`);
      },
      stop: async () => {
        await Promise.all([this.#redirect?.stop(), more.stop()]);
        await drain(app, this.#config.drainTimeout, log);
      },
    };
  }

  /** To be asked when the rooms have started: only then is it known whether there are users. Throws where nobody may listen. */
  #warnOfExposure(): void {
    const { log } = this.#deps;
    const address = this.#address;
    const warning = this.hasUsers ? undefined : checkExposure(address, this.#config);
    if (warning !== undefined) log.warn(warning);
    else if (this.#tls === undefined && address.kind === 'tcp' && !isLoopback(address)) log.warn(inTheClear(this.#config.listen));
  }
}

const folderComponent = (folder: DataFolder): Component => ({ name: 'data', stop: () => folder.release() });

const tlsComponent = (tls: Tls | undefined): Component => ({ name: 'tls', stop: async () => tls?.stop() });

/** What clients may call this server, besides its host name and the names that are for certificates only. */
function namesOf(address: ListenAddress, { hostNames }: ServerConfig): string[] {
  const isOne = address.kind === 'tcp' && address.host !== '0.0.0.0' && address.host !== '::';
  return [...(isOne ? [address.host] : []), ...hostNames];
}

const inTheClear = (listen: string): string =>
  `${listen} is plain HTTP: passwords and tokens cross the network in the clear (weir serve --tls self-signed)`;

const noRedirectWithoutTls = (): Problem =>
  new Problem('invalid', 'server.redirectFrom leads to HTTPS, which is off.', {
    hint: '--tls self-signed',
    pointer: 'server.redirectFrom',
  });

const noTlsOnSockets = (): Problem =>
  new Problem('invalid', 'A Unix socket speaks plain HTTP only.', {
    detail: 'nothing of it leaves this machine',
    hint: '--listen HOST:PORT, or --tls off',
    pointer: 'server.tls.mode',
  });

/** Stops accepting, waits for the answers under way, and breaks what is left after `timeoutMs`. */
async function drain(app: FastifyInstance, timeoutMs: number, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.warn(`breaking the connections that are still busy after ${timeoutMs} ms (server.drainTimeout)`);
    app.server.closeAllConnections();
  }, timeoutMs);
  // A connection whose answer has just ended would otherwise stay open until its keep-alive time is over.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 50);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
    clearInterval(sweep);
  }
}
