/** The shapes of the records over HTTP. */
import { Type } from 'typebox';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { base, hrefOf } from './hrefs.ts';

export const collectionParameter = Type.Object({ collection: Type.String({ minLength: 1, maxLength: 64 }) });
export const recordParameter = Type.Object({
  collection: Type.String({ minLength: 1, maxLength: 64 }),
  id: Type.String({ maxLength: 32 }),
});

/** A record: what its maker put into it, and its id. Without `properties`: those would be written before the others. */
export const recordSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  required: ['id'],
  description: 'Any JSON object, with the whole number `id` that the collection gave it.',
  examples: [{ userId: 1, title: 'Buy milk', completed: false, id: 201 }],
});

export const draftSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  examples: [{ userId: 1, title: 'Buy milk', completed: false }],
});

/** Any member may be asked for by its name. */
export const recordsQuery = Type.Object(
  {
    page: pageQuery.page,
    per_page: pageQuery.per_page,
    cursor: pageQuery.cursor,
    sort: Type.Optional(
      Type.String({ maxLength: 512, description: 'Members to sort by, separated by commas; `-` before those that fall.' }),
    ),
    q: Type.Optional(Type.String({ maxLength: 512, description: 'Text that the record contains, without case.' })),
  },
  {
    additionalProperties: Type.Union([Type.String(), Type.Array(Type.String())]),
    description: 'Any other name is a member (`address.city` for one inside of another) whose value must be the one given.',
  },
);

export const recordsSchema = pageSchemaOf(recordSchema);

const collectionSchema = Type.Object({ name: Type.String(), count: Type.Integer(), has_schema: Type.Boolean(), links: linksSchema });
export const collectionsQuery = Type.Object(pageQuery, { additionalProperties: false });
export const collectionsSchema = pageSchemaOf(collectionSchema);

/** What can be done with a collection. */
export function collectionLinks(name: string): Links {
  const self = hrefOf(name);
  return {
    collection: { href: base, title: 'All collections' },
    create: { href: self, method: 'POST', title: 'Add a record' },
    events: { href: `${self}/events`, title: 'What happens to its records, as server-sent events' },
    export: { href: `${self}/export`, title: 'All records, one a line' },
    import: { href: `${self}/import`, method: 'POST', title: 'Add several records, all or none' },
    schema: { href: `${self}/schema`, title: 'The JSON Schema that its records have to fit' },
    remove: { href: `${self}?confirm=all`, method: 'DELETE', title: 'Remove it with all that is in it' },
  };
}

/** What can be done with a record; in the header only, since its body is the client's own. */
export const recordLinks = (name: string, id: number): Links => ({ self: { href: hrefOf(name, id) }, collection: { href: hrefOf(name) } });
