/**
 * Plain HTTP beside HTTPS, for people who type a name without `https://`. Pages are redirected. Everything else is refused
 * without a look at its credentials: a redirect would make clients work that send their token in the clear each time.
 */
import { X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { type ListenAddress, listenProblem, numericHost, parseListen, urlOf } from '../../core/listen-address.ts';
import { Problem } from '../../core/problem.ts';
import type { TlsSource } from '../../core/tls-source.ts';
import type { ConnectionTimes } from '../connections.ts';

const setting = 'server.redirectFrom';
/** What people open in a browser; everything below these, too. */
const pages = /^\/(?:$|(?:docs|ui|problems)(?:\/|$))/;

/** What the listener needs: where it is, whom it leads to, and how long clients may take. */
export type RedirectOptions = { from: string; tls: TlsSource; times: ConnectionTimes };

export class Redirect {
  readonly server: Server;
  readonly #address: Extract<ListenAddress, { kind: 'tcp' }>;
  readonly #tls: TlsSource;
  #target = { host: '', port: 443 };

  /** Throws Problem for an address that cannot be one. */
  constructor({ from, tls, times }: RedirectOptions) {
    this.#address = tcpAddress(from);
    this.#tls = tls;
    this.server = createServer(
      {
        maxHeaderSize: times.headerLimit,
        headersTimeout: times.headerTimeout,
        requestTimeout: times.headerTimeout,
        // Whoever was redirected has no reason to come back.
        keepAliveTimeout: Math.min(5000, times.keepAliveTimeout),
        connectionsCheckingInterval: Math.min(1000, times.headerTimeout),
      },
      (request, response) => this.#answer(request, response),
    );
    this.server.on('connection', (socket) => socket.setTimeout(times.headerTimeout, () => socket.destroy()));
  }

  /** Listens, and leads to the HTTPS server at `url`; resolves to its own address. */
  async start(url: string): Promise<string> {
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port || 443) };
    const { host, port: own } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => reject(listenProblem(this.#address, error, setting)));
      this.server.listen({ host: numericHost(host), port: own }, resolve);
    });
    const bound = this.server.address();
    return urlOf(host, typeof bound === 'object' && bound !== null ? bound.port : own);
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '/' } = request;
    response.setHeader('Connection', 'close');
    const path = url.split('?', 1)[0] ?? '/';
    if ((method === 'GET' || method === 'HEAD') && pages.test(path)) {
      // 308 and not 301: permanent, and the method stays (RFC 9110 section 15.4.9).
      response.writeHead(308, { Location: `https://${this.#hostFor(request)}${url}`, 'Content-Length': 0 }).end();
      return;
    }
    const body = JSON.stringify({
      type: '/problems/denied',
      title: 'This server speaks HTTPS only.',
      status: 403,
      code: 'denied',
      detail: 'what was sent with this request, a token perhaps, went over the network in the clear: consider it known',
      hint: `use https://${this.#hostFor(request)}`,
      instance: path,
    });
    response.writeHead(403, { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? undefined : body);
  }

  /** The name that the client used, where the certificate has it: a name that is somebody else's must not come back from us. */
  #hostFor({ headers }: IncomingMessage): string {
    const named = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?$/.exec(headers.host ?? '')?.[1];
    const host = named !== undefined && this.#isOurs(named.replace(/^\[|\]$/g, '')) ? named : this.#target.host;
    return this.#target.port === 443 ? host : `${host}:${this.#target.port}`;
  }

  #isOurs(name: string): boolean {
    const certificate = new X509Certificate(String(this.#tls.options.cert));
    return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  }
}

function tcpAddress(from: string): Extract<ListenAddress, { kind: 'tcp' }> {
  const address = parseListen(from, setting);
  if (address.kind === 'tcp') return address;
  throw new Problem('invalid', 'The redirect to HTTPS listens on TCP only.', {
    detail: `expected HOST:PORT, got ${from}`,
    pointer: setting,
  });
}
