/** `/api/v1/flows`: pages, single flows, sums, top lists, series, pairs; sealing and checking. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageLinks, pageOf } from '../../core/paging.ts';
import type { ListQuery, PairsQuery, SeriesQuery, TopQuery } from '../access.ts';
import { findFlow, listFlows, pairFlows, rankFlows, seriesOfFlows, summariseFlows } from '../answers.ts';
import {
  checkedSchema,
  flowSchema,
  idParameter,
  listQuery,
  pageSchema,
  pairsQuery,
  pairsSchema,
  sealedSchema,
  seriesQuery,
  seriesSchema,
  summaryQuery,
  summarySchema,
  topQuery,
  topSchema,
} from '../api.ts';
import type { Flows } from '../flows.ts';

const tags = ['flows'];
const viewer = { role: 'viewer' } as const;

/** Aborts when the client goes before it has its answer. The answer, not the socket, is listened to: sockets outlive it. */
const hangUp = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
};

const collectionLinks: Links = {
  summary: { href: '/api/v1/flows/summary', title: 'Sums over all flows' },
  top: { href: '/api/v1/flows/top?by=host', title: 'Who has most' },
  series: { href: '/api/v1/flows/series', title: 'Sums over time' },
  pairs: { href: '/api/v1/flows/pairs', title: 'Who talks with whom' },
  stream: { href: '/api/v1/stream/flows', title: 'All flows, streamed' },
  imports: { href: '/api/v1/imports', title: 'Where flows came from' },
  seal: { href: '/api/v1/flows/seal', method: 'POST', title: 'Seal what is hot' },
  check: { href: '/api/v1/flows/check', title: 'Check the store' },
};

export const flowRoutes = (flows: Flows): RoomRoutes => {
  return async (app) => {
    app.get(
      '/api/v1/flows',
      {
        config: { ...viewer, collection: { title: 'Flows' } },
        schema: { tags, summary: 'A page of flows, in order of time', querystring: listQuery, response: { 200: pageSchema } },
      },
      async (request, reply) => {
        const { items, page, per_page, hasMore, cursor } = await listFlows(flows, request.query as ListQuery, hangUp(reply));
        const links = { ...pageLinks(request.url, { page, per_page }, { hasMore, cursor }), ...collectionLinks };
        reply.header('link', linkHeader(links)).type('application/json; charset=utf-8');
        // Written already, by the encoder of the stream: the schema describes it and need not serialise it again.
        return `{"items":${items},"page":${page},"per_page":${per_page},"links":${JSON.stringify(links)}}` as never;
      },
    );
    app.get(
      '/api/v1/flows/:id',
      {
        config: viewer,
        schema: {
          tags,
          summary: 'One flow',
          params: idParameter,
          querystring: Type.Object({ fields: listQuery.properties.fields }, { additionalProperties: false }),
          response: { 200: flowSchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const text = await findFlow(flows, id, request.query.fields);
        reply
          .type('application/json; charset=utf-8')
          .header('link', linkHeader({ self: { href: request.url }, collection: { href: '/api/v1/flows' } }));
        return text as never;
      },
    );
    app.get(
      '/api/v1/flows/summary',
      {
        config: { ...viewer, live: { title: 'Flows' } },
        schema: { tags, summary: 'Sums over both directions', querystring: summaryQuery, response: { 200: summarySchema } },
      },
      async (request, reply) => summariseFlows(flows, request.query, hangUp(reply)),
    );
    app.get(
      '/api/v1/flows/top',
      {
        config: viewer,
        schema: { tags, summary: 'Which hosts, ports, pairs ... have most', querystring: topQuery, response: { 200: topSchema } },
      },
      async (request, reply) => rankFlows(flows, request.query as TopQuery, hangUp(reply)),
    );
    app.get(
      '/api/v1/flows/series',
      {
        config: viewer,
        schema: { tags, summary: 'Sums for each bucket of time', querystring: seriesQuery, response: { 200: seriesSchema } },
      },
      async (request, reply) => {
        const { bucket_s, items } = await seriesOfFlows(flows, request.query as SeriesQuery, hangUp(reply));
        const page = pageOf(items, request.url, request.query);
        reply.header('link', linkHeader(page.links));
        return { bucket_s, ...page };
      },
    );
    app.get(
      '/api/v1/flows/pairs',
      {
        config: viewer,
        schema: { tags, summary: 'Who talks with whom, both directions joined', querystring: pairsQuery, response: { 200: pairsSchema } },
      },
      async (request, reply) => pairFlows(flows, request.query as PairsQuery, hangUp(reply)),
    );
    app.post(
      '/api/v1/flows/seal',
      {
        config: { role: 'operator' },
        schema: { tags, summary: 'Seal what is hot and merge small files, now', response: { 200: sealedSchema } },
      },
      async () => flows.seal(),
    );
    app.get(
      '/api/v1/flows/check',
      { config: viewer, schema: { tags, summary: 'Check that the store is whole; reads every file', response: { 200: checkedSchema } } },
      async () => flows.store.check(),
    );
  };
};
