/** `/api/v1/tokens`: personal tokens, for programs. */
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { isEnough, lowerRole } from '../../core/caller.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader, linksSchema } from '../../core/links.ts';
import { noteOf } from '../../core/note.ts';
import { pageOf, pageQuery, pageSchemaOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import type { Access } from '../access.ts';
import type { PersonalToken } from '../personal-tokens.ts';

const tags = ['tokens'];
const viewer = { role: 'viewer' } as const;
const collection = '/api/v1/tokens';
const day = 24 * 60 * 60 * 1000;

const roleSchema = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')]);
const tokenSchema = Type.Object({
  id: Type.String(),
  user: Type.String(),
  title: Type.String(),
  role: roleSchema,
  created_at: Type.String({ format: 'date-time' }),
  ends_at: Type.String({ format: 'date-time' }),
  last_used_at: Type.Optional(Type.String({ format: 'date-time', description: 'By the hour.' })),
  links: linksSchema,
});
const tokensQuery = Type.Object({ ...pageQuery, user: Type.Optional(Type.String({ maxLength: 64 })) }, { additionalProperties: false });
const tokensSchema = pageSchemaOf(tokenSchema);
const issuedSchema = Type.Object({ ...tokenSchema.properties, token: Type.String({ description: 'Shown this once only.' }) });
const idParameter = Type.Object({ id: Type.String({ format: 'uuid' }) });
const newTokenSchema = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200, description: 'What it is for.' }),
    role: Type.Optional(roleSchema),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, description: 'How long it lives.' })),
    user: Type.Optional(Type.String({ maxLength: 64, description: 'For whom; administrators only. Absent: for oneself.' })),
  },
  { additionalProperties: false },
);

export const personalTokenRoutes = (access: Access): RoomRoutes => {
  const { personalTokens } = access;
  return async (app) => {
    app.get(
      collection,
      {
        config: { ...viewer, collection: { title: 'Personal tokens' } },
        schema: {
          tags,
          summary: 'The personal tokens of a user, the newest last',
          querystring: tokensQuery,
          response: { 200: tokensSchema },
        },
      },
      async (request, reply) => {
        const all = personalTokens.of(ownerOf(request, request.query.user));
        const { items, links, ...page } = pageOf(all, request.url, request.query, ({ id }) => id);
        reply.header('link', linkHeader(links));
        return { items: items.map(shownToken), ...page, links: { ...links, create: { href: collection, method: 'POST' } } };
      },
    );
    app.post(
      collection,
      {
        config: { ...viewer, isSecret: true },
        schema: { tags, summary: 'Make a personal token', body: newTokenSchema, response: { 201: issuedSchema } },
      },
      async (request, reply) => {
        const { title, days } = request.body;
        const user = access.users.get(ownerOf(request, request.body.user));
        mayIssue(request);
        const role = request.body.role ?? lowerRole(user.role, request.caller.role);
        if (!isEnough(request.caller.role, role)) throw tooMuch();
        const lifetime = days === undefined ? access.config.tokens.personalLifetime : days * day;
        const { token, record } = await personalTokens.issue({ user: user.name, title, role, lifetime });
        await note(access, request, 'tokens.add', record);
        return reply
          .code(201)
          .header('location', hrefOf(record))
          .header('cache-control', 'no-store')
          .send({ ...shownToken(record), token });
      },
    );
    app.get(
      `${collection}/:id`,
      { config: viewer, schema: { tags, summary: 'One personal token', params: idParameter, response: { 200: tokenSchema } } },
      async (request) => {
        const record = personalTokens.find(request.params.id);
        if (record === undefined) throw new Problem('not-found', 'There is no such token.');
        ownerOf(request, record.user);
        return shownToken(record);
      },
    );
    app.post(
      `${collection}/:id/rotate`,
      {
        config: { ...viewer, isSecret: true },
        schema: {
          tags,
          summary: 'Replace a personal token by a fresh one with the same rights',
          params: idParameter,
          response: { 201: issuedSchema },
        },
      },
      async (request, reply) => {
        const old = personalTokens.find(request.params.id);
        if (old === undefined) throw new Problem('not-found', 'There is no such token.');
        ownerOf(request, old.user);
        // A token may follow itself: whoever stole it is noticed, since the other one stops working. It may not touch others.
        if (request.caller.tokenId !== old.id) mayIssue(request);
        if (!isEnough(request.caller.role, old.role)) throw tooMuch();
        const fresh = await personalTokens.rotate(old.id);
        if (fresh === undefined) throw new Problem('not-found', 'There is no such token.');
        await note(access, request, 'tokens.rotate', fresh.record);
        return reply
          .code(201)
          .header('location', hrefOf(fresh.record))
          .header('cache-control', 'no-store')
          .send({ ...shownToken(fresh.record), token: fresh.token });
      },
    );
    app.delete(
      `${collection}/:id`,
      { config: viewer, schema: { tags, summary: 'End a personal token', params: idParameter } },
      async (request, reply) => {
        const record = personalTokens.find(request.params.id);
        if (record === undefined) return reply.code(204).send();
        ownerOf(request, record.user);
        await personalTokens.revoke(record.id);
        await note(access, request, 'tokens.revoke', record);
        return reply.code(204).send();
      },
    );
  };
};

/** A personal token makes no others: a leaked one would outlive itself. */
function mayIssue({ caller }: FastifyRequest): void {
  if (caller.proof !== 'personal-token') return;
  throw new Problem('denied', 'A personal token makes no others.', {
    hint: 'weir login first, or POST .../rotate to replace it by a fresh one',
  });
}

const tooMuch = (): Problem => new Problem('denied', 'A token may do no more than you may.', { pointer: '/role' });

/** Whose tokens are meant, if the caller may see to them: his own, or anybody's for an administrator. */
function ownerOf({ caller }: FastifyRequest, user: string | undefined): string {
  if (user === undefined || user.toLowerCase() === caller.name.toLowerCase()) return caller.name;
  if (!isEnough(caller.role, 'admin')) throw new Problem('not-found', 'There is no such user.');
  return user;
}

const hrefOf = ({ id }: PersonalToken): string => `${collection}/${id}`;

/** A personal token as the wire shows it. */
export type ShownToken = Static<typeof tokenSchema>;

/** What may be seen of a token after it was made. */
export const shownToken = (record: PersonalToken): ShownToken => ({
  id: record.id,
  user: record.user,
  title: record.title,
  role: record.role,
  created_at: record.createdAt,
  ends_at: new Date(record.endsAt).toISOString(),
  ...(record.lastUsedAt !== undefined && { last_used_at: record.lastUsedAt }),
  links: {
    self: { href: hrefOf(record) },
    collection: { href: collection },
    rotate: { href: `${hrefOf(record)}/rotate`, method: 'POST' },
    revoke: { href: hrefOf(record), method: 'DELETE' },
  },
});

const note = (access: Access, request: FastifyRequest, action: string, { id, user, role }: PersonalToken): Promise<void> =>
  access.note(noteOf(request.caller, { action, target: user, note: `token ${id}, role ${role}` }));
