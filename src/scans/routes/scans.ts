/** `/api/v1/scans`: run, list, look at, cancel and forget scans. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnownTag, tagOfVersion } from '../../core/entity-tag.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { readId, requestSchema, scanParameter, scanSchema, scansQuery, scansSchema, showScan } from '../api.ts';
import { base, hrefOf } from '../hrefs.ts';
import type { ScanRequest } from '../request.ts';
import { isOver, type Scan } from '../scan.ts';
import type { Scans } from '../scans.ts';

const tags = ['scans'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const scanRoutes = (scans: Scans): RoomRoutes => {
  const show = (scan: Scan, { caller }: FastifyRequest) => showScan(scan, scans.now(), caller);
  return async (app) => {
    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Scans' } },
        schema: { tags, summary: 'A page of scans, the latest first', querystring: scansQuery, response: { 200: scansSchema } },
      },
      async (request, reply) => {
        const { state, mine } = request.query;
        const fits = (scan: Scan) => (state === undefined || scan.state === state) && (mine !== true || scan.user === request.caller.name);
        const { items, links: pages, ...page } = pageOf(scans.all().filter(fits), request.url, request.query, ({ id }) => id);
        const links = { ...pages, schedules: { href: `${base}/schedules`, title: 'Scans that come again' } };
        reply.header('link', linkHeader(links));
        return { items: items.map((scan) => show(scan, request)), ...page, links };
      },
    );
    app.post(
      base,
      {
        config: operator,
        schema: {
          tags,
          summary: 'Scan ports: answered when it is on record; it runs when its turn comes',
          body: requestSchema,
          response: { 202: scanSchema },
        },
      },
      async (request, reply) => {
        const scan = await scans.submit(request.body as ScanRequest, request.caller);
        reply.code(202).header('location', hrefOf(scan.id));
        return show(scan, request);
      },
    );
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: 'One scan', params: scanParameter, response: { 200: scanSchema } } },
      async (request, reply) => {
        const { scan, version } = scans.get(readId(request.params.id));
        // What is under way changes from moment to moment, without a version of its own.
        if (!isOver(scan)) {
          reply.header('cache-control', 'no-store');
          return show(scan, request);
        }
        const tag = tagOfVersion(version);
        reply.header('etag', tag).header('cache-control', 'private, no-cache');
        return isKnownTag(request.headers, tag) ? ((reply as FastifyReply).code(304).send() as never) : show(scan, request);
      },
    );
    app.post(
      `${base}/:id/cancel`,
      {
        config: operator,
        schema: { tags, summary: 'End a scan before its time, with what it has', params: scanParameter, response: { 200: scanSchema } },
      },
      async (request) => show(await scans.cancel(readId(request.params.id), request.caller), request),
    );
    app.delete(
      `${base}/:id`,
      { config: operator, schema: { tags, summary: 'Forget a scan that is over, with its results', params: scanParameter } },
      async (request, reply) => {
        await scans.forget(readId(request.params.id), request.caller);
        return reply.code(204).send();
      },
    );
  };
};
