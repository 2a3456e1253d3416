/** etcd's v2 API as a plain handler of Node's HTTP server: it knows of no framework, and can be mounted in any. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Call } from './answer.ts';
import type { Dropped } from './dropped.ts';
import { formLimit } from './form.ts';
import { type Cors, headersOf } from './headers.ts';
import { Outlet } from './outlet.ts';
import type { V2 } from './v2.ts';
import { type OpenWatch, tellLine } from './watch.ts';

export type HandlerOptions = {
  v2: V2;
  cors: Cors;
  /** Told of faults of ours; the client gets a plain 500. */
  onFault(error: unknown): void;
};

/** Answers one request; `extra` are headers (names and values in turn) that stand on its answer, too. */
export type Handler = (request: IncomingMessage, response: ServerResponse, extra?: readonly string[]) => void;

export function createHandler({ v2, cors, onFault }: HandlerOptions): Handler {
  return (request, response, extra = []) => {
    const { method = 'GET', url = '/', headers } = request;
    const call: Call = { method, target: url, contentType: headers['content-type'], body: '', self: selfOf(request) };
    const always = [...cors(headers.origin), ...extra];
    const answer = async () => {
      if (method === 'PUT' || method === 'POST') call.body = await readBody(request);
      const given = await v2.answer(call);
      if (response.destroyed) abandon(given);
      else write(given, { request, response, headers: [...always, ...headersOf(given, v2.deps.cluster)], dropped: v2.deps.dropped });
    };
    answer().catch((error: unknown) => {
      if (request.errored !== null || response.destroyed) return;
      onFault(error);
      response.destroy();
    });
  };
}

/** The body as a binary string; of one beyond the limit of forms just so much that it is seen to be too long. */
function readBody(request: IncomingMessage): Promise<string> {
  // By events: an iterator costs a tenth of a write.
  return new Promise((resolve, reject) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      if (text.length <= formLimit) text += chunk.toString('latin1');
    });
    request.once('end', () => resolve(text));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the client has hung up')));
  });
}

/** Where this server is, as the client knows it. */
function selfOf({ headers, socket }: IncomingMessage): string {
  const { localAddress = '127.0.0.1', localPort = 0 } = socket;
  return `${'encrypted' in socket ? 'https' : 'http'}://${headers.host ?? `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`}`;
}

type Writing = { request: IncomingMessage; response: ServerResponse; headers: string[]; dropped: Dropped };

function write(answer: Answer, { request, response, headers, dropped }: Writing): void {
  if (answer.kind === 'watch') {
    response.writeHead(200, headers);
    response.flushHeaders();
    flow(answer.watch, response, dropped);
    return;
  }
  if (answer.kind === 'page' && answer.isBare === true) {
    response.writeHead(answer.status, [...answer.headers, 'Connection', 'close']).end(answer.text, 'latin1');
    return;
  }
  // Like Go, which tells the length of what a handler wrote: for HEAD of a page without any it says nothing.
  const hasLength = answer.text !== '' || (request.method !== 'HEAD' && answer.status !== 204);
  if (hasLength) headers.push('Content-Length', String(answer.text.length));
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? '' : answer.text, 'latin1');
}

function abandon(answer: Answer): void {
  if (answer.kind === 'watch') answer.watch.close();
}

/** The events of a watch as a body without end. A client that does not keep up is dropped: no watcher holds memory for long. */
function flow(watch: OpenWatch, response: ServerResponse, dropped: Dropped): void {
  const outlet = new Outlet({
    tell: tellLine,
    tellLast: tellLine,
    write: (lines, isLast) => {
      const bytes = lines.length === 1 ? lines[0] : Buffer.concat(lines);
      if (isLast) response.end(bytes);
      return isLast || response.write(bytes);
    },
    drop: (reason) => {
      dropped.add(reason, response.socket?.remoteAddress);
      watch.close();
      response.end();
      setTimeout(() => response.destroy(), 10_000).unref();
    },
    // Cut off and not ended: so a client knows that this was no event.
    cut: () => response.destroy(),
  });
  response.on('close', () => watch.close());
  response.on('drain', () => outlet.drained());
  watch.flow(outlet);
}
