/** `/api/v1/captures`: start, look at, end and forget captures. */
import type { FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import * as api from '../api.ts';
import type { Capture } from '../capture.ts';
import type { Captures } from '../captures.ts';

const tags = ['captures'];
const operator = { role: 'operator' } as const;

export const captureRoutes = (captures: Captures): RoomRoutes => {
  const show = (capture: Capture, { caller }: FastifyRequest) => api.showCapture(capture, caller);
  return async (app) => {
    app.get(
      api.base,
      {
        config: { role: 'viewer', collection: { title: 'Captures' } },
        schema: {
          tags,
          summary: 'A page of captures, the latest first',
          querystring: api.capturesQuery,
          response: { 200: api.capturesSchema },
        },
      },
      async (request, reply) => {
        const { items, links, ...page } = pageOf(captures.all(), request.url, request.query, ({ id }) => id);
        reply.header('link', linkHeader(links)).header('cache-control', 'no-store');
        return { items: items.map((capture) => show(capture, request)), ...page, links };
      },
    );
    app.post(
      api.base,
      {
        config: operator,
        schema: { tags, summary: 'Start a capture: answered when it runs', body: api.orderSchema, response: { 201: api.captureSchema } },
      },
      async (request, reply) => {
        const capture = await captures.begin(api.readOrder(request.body), request.caller);
        reply.code(201).header('location', api.hrefOf(capture.id));
        return show(capture, request);
      },
    );
    app.get(
      `${api.base}/:id`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'One capture', params: api.captureParameter, response: { 200: api.captureSchema } },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        return show(captures.get(api.readId(request.params.id)), request);
      },
    );
    app.post(
      `${api.base}/:id/stop`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'End a capture: its file is whole in the answer',
          params: api.captureParameter,
          response: { 200: api.captureSchema },
        },
      },
      async (request) => show(await captures.end(api.readId(request.params.id), request.caller), request),
    );
    app.delete(
      `${api.base}/:id`,
      { config: operator, schema: { tags, summary: 'Forget a capture that is over, with its file', params: api.captureParameter } },
      async (request, reply) => {
        await captures.forget(api.readId(request.params.id), request.caller);
        return reply.code(204).send();
      },
    );
  };
};
