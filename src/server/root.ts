import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Clock } from '../core/clock.ts';
import type { RoomRoutes } from '../core/http.ts';
import { type Links, linkHeader, linksSchema } from '../core/links.ts';
import { chooseMediaType } from '../core/media-type.ts';
import { version } from '../core/version.ts';
import type { RouteTable } from './route-table.ts';

type RootDependencies = { clock: Clock; closing: AbortSignal };

const rootSchema = Type.Object({
  name: Type.Literal('weir'),
  version: Type.String(),
  status: Type.Union([Type.Literal('online'), Type.Literal('stopping')]),
  message: Type.String({ description: 'For a person who asks with curl.' }),
  uptimeSeconds: Type.Integer({ description: 'Whole seconds since the server was built.' }),
  links: linksSchema,
});

const page = readFileSync(new URL('./root.html', import.meta.url), 'utf8');
const pagePolicy = contentPolicy(page);

/** What the root can be; of equals the first. */
const forms = ['application/json', 'text/html'] as const;

/** `/`: who answers here and where everything is; JSON for programs, a small page with live numbers for browsers. */
export function rootRoutes(table: RouteTable, { clock, closing }: RootDependencies): RoomRoutes {
  const startedAt = clock.monotonic();
  return async (app) => {
    const schema = { tags: ['server'], summary: 'The linked root', produces: [...forms], response: { 200: rootSchema } };
    app.get('/', { schema, config: { role: 'viewer' } }, async (request, reply) => {
      reply.header('vary', 'accept');
      if (chooseMediaType(request.headers.accept, forms) === 'text/html') return sendPage(reply);
      const links = rootLinks(table);
      reply.header('link', linkHeader(links));
      return {
        name: 'weir' as const,
        version,
        status: closing.aborted ? ('stopping' as const) : ('online' as const),
        message: 'Server is running. POST to /api/data',
        uptimeSeconds: Math.floor((clock.monotonic() - startedAt) / 1000),
        links,
      };
    });
  };
}

// The schema of the route describes JSON; a payload that is already text passes by its serializer.
function sendPage(reply: FastifyReply): never {
  return reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy).send(page) as never;
}

/** Fixed links, then every collection, then the numbers that the page refreshes (relation `live:TITLE`). */
function rootLinks({ routes }: RouteTable): Links {
  const links: Links = {
    self: { href: '/', title: 'This page' },
    'service-desc': { href: '/openapi.json', title: 'Description of the API (OpenAPI 3.1)' },
    'service-doc': { href: '/docs', title: 'Reference of the API' },
    status: { href: '/readyz', title: 'Readiness' },
    metrics: { href: '/metrics', title: 'Metrics for Prometheus' },
    problems: { href: '/problems', title: 'Kinds of errors' },
  };
  for (const { path, method, facts } of routes) {
    if (method !== 'GET') continue;
    if (facts.collection !== undefined) links[lastSegment(path)] = { href: path, title: facts.collection.title };
    if (facts.live !== undefined) links[`live-${lastSegment(path)}`] = { href: path, title: facts.live.title };
  }
  return links;
}

const lastSegment = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Allows exactly the script and the style of the page, by their hashes (CSP level 2, section 4.2.5): nothing injected would run. */
function contentPolicy(html: string): string {
  const hashes = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(
      ([, text]) =>
        `'sha256-${createHash('sha256')
          .update(text ?? '')
          .digest('base64')}'`,
    );
  return [
    "default-src 'none'",
    `script-src ${hashes('script').join(' ')}`,
    `style-src ${hashes('style').join(' ')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
