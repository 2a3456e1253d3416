import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ProblemCode } from '../../core/problem.ts';
import type { ConnectionTimes } from '../connections.ts';
import { problemMediaType } from '../problem-answer.ts';
import { Http2Request, Http2Response } from './http2-messages.ts';

/** Requests under way on one connection. */
const streamsAtOnce = 128;
/** Octets of bodies that may wait unread: of one request, and of all requests of a connection. */
const streamWindow = 512 * 1024;
const connectionWindow = 1024 * 1024;

/** The HTTP/2 connections of a server: where they come from and go to, and how long they may take. */
export class Http2Side {
  readonly #server: Http2Server;
  readonly #limits: ConnectionTimes;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(handler: RequestListener, limits: ConnectionTimes) {
    this.#limits = limits;
    const settings = { maxConcurrentStreams: streamsAtOnce, maxHeaderListSize: limits.headerLimit, initialWindowSize: streamWindow };
    this.#server = createServer({ settings, Http2ServerRequest: Http2Request, Http2ServerResponse: Http2Response });
    this.#server.on('session', (session) => this.#welcome(session));
    this.#server.on('request', (request: Http2Request, response: Http2Response) => {
      const problem = faultOf(request, limits);
      if (problem !== undefined) refuse(response, problem);
      else handler(request as unknown as IncomingMessage, response as unknown as ServerResponse<IncomingMessage>);
    });
    // A session that fails is closed by Node; there is nobody to answer.
    this.#server.on('sessionError', () => {});
  }

  /** Takes over a connection that chose HTTP/2. */
  take(socket: TLSSocket): void {
    this.#server.emit('connection', socket);
  }

  /** Takes no more requests; each connection ends with its last answer. */
  closeGently(): void {
    for (const session of this.#sessions) if (!session.closed) session.close();
  }

  closeNow(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #welcome(session: ServerHttp2Session): void {
    const { headerTimeout, keepAliveTimeout, idleTimeout } = this.#limits;
    this.#sessions.add(session);
    session.setLocalWindowSize(connectionWindow);
    let open = 0;
    // A timer of our own and not the session's: pings, settings and slow headers are no reason to keep a connection.
    let timer = setTimeout(() => session.destroy(), headerTimeout);
    session.on('stream', (stream: ServerHttp2Stream) => {
      clearTimeout(timer);
      open += 1;
      if (idleTimeout > 0) stream.setTimeout(idleTimeout, () => stream.close(constants.NGHTTP2_CANCEL));
      stream.once('close', () => {
        open -= 1;
        if (open > 0 || session.destroyed) return;
        timer = setTimeout(() => session.close(), keepAliveTimeout);
      });
    });
    session.once('close', () => {
      clearTimeout(timer);
      this.#sessions.delete(session);
    });
  }
}

type Fault = { status: number; code: ProblemCode; title: string };

/** What Node's parser finds in HTTP/1.1, and does not look for here. */
function faultOf({ isContradictory, headerOctets }: Http2Request, { headerLimit }: ConnectionTimes): Fault | undefined {
  if (headerOctets > headerLimit)
    return { status: 431, code: 'too-large', title: 'The headers of the request are larger than this server takes.' };
  return isContradictory
    ? { status: 400, code: 'invalid', title: 'The request names two servers: Host and :authority differ.' }
    : undefined;
}

function refuse(response: Http2Response, { status, code, title }: Fault): void {
  response.writeHead(status, { 'content-type': problemMediaType }).end(JSON.stringify({ type: `/problems/${code}`, title, status, code }));
}
