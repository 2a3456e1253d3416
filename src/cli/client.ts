import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Problem } from '../core/problem.ts';
import { Credentials, type Granted } from './credentials.ts';
import { LoginFile } from './login-file.ts';
import { reviveProblem } from './revive-problem.ts';
import { hostField, parseServer, type ServerAddress, serverKey } from './server-address.ts';
import { checkPlain, currentTrust, type Trust, TrustedAgent, trustProblem } from './trust.ts';
import { parseJson } from './whole-json.ts';

/** Parameters of a query string; what is undefined or false is left out, true is written `true`. */
export type Query = Record<string, string | number | boolean | undefined>;

/** One request. `path` starts at the root of the server and may hold a query string already. */
export type Request = {
  method?: string;
  path: string;
  query?: Query;
  headers?: Record<string, string>;
  /** Sent chunked as it comes, unless `headers` names a content-length. */
  body?: AsyncIterable<Uint8Array> | Uint8Array | string;
  signal?: AbortSignal;
  /** Without the login of this machine: what is shown at the door, if anything, stands in `headers`. */
  isAnonymous?: boolean;
};

/** An answer whose head has arrived and whose body is still on its way: read it, or `abandon()` it. */
export type Answer = {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: http.IncomingMessage;
  /** Settles when the body of the request is out; a server may well answer before that. */
  sent: Promise<void>;
  /** Gives up what is still to be sent or read. */
  abandon: () => void;
};

// An error body longer than this is no problem document; the rest is not read.
const longestProblem = 1 << 20;

/**
 * Speaks HTTP/1.1 to one Weir over kept-alive connections, TCP or unix socket. Bodies stream both ways and are never held
 * whole. Every failure is a Problem: the server's own where it sent one, `unavailable` where nobody answered.
 */
export class Client {
  readonly server: string;
  readonly #address: ServerAddress;
  readonly #agent: http.Agent;
  readonly #credentials: Credentials;

  /** Of a server with HTTPS it is `trust` that has to be convinced: that of the command's options unless told otherwise. */
  constructor(server: string, trust: Trust = currentTrust()) {
    this.server = server;
    this.#address = parseServer(server);
    if (this.#address.protocol === 'http:' && this.#address.socketPath === undefined)
      checkPlain({ server, host: this.#address.host }, trust);
    this.#agent = this.#address.protocol === 'https:' ? new TrustedAgent(trust) : new http.Agent({ keepAlive: true });
    this.#credentials = new Credentials(new LoginFile(serverKey(this.#address)), (path, given) => this.#askToken(path, given));
  }

  /** Sends a request and answers once the head of a 2xx or 3xx answer is there. Throws the Problem of any other status. */
  async send(request: Request): Promise<Answer> {
    const answer = await this.exchange(request);
    if (answer.status >= 400) throw await this.#readProblem(answer);
    return answer;
  }

  /**
   * As `send`, with any status as the answer. It shows the login of this machine at the door; where that has ended and can be
   * had again without anybody, it does so and repeats the request, once.
   */
  async exchange(request: Request): Promise<Answer> {
    if (request.isAnonymous === true || request.headers?.authorization !== undefined) return await this.#exchange(request);
    const token = await this.#credentials.token();
    const answer = await this.#exchange(shown(request, token));
    if (answer.status !== 401) return answer;
    const fresh = await this.#credentials.again(token);
    if (fresh === undefined) return answer;
    if (isStream(request.body)) throw tooLateToRepeat();
    answer.abandon();
    return await this.#exchange(shown(request, fresh));
  }

  /** The token that requests carry, renewed where most of its life is over; undefined when they carry none. */
  async token(): Promise<string | undefined> {
    return await this.#credentials.token();
  }

  async #askToken(path: string, { token, body }: { token?: string; body?: object }): Promise<Granted | undefined> {
    const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' };
    const answer = await this.#exchange({ method: 'POST', path, headers, body: JSON.stringify(body ?? {}) });
    const text = await readText(answer.body, longestProblem);
    return answer.status === 200 ? (parseJson(text) as Granted) : undefined;
  }

  #exchange(request: Request): Promise<Answer> {
    const { method = 'GET', headers = {}, body, signal } = request;
    const { protocol, host, port, base, socketPath } = this.#address;
    const path = base + withQuery(request.path, request.query);
    const where = socketPath === undefined ? { host, port } : { socketPath };
    const options = {
      ...where,
      method,
      path,
      agent: this.#agent,
      headers: { accept: 'application/json', host: hostField(this.#address), ...headers },
    };
    return new Promise((resolve, reject) => {
      const outgoing = (protocol === 'https:' ? https : http).request(signal ? { ...options, signal } : options);
      const fail = (error: unknown) => reject(this.#explain(error, body !== undefined));
      outgoing.once('error', fail);
      const sent = writeBody(outgoing, body);
      sent.catch(fail);
      outgoing.once('response', (incoming) => {
        // From here on a broken connection shows in the body; late errors of the request itself have no listener left.
        outgoing.on('error', () => {});
        const abandon = () => {
          incoming.destroy();
          if (!outgoing.writableFinished) outgoing.destroy();
        };
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming, sent, abandon });
      });
    });
  }

  /** The JSON document at a path. */
  async json<T>(request: Request): Promise<T> {
    const answer = await this.send(request);
    const text = await readText(answer.body, Number.POSITIVE_INFINITY);
    try {
      return parseJson(text) as T;
    } catch (cause) {
      throw new Problem('internal', `${this.server}${request.path} did not answer JSON`, { detail: text.slice(0, 200), cause });
    }
  }

  /** The body of an answer, block by block; a connection that breaks before its end is a Problem. */
  async *blocks(answer: Answer): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    try {
      for await (const block of answer.body) {
        bytes += (block as Uint8Array).byteLength;
        yield block as Uint8Array;
      }
    } catch (cause) {
      const detail = `the server or the network ended it; ${bytes} bytes had arrived, and the result is not complete`;
      throw new Problem('unavailable', 'the stream broke off', { detail, hint: 'look at the log of the server', cause });
    }
  }

  /** Lets go of the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #explain(error: unknown, hadBody: boolean): unknown {
    if (error instanceof Problem || (error as Error).name === 'AbortError') return error;
    const distrust = trustProblem(error, this.server);
    if (distrust !== undefined) return distrust;
    const { code, message } = error as NodeJS.ErrnoException;
    if (hadBody && (code === 'EPIPE' || code === 'ECONNRESET')) {
      return new Problem('unavailable', `${this.server} hung up while it was being sent the body`, { detail: message, cause: error });
    }
    const isLocal = this.#address.socketPath !== undefined || /^(localhost|127\.|::1$)/.test(this.#address.host);
    const hint = isLocal ? 'weir serve' : 'weir doctor, or another --server';
    return new Problem('unavailable', `no Weir answers at ${this.server}`, { detail: message || String(code), hint, cause: error });
  }

  async #readProblem(answer: Answer): Promise<Problem> {
    const text = await readText(answer.body, longestProblem).catch(() => '');
    answer.abandon();
    return reviveProblem(answer.status, text);
  }
}

/** A path with parameters added to its query string. */
export function withQuery(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== false);
  if (pairs.length === 0) return path;
  const text = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

const shown = (request: Request, token: string | undefined): Request =>
  token === undefined ? request : { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };

const isStream = (body: Request['body']): boolean => body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);

const tooLateToRepeat = (): Problem =>
  new Problem('unauthenticated', 'The login had ended, and what was being sent cannot be sent twice.', {
    detail: 'it came as a stream; there is a fresh login now',
    hint: 'repeat the command',
  });

async function writeBody(outgoing: http.ClientRequest, body: Request['body']): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  await pipeline(Readable.from(body, { objectMode: false, highWaterMark: 1 << 20 }), outgoing);
}

async function readText(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const block of body) {
    text += decoder.decode(block, { stream: true });
    if (text.length > limit) break;
  }
  return text + decoder.decode();
}
