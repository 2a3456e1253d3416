/** `/api/v1/records`: the collections, and the schema of each. */
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { collectionLinks, collectionParameter, collectionsQuery, collectionsSchema } from '../api.ts';
import { base, hrefOf } from '../hrefs.ts';
import type { Records } from '../records.ts';

const tags = ['records'];

const confirmQuery = Type.Object(
  { confirm: Type.Optional(Type.String({ description: '`all`, to say that it is meant.' })) },
  { additionalProperties: false },
);
const jsonSchema = Type.Unsafe<object>({ type: 'object', additionalProperties: true, description: 'A JSON Schema (2020-12).' });

export const collectionRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    app.get(
      base,
      {
        config: { role: 'viewer', collection: { title: 'Records' } },
        schema: { tags, summary: 'All collections, by name', querystring: collectionsQuery, response: { 200: collectionsSchema } },
      },
      async (request, reply) => {
        const { items: names, links, ...page } = pageOf(await records.names(), request.url, request.query, (name) => name);
        const items = [];
        for (const name of names) {
          const collection = await records.collection(name);
          const links = { self: { href: hrefOf(name) }, ...collectionLinks(name) };
          items.push({ name, count: collection.size, has_schema: collection.schema !== undefined, links });
        }
        reply.header('link', linkHeader(links));
        return { items, ...page, links };
      },
    );
    app.delete(
      `${base}/:collection`,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Remove a collection with all that is in it; needs `confirm=all`',
          params: collectionParameter,
          querystring: confirmQuery,
        },
      },
      async (request, reply) => {
        if (request.query.confirm !== 'all') {
          throw new Problem('invalid', 'This deletes all records of the collection; say so with ?confirm=all.', { pointer: 'confirm' });
        }
        await records.remove(request.params.collection);
        return reply.code(204).send();
      },
    );
    app.get(
      `${base}/:collection/schema`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'The schema of a collection', params: collectionParameter, response: { 200: jsonSchema } },
      },
      async (request) => {
        const { name, schema } = await records.existing(request.params.collection);
        if (schema === undefined) throw new Problem('not-found', `The collection ${name} has no schema.`, { hint: 'PUT one' });
        return schema;
      },
    );
    app.put(
      `${base}/:collection/schema`,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Give a collection a schema that its records have to fit',
          params: collectionParameter,
          body: jsonSchema,
          response: { 200: jsonSchema },
        },
      },
      async (request) => {
        const collection = await records.writable(request.params.collection);
        await collection.setSchema(request.body);
        return request.body;
      },
    );
    app.delete(
      `${base}/:collection/schema`,
      { config: { role: 'operator' }, schema: { tags, summary: 'Take the schema of a collection away', params: collectionParameter } },
      async (request, reply) => {
        await (await records.existing(request.params.collection)).setSchema(undefined);
        return reply.code(204).send();
      },
    );
  };
};
