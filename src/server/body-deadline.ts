import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../core/problem.ts';

/**
 * Limits how long a body may take to arrive. Usual routes: `limitMs` for all of it. Routes with `config.isUpload`, whose
 * bodies are of any size: `limitMs` without a single new octet while the reader wants some.
 */
export function installBodyDeadline(app: FastifyInstance, limitMs: number): void {
  app.addHook('onRequest', async (request) => {
    if (request.raw.complete || !hasBody(request)) return;
    const stop = request.routeOptions.config.isUpload === true ? watchIdle(request, limitMs) : watchWhole(request, limitMs);
    request.raw.once('end', stop).once('close', stop);
  });
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const late = () =>
  new Problem('timeout', 'The body of the request took too long to arrive.', { hint: 'the setting server.requestTimeout' });

function watchWhole({ raw }: FastifyRequest, limitMs: number): () => void {
  const timer = setTimeout(() => raw.destroy(late()), limitMs);
  return () => clearTimeout(timer);
}

function watchIdle({ raw }: FastifyRequest, limitMs: number): () => void {
  let seen = -1;
  const timer = setInterval(() => {
    const { bytesRead } = raw.socket;
    // Octets that lie here unread mean that we are slow, not the client.
    if (bytesRead === seen && raw.readableLength === 0) raw.destroy(late());
    seen = bytesRead;
  }, limitMs);
  return () => clearInterval(timer);
}
