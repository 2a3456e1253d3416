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
  batchSchema,
  newBatchSchema,
  showBatch,
  uploadsBase,
} from '../batches/api.ts';
import type { Batch } from '../batches/batch.ts';
import { readBatchRequest } from '../batches/batch-request.ts';
import type { Batches } from '../batches/batches.ts';
import { registeredRoutes } from './registered.ts';
import { uploadRoutes } from './uploads.ts';

const tags = ['batches'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const batchRoutes = (batches: Batches): RoomRoutes => {
  const show = (batch: Batch, { caller }: FastifyRequest) => showBatch(batches, batch, batches.mayUse(batch, caller));
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
    const words = { one: 'batch', log: 'What a batch has printed, and what the server has to say of it' };
    await app.register(registeredRoutes({ register: batches, base, words, schema: batchSchema, show }));
    await app.register(uploadRoutes(batches));
  };
};
