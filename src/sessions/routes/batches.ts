/** `/api/v1/batches`: run programs once. */
import type { FastifyRequest } from 'fastify';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import {
  batchesBase as base,
  batchesQuery,
  batchesSchema,
  batchHref,
  batchParameter,
  batchSchema,
  newBatchSchema,
  showBatch,
  uploadsBase,
} from '../batches/api.ts';
import type { Batch } from '../batches/batch.ts';
import { readBatchRequest } from '../batches/batch-request.ts';
import type { Batches } from '../batches/batches.ts';
import { printedQuery, printedSchema } from './printed.ts';
import { uploadRoutes } from './uploads.ts';

const tags = ['batches'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const batchRoutes = (batches: Batches): RoomRoutes => {
  const show = (batch: Batch, { caller }: FastifyRequest) => showBatch(batches, batch, batches.mayUse(batch, caller));
  const asked = (request: FastifyRequest): Batch => batches.get((request.params as { id: string }).id);
  const used = (request: FastifyRequest): Batch => {
    const batch = asked(request);
    batches.requireUse(batch, request.caller);
    return batch;
  };

  return async (app) => {
    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Batches' } },
        schema: { tags, summary: 'A page of batches', querystring: batchesQuery, response: { 200: batchesSchema } },
      },
      async (request, reply) => {
        const { state } = request.query;
        const all = batches.all().filter((one) => (state ?? batches.stateOf(one)) === batches.stateOf(one));
        const page = pageOf(all, request.url, request.query);
        const links = {
          ...page.links,
          create: { href: base, method: 'POST', title: 'Run a program once' },
          uploads: { href: uploadsBase, title: 'Files for batches' },
        };
        reply.header('link', linkHeader(links));
        return { ...page, items: page.items.map((one) => show(one, request)), links };
      },
    );
    app.post(
      base,
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Run a program once; it is on the way when this answers',
          description:
            'A `.py` runs under `spark-submit` where Spark is installed, else under plain Python; `kind` says otherwise. A `.sql` runs over the flows, or on Spark when it has properties of Spark.',
          body: newBatchSchema,
          response: { 201: batchSchema },
        },
      },
      async (request, reply) => {
        const batch = await batches.create(readBatchRequest(request.body, 'weir'), request.caller);
        reply.code(201).header('location', batchHref(batch));
        return show(batch, request);
      },
    );
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: 'One batch', params: batchParameter, response: { 200: batchSchema } } },
      async (request, reply) => {
        reply.header('cache-control', 'private, no-cache');
        return show(asked(request), request);
      },
    );
    app.delete(
      `${base}/:id`,
      {
        config: operator,
        schema: { tags, summary: 'End a batch and forget it; its processes are gone when this answers', params: batchParameter },
      },
      async (request, reply) => {
        await batches.remove(used(request), `deleted by ${request.caller.name}`, request.caller);
        return reply.code(204).send();
      },
    );
    app.post(
      `${base}/:id/stop`,
      {
        config: operator,
        schema: { tags, summary: 'End a batch and keep its entry', params: batchParameter, response: { 200: batchSchema } },
      },
      async (request) => {
        const batch = used(request);
        await batches.end(batch, request.caller);
        return show(batches.get(String(batch.id)), request);
      },
    );
    app.get(
      `${base}/:id/log`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'What a batch has printed, and what the server has to say of it',
          params: batchParameter,
          querystring: printedQuery,
          response: { 200: printedSchema },
        },
      },
      async (request) => batches.live(used(request)).log.read(request.query.from, request.query.size),
    );
    await app.register(uploadRoutes(batches));
  };
};
