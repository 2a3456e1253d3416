import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';
import { sendProblem } from './errors.ts';
import { Http2Request } from './tls/http2-messages.ts';

/**
 * Limits how long a body may take to arrive. Usual routes: `limitMs` for all of it. Routes with `config.isUpload`, whose
 * bodies are of any size: `limitMs` without a single new octet while the reader wants some.
 */
export function installBodyDeadline(app: FastifyInstance, limitMs: number): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.raw.complete || !hasBody(request)) return;
    const stop = request.routeOptions.config.isUpload === true ? watchIdle(request, limitMs) : watchWhole(request, reply, limitMs);
    request.raw.once('end', stop).once('close', stop);
  });
}

// Over HTTP/2 a body needs no header: there a request without one is complete at once.
const hasBody = ({ headers, raw }: FastifyRequest): boolean =>
  raw.httpVersionMajor === 2 || headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const late = () =>
  new Problem('timeout', 'The body of the request took too long to arrive.', { hint: 'the setting server.requestTimeout' });

function watchWhole(request: FastifyRequest, reply: FastifyReply, limitMs: number): () => void {
  const timer = setTimeout(() => {
    // It is here, only nobody has read it: the connection may be at its next request by now.
    if (request.raw.complete) return;
    if (reply.sent) {
      // Answered without a look at the body, which nobody waits for any more.
      request.raw.destroy();
      return;
    }
    // The parser still waits for the rest; the connection ends with the answer, and the parser with it.
    reply.raw.once('finish', () => request.raw.destroy());
    sendProblem(reply, request, late());
  }, limitMs);
  return () => clearTimeout(timer);
}

// Destroyed and not answered: the reader of the upload must learn that it ended early, and the connection is of no use any more.
function watchIdle({ raw }: FastifyRequest, limitMs: number): () => void {
  let seen = -1;
  const timer = setInterval(() => {
    const bytesRead = octetsOf(raw);
    // Octets that lie here unread mean that we are slow, not the client.
    if (bytesRead === seen && raw.readableLength === 0) raw.destroy(late());
    seen = bytesRead;
  }, limitMs);
  return () => clearInterval(timer);
}

/** Octets that have arrived so far: those of the connection, or of the one request where several share it. */
const octetsOf = (raw: FastifyRequest['raw'] | Http2Request): number => (raw instanceof Http2Request ? raw.octets : raw.socket.bytesRead);
