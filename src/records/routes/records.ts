/** Records of a collection: under `/api/v1/records`, and, for those that the configuration mounts, at `/NAME` as bare JSON. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isKnownTag, requireMatch, tagOfVersion } from '../../core/entity-tag.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { readJsonBodies } from '../../core/json-bodies.ts';
import { linkHeader } from '../../core/links.ts';
import { type Page, pageOf } from '../../core/paging.ts';
import {
  collectionLinks,
  collectionParameter,
  draftSchema,
  recordLinks,
  recordParameter,
  recordSchema,
  recordsQuery,
  recordsSchema,
} from '../api.ts';
import type { Collection } from '../collection.ts';
import { base } from '../hrefs.ts';
import { merged, patched } from '../patch.ts';
import { draftOf, type JsonRecord, readId } from '../record.ts';
import type { Records } from '../records.ts';
import { select, selectionOf } from '../selection.ts';

const tags = ['records'];
const patchTypes = ['application/merge-patch+json', 'application/json-patch+json'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

/** Any query, since any member may be asked for; the room reads it. */
type Query = { page: number; per_page: number; cursor?: string } & Record<string, unknown>;
type Parameters = { collection?: string; id?: string };

export const recordRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    readJsonBodies(app, patchTypes);
    app.get(
      `${base}/:collection`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'A page of records',
          params: collectionParameter,
          querystring: recordsQuery,
          response: { 200: recordsSchema },
        },
      },
      async (request, reply) => {
        const collection = await records.existing(request.params.collection);
        const { links, ...page } = pageAskedFor(collection, request, reply);
        return { ...page, links: { ...links, ...collectionLinks(collection.name) } };
      },
    );
    addWrites(app, records, {
      path: `${base}/:collection`,
      params: collectionParameter,
      itemParams: recordParameter,
      nameOf: ({ collection = '' }) => collection,
    });
  };
};

/** `/todos` and `/todos/10`, as JSONPlaceholder has them: a list is a list, and nothing else. */
export const mountedRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    readJsonBodies(app, patchTypes);
    for (const name of records.config.mount) {
      app.get(
        `/${name}`,
        {
          config: viewer,
          schema: { tags, summary: `Records of ${name}`, querystring: recordsQuery, response: { 200: Type.Array(recordSchema) } },
        },
        async (request, reply) => {
          const { items, total } = pageAskedFor(await records.collection(name), request, reply);
          reply.header('x-total-count', String(total));
          return items;
        },
      );
      const itemParams = Type.Object({ id: Type.String({ maxLength: 32 }) });
      addWrites(app, records, { path: `/${name}`, params: Type.Object({}), itemParams, nameOf: () => name });
    }
  };
};

type Place = {
  path: string;
  params: ReturnType<typeof Type.Object>;
  itemParams: ReturnType<typeof Type.Object>;
  nameOf: (parameters: Parameters) => string;
};

/** Everything but the list: the same at both addresses. */
function addWrites(app: FastifyInstance, records: Records, { path, params, itemParams, nameOf }: Place): void {
  const of = (request: FastifyRequest): string => nameOf(request.params as Parameters);
  const idOf = (request: FastifyRequest): number => readId((request.params as Parameters).id ?? '');
  const existing = async (request: FastifyRequest): Promise<Collection> => await records.existing(of(request));

  app.post(
    path,
    {
      config: operator,
      schema: { tags, summary: 'Add a record under the next id', params, body: draftSchema, response: { 201: recordSchema } },
    },
    async (request, reply) => {
      const collection = await records.writable(of(request));
      const record = await collection.add(draftOf(request.body));
      return answer(reply.code(201).header('location', `${request.url.split('?', 1)[0]}/${record.id}`), collection, record);
    },
  );
  app.get(
    `${path}/:id`,
    { config: viewer, schema: { tags, summary: 'One record', params: itemParams, response: { 200: recordSchema } } },
    async (request, reply) => {
      const collection = await existing(request);
      const { record, version } = collection.get(idOf(request));
      const tag = tagOfVersion(version);
      if (isKnownTag(request.headers, tag)) return (reply as FastifyReply).code(304).header('etag', tag).send();
      return answer(reply, collection, record);
    },
  );
  app.put(
    `${path}/:id`,
    {
      config: operator,
      schema: { tags, summary: 'Replace a record', params: itemParams, body: draftSchema, response: { 200: recordSchema } },
    },
    async (request, reply) => {
      const collection = await existing(request);
      const draft = draftOf(request.body);
      return answer(reply, collection, await collection.change(idOf(request), () => draft, conditionOf(request)));
    },
  );
  app.patch(
    `${path}/:id`,
    {
      config: operator,
      schema: {
        tags,
        summary: 'Change what the patch names (RFC 7396; RFC 6902 as application/json-patch+json)',
        consumes: ['application/merge-patch+json', 'application/json', 'application/json-patch+json'],
        params: itemParams,
        body: Type.Unsafe<unknown>({ type: ['object', 'array'] }),
        response: { 200: recordSchema },
      },
    },
    async (request, reply) => {
      const collection = await existing(request);
      const isJsonPatch = request.headers['content-type']?.startsWith('application/json-patch+json') === true;
      const change = (record: JsonRecord) => (isJsonPatch ? patched(record, request.body) : merged(record, request.body));
      return answer(reply, collection, await collection.change(idOf(request), change, conditionOf(request)));
    },
  );
  app.delete(
    `${path}/:id`,
    {
      config: operator,
      schema: { tags, summary: 'Remove a record; again is as good', params: itemParams, response: { 200: Type.Object({}) } },
    },
    async (request) => {
      await (await existing(request)).remove(idOf(request), conditionOf(request));
      return {};
    },
  );
}

function pageAskedFor(collection: Collection, request: FastifyRequest, reply: FastifyReply): Page<JsonRecord> {
  const { page, per_page, cursor, ...rest } = request.query as Query;
  const all = select(collection.all(), selectionOf(rest));
  const found = pageOf(all, request.url, { page, per_page, ...(cursor !== undefined && { cursor }) }, ({ id }) => id);
  reply.header('link', linkHeader(found.links));
  return found;
}

function answer(reply: FastifyReply, collection: Collection, record: JsonRecord): JsonRecord {
  reply.header('etag', tagOfVersion(collection.get(record.id).version)).header('link', linkHeader(recordLinks(collection.name, record.id)));
  return record;
}

const conditionOf =
  ({ headers }: FastifyRequest) =>
  (version: number): void =>
    requireMatch(headers, tagOfVersion(version));
