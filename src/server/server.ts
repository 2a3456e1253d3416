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

/** The whole program as a value: `start` takes the data directory, starts the rooms and listens; `stop` does the reverse. */
export type Server = {
  /** Resolves to the address that clients use. Everything is stopped again when it rejects. */
  start(): Promise<string>;
  /** Lets answers under way end (until `server.drainTimeout`), then stops the rooms. Resolves to false when something failed on the way. */
  stop(): Promise<boolean>;
  /** The app; there once `start` has resolved. */
  readonly app: FastifyInstance;
  /** The certificate of a server that speaks HTTPS; there once `start` has resolved. */
  readonly tls: Tls | undefined;
  /** True once somebody has to log in; known once `start` has resolved. */
  readonly hasUsers: boolean;
  /** Reads the certificate again, where there is one in files. */
  reload(): Promise<void>;
};

/** Makes a server that has touched nothing yet. Throws Problem for an address that it may not use. */
export function createServer(config: ServerConfig, { log, data, rooms: makers, clock = systemClock }: ServerDependencies): Server {
  const address = parseListen(config.listen);
  checkTlsConfig(config.tls);
  if (config.redirectFrom !== '' && config.tls.mode === 'off') throw noRedirectWithoutTls();
  if (config.tls.mode !== 'off' && address.kind === 'unix') throw noTlsOnSockets();
  const metrics = new Registry();
  const closing = new AbortController();
  let lifetime: Lifetime | undefined;
  let app: FastifyInstance | undefined;
  let tls: Tls | undefined;
  let redirect: Redirect | undefined;
  let url = '';
  let door: Door | undefined;

  async function start(): Promise<string> {
    const folder = await openDataFolder(data, 'serve');
    try {
      if (config.tls.mode !== 'off') {
        tls = new Tls(config.tls, { dataFolder: folder.path, names: namesOf(address, config), log: log.child({ room: 'tls' }), clock });
        await tls.start();
        if (config.redirectFrom !== '') redirect = new Redirect({ from: config.redirectFrom, tls, times: config });
      }
      const rooms = await makeRooms(folder);
      door = rooms.find((room) => room.door !== undefined)?.door;
      app = await buildApp(config, {
        log,
        clock,
        metrics,
        rooms,
        ready: rooms.map(({ name, ready }) => ({ name, check: async () => ready?.() })),
        closing: closing.signal,
        isLoopback: isLoopback(address),
        tls,
        door,
        tree: rooms.find(({ tree }) => tree !== undefined)?.tree,
      });
      lifetime = new Lifetime([folderComponent(folder), tlsComponent(tls), ...rooms, listenerComponent(app, folder, rooms)], log);
    } catch (error) {
      tls?.stop();
      await folder.release();
      throw error;
    }
    await lifetime.start();
    return url;
  }

  async function makeRooms(folder: DataFolder): Promise<Room[]> {
    const rooms: Room[] = [];
    for (const make of makers) rooms.push(await make({ dataFolder: folder.path, log, clock, metrics, ...(tls !== undefined && { tls }) }));
    return rooms;
  }

  function listenerComponent(listening: FastifyInstance, folder: DataFolder, rooms: readonly Room[]): Component {
    const more = new MoreListeners({ app: listening, config, rooms, tls, log });
    return {
      name: 'listener',
      start: async () => {
        // Only now is it known whether there are users.
        const warning = rooms.some(({ door }) => door?.hasUsers === true) ? undefined : checkExposure(address, config);
        if (warning !== undefined) log.warn(warning);
        else if (tls === undefined && address.kind === 'tcp' && !isLoopback(address)) log.warn(inTheClear(config.listen));
        url = await openListener(listening, address, tls === undefined ? 'http' : 'https');
        folder.announce(url);
        await more.start(rooms.some(({ door }) => door?.hasUsers === true));
        if (redirect !== undefined) log.info(`plain HTTP on ${await redirect.start(url)} leads to ${url}`);
      },
      stop: async () => {
        await Promise.all([redirect?.stop(), more.stop()]);
        await drain(listening, config.drainTimeout, log);
      },
    };
  }

  async function stop(): Promise<boolean> {
    closing.abort();
    return (await lifetime?.stop()) ?? true;
  }

  return {
    start,
    stop,
    get app() {
      if (app === undefined) throw new Error('the server has not started');
      return app;
    },
    reload: async () => await tls?.reload(),
    get hasUsers() {
      return door?.hasUsers === true;
    },
    get tls() {
      return tls;
    },
  };
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
