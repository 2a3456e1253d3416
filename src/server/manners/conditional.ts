/**
 * Answers that a client may keep and ask about (RFC 9110 sections 8.8 and 13, RFC 9111): who may keep them, what they depend on, an
 * entity tag where the route has none of its own, and 304 for what has not changed.
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isKnownTag } from '../../core/entity-tag.ts';
import { isForeignWire } from './surface.ts';
import { addVary } from './vary.ts';

/** Octets up to which an answer is worth a hash: at some 500 MB/s half a millisecond. Larger ones are streams, or should be. */
const longest = 256 * 1024;

export function installConditional(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isForeignWire(request)) return done(null, payload);
    const isBehindLogin = request.routeOptions.config.role !== 'open';
    if (isBehindLogin) addVary(reply, ['Authorization', 'Accept']);
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    const isGood = reply.statusCode === 200 || reply.statusCode === 304;
    // A cache asks each time whether what it keeps still holds: flows and tickets change, and so do the rights to see them.
    if (!reply.hasHeader('cache-control')) {
      reply.header('cache-control', isReading && isGood && isBehindLogin ? 'private, no-cache' : 'no-store');
    }
    if (!isReading || reply.statusCode !== 200) return done(null, payload);
    if (isTaggable(reply, payload)) reply.header('etag', `W/"${hash('sha1', payload, 'base64url').slice(0, 22)}"`);
    done(null, isUnchanged(request, reply) ? withoutBody(reply) : payload);
  });
}

/** Weak: the same answer may be indented or compact. Not what must not be kept. */
function isTaggable(reply: FastifyReply, payload: unknown): payload is string {
  if (typeof payload !== 'string' || payload.length > longest || reply.hasHeader('etag')) return false;
  return !String(reply.getHeader('cache-control')).includes('no-store');
}

/** The order of RFC 9110 section 13.2.2: the date counts only where no tag is asked about. */
function isUnchanged({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  const tag = reply.getHeader('etag');
  if (headers['if-none-match'] !== undefined) return tag !== undefined && isKnownTag(headers, String(tag));
  const changed = Date.parse(String(reply.getHeader('last-modified')));
  return changed <= Date.parse(headers['if-modified-since'] ?? '');
}

function withoutBody(reply: FastifyReply): null {
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return null;
}
