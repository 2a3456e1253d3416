/** `/api/v1/signing-keys`: the keys that sign tokens, for administrators. Their private parts are shown to nobody. */
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { noteOf } from '../../core/note.ts';
import { largestPage } from '../../core/page-size.ts';
import { type PageQuery, pageOf, pageQuery, pageSchemaOf } from '../../core/paging.ts';
import type { Access } from '../access.ts';

const tags = ['tokens'];
const admin = { role: 'admin' } as const;
const collection = '/api/v1/signing-keys';
const rotation = `${collection}/rotate`;

const keySchema = Type.Object({
  kid: Type.String({ description: 'Its thumbprint (RFC 7638), as it stands in the tokens that it signed.' }),
  state: Type.Union([Type.Literal('current'), Type.Literal('next'), Type.Literal('retired')], {
    description: '`current` signs, `next` will, `retired` only verifies until the last token it signed has ended.',
  }),
  since: Type.String({ format: 'date-time' }),
});
const keysSchema = pageSchemaOf(keySchema);
const keysQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, { additionalProperties: false });
const rotateSchema = Type.Object(
  {
    at_once: Type.Optional(Type.Boolean({ description: 'For emergencies: the old key verifies nothing any more, all logins end.' })),
  },
  { additionalProperties: false },
);

export const signingKeyRoutes = (access: Access): RoomRoutes => {
  const whatNext = {
    jwks: { href: '/.well-known/jwks.json', title: 'The public parts' },
    rotate: { href: rotation, method: 'POST', title: 'Sign by the next key from now on' },
  };
  const shown = (query: PageQuery, url = collection) => {
    const { items, links, ...page } = pageOf(access.keys.list(), url, query);
    const keys = items.map((key) => ({ ...key, since: new Date(key.since).toISOString() }));
    return { items: keys, ...page, links: { ...links, ...whatNext } };
  };
  return async (app) => {
    app.get(
      collection,
      { config: admin, schema: { tags, summary: 'The keys that sign tokens', querystring: keysQuery, response: { 200: keysSchema } } },
      async (request, reply) => {
        const answer = shown(request.query, request.url);
        reply.header('link', linkHeader(answer.links));
        return answer;
      },
    );
    app.post(
      rotation,
      { config: admin, schema: { tags, summary: 'Sign by the next key from now on', body: rotateSchema, response: { 200: keysSchema } } },
      async (request) => {
        const { at_once = false } = request.body;
        await access.keys.rotate(at_once);
        await access.note(noteOf(request.caller, { action: 'signing-keys.rotate', ...(at_once && { note: 'at once' }) }));
        return shown({ page: 1, per_page: largestPage });
      },
    );
  };
};
