/** `/api/v1/users`: who may come in. Administrators alone, but everybody may see and mend himself. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { isEnough } from '../../core/caller.ts';
import { isAnyVersion, isKnownTag, requireCondition, tagOfVersion } from '../../core/entity-tag.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader, linksSchema } from '../../core/links.ts';
import { noteOf } from '../../core/note.ts';
import { pageOf, pageQuery, pageSchemaOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import type { Access } from '../access.ts';
import type { ShownUser, User } from '../user.ts';
import { addressOf } from './address.ts';

const tags = ['users'];
const admin = { role: 'admin' } as const;
const viewer = { role: 'viewer' } as const;
const newcomer = { role: 'viewer', isForNewcomers: true } as const;
const collection = '/api/v1/users';

const roleSchema = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')], {
  description: 'viewer reads, operator also acts, admin also manages users.',
});
const passwordSchema = Type.String({ minLength: 1, maxLength: 1024, writeOnly: true, description: 'Never shown again.' });
const nameParameter = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) });
const certificatesSchema = Type.Array(Type.String({ pattern: '^[0-9a-f]{64}$' }), {
  maxItems: 20,
  description: 'SHA-256 fingerprints of client certificates that stand for this user.',
});

const newUserSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }),
    role: roleSchema,
    password: Type.Optional(passwordSchema),
    must_change_password: Type.Optional(Type.Boolean({ description: 'He has to choose his own before anything else.' })),
  },
  { additionalProperties: false, description: 'Without a password it is a service, which comes in by personal tokens.' },
);
const userPatchSchema = Type.Object(
  { role: Type.Optional(roleSchema), is_disabled: Type.Optional(Type.Boolean()), certificates: Type.Optional(certificatesSchema) },
  { additionalProperties: false },
);
const userSchema = Type.Object({
  name: Type.String(),
  role: roleSchema,
  kind: Type.Union([Type.Literal('person'), Type.Literal('service')]),
  is_disabled: Type.Boolean(),
  must_change_password: Type.Boolean(),
  certificates: certificatesSchema,
  created_at: Type.String({ format: 'date-time' }),
  created_by: Type.String(),
  updated_at: Type.String({ format: 'date-time' }),
  locked_until: Type.Optional(Type.String({ format: 'date-time', description: 'Too many wrong passwords.' })),
  links: linksSchema,
});
const usersSchema = pageSchemaOf(userSchema);
const newPasswordSchema = Type.Object(
  {
    password: passwordSchema,
    current_password: Type.Optional(Type.String({ maxLength: 1024, writeOnly: true, description: 'Needed for one’s own.' })),
    must_change_password: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export const userRoutes = (access: Access): RoomRoutes => {
  const { users } = access;
  return async (app) => {
    app.get(
      collection,
      {
        config: { ...admin, collection: { title: 'Users' } },
        schema: {
          tags,
          summary: 'All users, by name',
          querystring: Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, { additionalProperties: false }),
          response: { 200: usersSchema },
        },
      },
      async (request, reply) => {
        const { items, links, ...page } = pageOf(users.list(), request.url, request.query);
        reply.header('link', linkHeader(links));
        const shown = items.map((user) => shownUser(access, user));
        return { items: shown, ...page, links: { ...links, create: { href: collection, method: 'POST' } } };
      },
    );
    app.post(
      collection,
      { config: admin, schema: { tags, summary: 'Add a user', body: newUserSchema, response: { 201: userSchema } } },
      async (request, reply) => {
        const { name, role, password, must_change_password = false } = request.body;
        const by = request.caller.name;
        const user = await access.addUser({
          name,
          role,
          ...(password !== undefined && { password }),
          mustChangePassword: must_change_password,
          by,
        });
        await note(access, request, 'users.add', name, `role ${role}`);
        return reply
          .code(201)
          .header('location', hrefOf(user))
          .send(answer(access, reply, user));
      },
    );
    app.get(
      `${collection}/:name`,
      { config: newcomer, schema: { tags, summary: 'One user', params: nameParameter, response: { 200: userSchema } } },
      async (request, reply) => {
        const user = visible(access, request);
        const tag = tagOfVersion(users.versionOf(user.name));
        if (!isKnownTag(request.headers, tag)) return answer(access, reply, user);
        return (reply as FastifyReply).code(304).header('etag', tag).send() as never;
      },
    );
    app.patch(
      `${collection}/:name`,
      {
        config: admin,
        schema: {
          tags,
          summary: 'Change role, certificates, or whether he may come in',
          params: nameParameter,
          body: userPatchSchema,
          response: { 200: userSchema },
        },
      },
      async (request, reply) => {
        const version = expectedVersion(access, request);
        const { role, is_disabled, certificates } = request.body;
        const change = {
          ...(role !== undefined && { role }),
          ...(is_disabled !== undefined && { isDisabled: is_disabled }),
          ...(certificates !== undefined && { certificates }),
        };
        const user = await users.change(request.params.name, change, version);
        await note(access, request, 'users.change', user.name, JSON.stringify({ role, is_disabled }));
        return answer(access, reply, user);
      },
    );
    app.delete(
      `${collection}/:name`,
      { config: admin, schema: { tags, summary: 'Remove a user; his tokens end', params: nameParameter } },
      async (request, reply) => {
        const version = expectedVersion(access, request);
        const { name } = users.get(request.params.name);
        await users.remove(name, version);
        await access.personalTokens.revokeAll(name);
        await note(access, request, 'users.remove', name);
        return reply.code(204).send();
      },
    );
    app.put(
      `${collection}/:name/password`,
      {
        config: newcomer,
        schema: { tags, summary: 'Give a new password; all logins of that user end', params: nameParameter, body: newPasswordSchema },
      },
      async (request, reply) => {
        const user = visible(access, request);
        const isOwn = user.name === request.caller.name;
        const { password, current_password, must_change_password = false } = request.body;
        if (isOwn) await access.confirmPassword(user, current_password ?? '', addressOf(access, request));
        await users.setPassword(user.name, password, must_change_password && !isOwn);
        await note(access, request, 'users.password', user.name);
        return reply.code(204).send();
      },
    );
    app.post(
      `${collection}/:name/unlock`,
      { config: admin, schema: { tags, summary: 'Forget the wrong passwords of a user', params: nameParameter } },
      async (request, reply) => {
        await access.guesses.forgive(request.params.name);
        await note(access, request, 'users.unlock', access.shownName(request.params.name));
        return reply.code(204).send();
      },
    );
    app.post(
      `${collection}/:name/logout`,
      { config: viewer, schema: { tags, summary: 'End all logins of a user, everywhere', params: nameParameter } },
      async (request, reply) => {
        const user = visible(access, request);
        await users.endLogins(user.name);
        await note(access, request, 'users.logout', user.name);
        return reply.code(204).send();
      },
    );
  };
};

type Named = FastifyRequest<{ Params: { name: string } }>;

/** The user of the path, if the caller may see him: himself, or anybody for an administrator. Else it is as if there were none. */
function visible(access: Access, request: FastifyRequest): User {
  const { name } = (request as Named).params;
  const isOwn = name.toLowerCase() === request.caller.name.toLowerCase();
  if (!isOwn && !isEnough(request.caller.role, 'admin')) throw new Problem('not-found', 'There is no such user.');
  return access.users.get(name);
}

/** The version that the caller has seen, undefined when he says that any will do; users are never changed blindly. */
function expectedVersion(access: Access, { headers, params }: FastifyRequest): number | undefined {
  const version = access.users.versionOf((params as Named['params']).name);
  requireCondition(headers, tagOfVersion(version));
  return isAnyVersion(headers) ? undefined : version;
}

const hrefOf = ({ name }: User): string => `${collection}/${encodeURIComponent(name)}`;

function answer(access: Access, reply: FastifyReply, user: User): Static<typeof userSchema> {
  const { links, ...rest } = shownUser(access, user);
  reply.header('etag', tagOfVersion(access.users.versionOf(user.name))).header('link', linkHeader(links));
  return { ...rest, links };
}

/** A user as the wire shows him. */
export type ShownAccount = Static<typeof userSchema>;

/** What others may see of a user. */
export function shownUser(access: Access, user: User): ShownAccount {
  const until = access.guesses.lockedUntil(user.name);
  const self = hrefOf(user);
  const links: Links = {
    self: { href: self },
    collection: { href: collection },
    change: { href: self, method: 'PATCH', title: 'Change role, certificates, or whether he may come in' },
    remove: { href: self, method: 'DELETE' },
    password: { href: `${self}/password`, method: 'PUT', title: 'Give a new password' },
    logout: { href: `${self}/logout`, method: 'POST', title: 'End all logins' },
    ...(until > access.now() && { unlock: { href: `${self}/unlock`, method: 'POST', title: 'Forget the wrong passwords' } }),
  };
  const facts: Omit<ShownUser, 'lockedUntil'> = user;
  return {
    name: facts.name,
    role: facts.role,
    kind: facts.kind,
    is_disabled: facts.isDisabled,
    must_change_password: facts.mustChangePassword,
    certificates: facts.certificates,
    created_at: facts.createdAt,
    created_by: facts.createdBy,
    updated_at: facts.updatedAt,
    ...(until > access.now() && { locked_until: new Date(until).toISOString() }),
    links,
  };
}

const note = (access: Access, request: FastifyRequest, action: string, target: string, text?: string): Promise<void> =>
  access.note(noteOf(request.caller, { action, target, ...(text !== undefined && { note: text }) }));
