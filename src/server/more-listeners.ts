import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { FastifyInstance } from 'fastify';
import { checkExposure, isLoopback, type ListenAddress, listenProblem, numericHost, parseListen, urlOf } from '../core/listen-address.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import type { ServerConfig } from './config.ts';
import { limitConnections } from './connections.ts';
import type { MoreAddresses, Room } from './room.ts';
import type { Tls } from './tls/index.ts';
import { createSecureServer } from './tls/secure-server.ts';

type TcpAddress = Extract<ListenAddress, { kind: 'tcp' }>;
type Opened = { address: TcpAddress; listen: string; more: MoreAddresses; server: Server | SecureServer };

export type MoreListenersOptions = {
  app: FastifyInstance;
  config: ServerConfig;
  rooms: readonly Room[];
  tls: Tls | undefined;
  log: Log;
};

/**
 * The addresses where rooms want the server to be as well, because clients of theirs look for it there. It is the same server, with the
 * same doors: only that a path of a client's may mean another one.
 */
export class MoreListeners {
  readonly #options: MoreListenersOptions;
  readonly #opened: Opened[] = [];

  constructor(options: MoreListenersOptions) {
    this.#options = options;
    for (const { moreAddresses: more } of options.rooms) {
      if (more === undefined) continue;
      for (const listen of more.listen) this.#opened.push({ ...this.#made(listen, more), more, listen });
    }
  }

  /** Opens them. Throws Problem for one that other machines reach while nobody has to log in. */
  async start(hasUsers: boolean): Promise<void> {
    const { config, log } = this.#options;
    for (const { address, listen, more, server } of this.#opened) {
      const { setting, name } = more;
      const warning = hasUsers ? undefined : checkExposure(address, { listen, setting, insecureListen: config.insecureListen });
      if (warning !== undefined) log.warn(warning);
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(listenProblem(address, error, setting)));
        server.listen({ host: numericHost(address.host), port: address.port, backlog: 1024 }, resolve);
      });
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      log.info(`${name} on ${urlOf(address.host, port, this.#options.tls === undefined ? 'http' : 'https')}`);
    }
  }

  /** Takes no more connections; answers under way have until `server.drainTimeout`. */
  async stop(): Promise<void> {
    await Promise.all(this.#opened.map(({ server }) => this.#drain(server)));
  }

  async #drain(server: Server | SecureServer): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const timer = setTimeout(() => server.closeAllConnections(), this.#options.config.drainTimeout);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }

  #made(listen: string, more: MoreAddresses): Pick<Opened, 'address' | 'server'> {
    const { app, config, tls } = this.#options;
    const address = parseListen(listen, more.setting);
    if (address.kind !== 'tcp') throw notTcp(listen, more.setting);
    const main = parseListen(config.listen);
    // The guard against pages of other sites is there by the server's own address alone.
    if (main.kind === 'tcp' && isLoopback(main) && !isLoopback(address)) throw tooFar(listen, more.setting);
    const handler: RequestListener = (request, response) => {
      request.url = more.rewrite(request.url ?? '/');
      app.routing(request, response);
    };
    const server = tls === undefined ? plainServer(config, handler) : createSecureServer({ tls, limits: config, hasHttp2: false }, handler);
    limitConnections(server, { total: config.maxConnections, perAddress: 0, isExempt: () => false }, () => {});
    return { address, server };
  }
}

function plainServer(config: ServerConfig, handler: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: config.headerLimit,
      headersTimeout: config.headerTimeout,
      requestTimeout: 0,
      keepAliveTimeout: config.keepAliveTimeout,
      connectionsCheckingInterval: Math.min(1000, config.headerTimeout),
    },
    handler,
  );
  server.setTimeout(config.idleTimeout);
  return server;
}

const notTcp = (listen: string, setting: string): Problem =>
  new Problem('invalid', 'More addresses are TCP only.', { detail: `expected HOST:PORT, got ${listen}`, pointer: setting });

const tooFar = (listen: string, setting: string): Problem =>
  new Problem('invalid', `${listen} would be reached by other machines, and server.listen is not.`, {
    detail: 'both are doors to the same server',
    hint: 'let server.listen be reached as well, or use 127.0.0.1 for both',
    pointer: setting,
  });
