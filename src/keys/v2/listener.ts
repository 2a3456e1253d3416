/** etcd's v2 API on an address of its own, where the clients of etcd look for it (port 2379). */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type ListenAddress, listenProblem, numericHost, urlOf } from '../../core/listen-address.ts';
import type { TlsSource } from '../../core/tls-source.ts';
import type { Gate } from './gate.ts';
import { createHandler, type Handler } from './handler.ts';
import type { Cors } from './headers.ts';
import { QuickAnswers } from './quick-answers.ts';
import { QuickConnection, type QuickOptions } from './quick-connection.ts';
import type { V2 } from './v2.ts';

/** Limits of the listener; times in milliseconds. */
export type ListenerLimits = {
  headerTimeout: number;
  requestTimeout: number;
  keepAliveTimeout: number;
  maxConnections: number;
};

export type ListenerOptions = {
  address: Extract<ListenAddress, { kind: 'tcp' }>;
  /** Several threads listen on the same address, and the kernel deals connections out to them. */
  isShared?: boolean;
  v2: V2;
  cors: Cors;
  gate: Gate;
  limits: ListenerLimits;
  /** With it the listener speaks HTTPS. */
  tls?: TlsSource;
  onFault(error: unknown): void;
};

/** etcd takes about 1 MiB of headers, and some clients send values in the query. */
const headerLimit = 1024 * 1024;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #http: HttpServer;
  readonly #quick = new Map<Socket, QuickConnection>();
  readonly #quickOptions: QuickOptions;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { v2, cors, gate, limits, onFault } = options;
    const handler = createHandler({ v2, cors, onFault });
    this.#http = createHttp(limits, gate.guard(handler));
    this.#quickOptions = {
      v2,
      answers: new QuickAnswers(v2.deps.cluster, cors(undefined)),
      isOpenTo: (host) => gate.isOpenTo(host),
      handOver: (socket, read) => this.#handOver(socket, read),
      onFault,
      keepAliveMs: limits.keepAliveTimeout,
    };
    this.#server = this.#createServer();
    this.#server.maxConnections = limits.maxConnections;
  }

  /** Listens; resolves to the address as a client writes it. */
  async start(): Promise<string> {
    const { address, isShared = false, tls } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenProblem(address, error, 'keys.listen')));
      this.#server.listen({ host: numericHost(address.host), port: address.port, backlog: 1024, reusePort: isShared }, resolve);
    });
    const bound = this.#server.address();
    return urlOf(
      address.host,
      typeof bound === 'object' && bound !== null ? bound.port : address.port,
      tls === undefined ? 'http' : 'https',
    );
  }

  /** Takes no more connections and ends those there are: watches are cut, answers under way go out. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.endOpen();
    this.#http.closeIdleConnections();
    // Whoever is still busy has a moment.
    const timer = setTimeout(() => {
      for (const socket of this.#quick.keys()) socket.destroy();
      this.#http.closeAllConnections();
    }, 1000);
    await closed;
    clearTimeout(timer);
    this.#http.close();
  }

  /** Ends the connections that nobody was asked at the door for: watches of theirs would go on. */
  endOpen(): void {
    for (const connection of this.#quick.values()) connection.end();
  }

  #createServer(): Server {
    const { tls, limits } = this.#options;
    const welcome = (socket: Socket) => this.#welcome(socket);
    if (tls === undefined) return createServer({ noDelay: true }, welcome);
    const handshakeTimeout = limits.headerTimeout;
    const server = createTlsServer({ ...tls.options, noDelay: true, handshakeTimeout, ALPNProtocols: ['http/1.1'] }, welcome);
    const unfollow = tls.follow(() => server.setSecureContext(tls.options));
    return server.once('close', unfollow);
  }

  #welcome(socket: Socket): void {
    this.#quick.set(socket, new QuickConnection(socket, this.#quickOptions));
    socket.once('close', () => this.#quick.delete(socket));
  }

  #handOver(socket: Socket, read: Buffer): void {
    this.#quick.delete(socket);
    this.#http.emit('connection', socket);
    socket.unshift(read);
  }
}

function createHttp({ headerTimeout, requestTimeout, keepAliveTimeout }: ListenerLimits, handler: Handler): HttpServer {
  const server = createHttpServer(
    {
      maxHeaderSize: headerLimit,
      headersTimeout: headerTimeout,
      requestTimeout,
      keepAliveTimeout,
      connectionsCheckingInterval: Math.min(1000, headerTimeout),
    },
    (request, response) => handler(request, response),
  );
  server.on('clientError', refuseBroken);
  // It never listens itself, but this is when a server begins to watch over the time that its connections take.
  server.emit('listening');
  return server;
}

/** Go's answer to what is not HTTP. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`);
}
