/**
 * Cross-origin requests (CORS, Fetch standard section 3.3) for the origins that the configuration names, and for no others. Without
 * credentials: the token is in a header that the page has to know, and no cookie lets anybody in.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Problem } from '../../core/problem.ts';
import { isForeignWire } from './surface.ts';
import { addVary } from './vary.ts';

/** Headers of answers that pages may read, besides those that the Fetch standard always lets them. */
const exposed = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'Allow',
  'Idempotent-Replayed',
  'X-Request-Id',
  'X-Total-Count',
  'X-Weir-Api-Version',
  'RateLimit',
  'RateLimit-Policy',
  ...['Limit', 'Remaining', 'Used', 'Reset', 'Resource'].map((name) => `X-RateLimit-${name}`),
].join(', ');

/** Headers of requests that pages may send. */
const allowed = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Request-Id',
  'X-Weir-Api-Version',
].join(', ');

/** Seconds for which a browser may remember what a preflight said. */
const maxAge = '600';

/** Lets pages of `origins` use the API. Throws Problem for an origin that is none. Install it ahead of the door: refusals are read, too. */
export function installCors(app: FastifyInstance, origins: readonly string[]): void {
  for (const origin of origins) checkOrigin(origin);
  if (origins.length === 0) return;
  const known = new Set(origins);
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin !== undefined && known.has(origin) && !isForeignWire(request)) {
      reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', exposed).header('vary', 'Origin');
      // Or else the browser throws away what it was allowed to read: the server's other answers are for its own pages.
      reply.header('cross-origin-resource-policy', 'cross-origin');
    }
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isForeignWire(request)) addVary(reply, ['Origin']);
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (isPreflight && reply.hasHeader('access-control-allow-origin')) answerPreflight(reply);
    done(null, payload);
  });
}

/** A preflight is an OPTIONS, which every path answers without a login; what may be done there stands in its `Allow`. */
function answerPreflight(reply: FastifyReply): void {
  reply.header('access-control-allow-methods', String(reply.getHeader('allow') ?? 'GET, HEAD, OPTIONS'));
  reply.header('access-control-allow-headers', allowed).header('access-control-max-age', maxAge);
}

/** An origin is a scheme, a host and a port, as a browser writes it: never `*`, never `null`, no path, no capital letters. */
function checkOrigin(text: string): void {
  if (/^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text && !text.includes('*')) return;
  throw new Problem('invalid', `${JSON.stringify(text)} is not an origin.`, {
    detail: 'expected scheme, host and, where it is not the usual one, port, as browsers write them in Origin',
    hint: 'server.cors=https://desk.example',
    pointer: 'server.cors',
  });
}
