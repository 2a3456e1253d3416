import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { type Links, linkHeader } from '../../core/links.ts';
import { forwarding } from '../door.ts';
import { isForeignWire } from './surface.ts';

/**
 * The header `Link` (RFC 8288) for every answer whose body has `links` and whose route did not set it, and `Last-Modified` where the
 * route describes an `updated_at`. An answer without links of its own still says what it is and where the way back to the root begins.
 * In the header addresses are whole where the client's name for this server is known, in bodies they are relative.
 */
export function installLinks(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (isDated(route)) route.config = { ...route.config, isDated: true };
  });
  app.addHook('preSerialization', (request, reply, payload, done) => {
    const { links, updated_at: updatedAt } = (payload ?? {}) as { links?: unknown; updated_at?: string };
    if (isLinks(links) && !reply.hasHeader('link')) reply.header('link', linkHeader(links));
    if (request.routeOptions.config.isDated && updatedAt !== undefined && !reply.hasHeader('last-modified')) {
      reply.header('last-modified', new Date(updatedAt).toUTCString());
    }
    done(null, payload);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const isReading = request.method === 'GET' || request.method === 'HEAD';
    if (isReading && reply.statusCode === 200 && !reply.hasHeader('link') && !isForeignWire(request)) {
      reply.header('link', linkHeader({ self: { href: request.url }, index: { href: '/' } }));
    }
    const [header, origin] = [reply.getHeader('link'), originOf(request)];
    if (typeof header === 'string' && origin !== undefined) reply.header('link', absolute(header, origin));
    done(null, payload);
  });
}

/**
 * Where the client found this server; undefined where that cannot be told: on a Unix socket, and behind a proxy, which may have called
 * the server by a name of its own.
 */
function originOf({ raw, protocol, host }: FastifyRequest): string | undefined {
  if (raw.socket.remoteAddress === undefined || forwarding.some((name) => raw.headers[name] !== undefined)) return undefined;
  return /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host) ? `${protocol}://${host}` : undefined;
}

/** The same header with whole addresses, as GitHub has them: most clients follow `next` as it stands. */
const absolute = (header: string, origin: string): string =>
  header.replace(/<(\/[^>]*>(?:; [\w*]+=(?:"(?:\\.|[^"\\])*"|[^\s,;]*))*)/g, `<${origin}$1`);

/** Told by the description and not by the answer: what is in a record is its owner's business. */
function isDated({ schema }: RouteOptions): boolean {
  const answer = (schema?.response as Record<string, { properties?: object }> | undefined)?.['200'];
  return answer?.properties !== undefined && 'updated_at' in answer.properties;
}

const isLinks = (value: unknown): value is Links =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((link) => typeof (link as { href?: unknown } | null)?.href === 'string');

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body of the answer says when the resource was last changed. */
    isDated?: boolean;
  }
}
