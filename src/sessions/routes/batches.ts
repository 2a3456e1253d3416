/** `/api/v1/batches`: run programs once; `/api/v1/uploads`: the files for them. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageLinks, pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import {
  batchesBase as base,
  batchesQuery,
  batchesSchema,
  batchHref,
  batchParameter,
  batchSchema,
  newBatchSchema,
  showBatch,
  showUpload,
  uploadParameter,
  uploadSchema,
  uploadsBase,
  uploadsQuery,
  uploadsSchema,
} from '../batches/api.ts';
import type { Batch } from '../batches/batch.ts';
import { readBatchRequest } from '../batches/batch-request.ts';
import { type Batches, mayUseBatch, requireUseOfBatch } from '../batches/batches.ts';

const tags = ['batches'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
const asItIs = { validatorCompiler: () => (value: unknown) => ({ value }) };

export const batchRoutes = (batches: Batches): RoomRoutes => {
  const show = (batch: Batch, { caller }: FastifyRequest) => showBatch(batches, batch, mayUseBatch(batch, caller));
  const asked = (request: FastifyRequest): Batch => batches.get((request.params as { id: string }).id);
  const used = (request: FastifyRequest): Batch => {
    const batch = asked(request);
    requireUseOfBatch(batch, request.caller);
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
        const { page, per_page, state } = request.query;
        const all = batches.all().filter((one) => (state ?? batches.stateOf(one)) === batches.stateOf(one));
        const from = (page - 1) * per_page;
        const links: Links = {
          ...pageLinks(request.url, { page, per_page }, { hasMore: from + per_page < all.length, total: all.length }),
          create: { href: base, method: 'POST', title: 'Run a program once' },
          uploads: { href: uploadsBase, title: 'Files for batches' },
        };
        reply.header('link', linkHeader(links));
        return { items: all.slice(from, from + per_page).map((one) => show(one, request)), page, per_page, total: all.length, links };
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
          querystring: Type.Object({
            from: Type.Optional(Type.Integer({ minimum: 0, description: 'The first line. Without it: the last `size`.' })),
            size: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 100 })),
          }),
          response: { 200: Type.Object({ from: Type.Integer(), total: Type.Integer(), lines: Type.Array(Type.String()) }) },
        },
      },
      async (request) => batches.live(used(request)).log.read(request.query.from, request.query.size),
    );
    await app.register(uploadRoutes(batches));
  };
};

/** Each user sees his own files, and no other. */
const uploadRoutes =
  ({ uploads }: Batches): RoomRoutes =>
  async (app) => {
    // Bodies are files of any type: they are handed on as they come and never parsed here.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.get(
      uploadsBase,
      {
        config: { ...operator, collection: { title: 'Uploaded files' } },
        schema: { tags, summary: 'The files that you sent for your batches', querystring: uploadsQuery, response: { 200: uploadsSchema } },
      },
      async ({ caller, query, url }, reply) => {
        const page = pageOf((await uploads.list(caller.name)).map(showUpload), url, query, ({ name }) => name);
        reply.header('link', linkHeader(page.links));
        return page;
      },
    );
    app.put(
      `${uploadsBase}/:name`,
      {
        config: { ...operator, isUpload: true },
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags,
          summary: 'Send a file for batches: the body is the file. One of the same name is replaced',
          params: uploadParameter,
          response: { 200: uploadSchema },
        },
      },
      async ({ caller, params, body }) => {
        if (body === undefined || body === null)
          throw new Problem('invalid', 'The request has no body: send the file as it is.', { hint: 'curl -T FILE' });
        return showUpload(await uploads.put(caller.name, params.name, body as unknown as Readable));
      },
    );
    app.get(
      `${uploadsBase}/:name`,
      {
        config: operator,
        schema: { tags, summary: 'What is known of an uploaded file', params: uploadParameter, response: { 200: uploadSchema } },
      },
      async ({ caller, params }) => showUpload(await uploads.get(caller.name, params.name)),
    );
    app.delete(
      `${uploadsBase}/:name`,
      {
        config: operator,
        schema: { tags, summary: 'Forget an uploaded file; batches that took it along keep it', params: uploadParameter },
      },
      async ({ caller, params }, reply) => {
        await uploads.remove(caller.name, params.name);
        return reply.code(204).send();
      },
    );
  };
