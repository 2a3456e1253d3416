/** `/api/v3/token`, as Accelerator's clients log in, and `/.well-known/jwks.json`, by which anybody can check our tokens. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { headerFields } from '../../core/header-fields.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { noteOf } from '../../core/note.ts';
import { Problem } from '../../core/problem.ts';
import type { Access } from '../access.ts';
import { bearerOf } from '../bearer.ts';
import type { IssuedToken } from '../tokens.ts';
import { addressOf } from './address.ts';

const tags = ['tokens'];

const bodies = ['application/x-www-form-urlencoded', 'application/json'];
const credentials = Type.Object(
  { username: Type.String({ maxLength: 256 }), password: Type.String({ maxLength: 1024 }) },
  { additionalProperties: false, description: 'As a form or as JSON.' },
);

const granted = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds from now.' }),
});

export const tokenRoutes = (access: Access): RoomRoutes => {
  return async (app) => {
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, formOf(body as string));
      } catch (error) {
        done(error as Error);
      }
    });

    app.post(
      '/api/v3/token',
      {
        config: { role: 'open', isSecret: true, errorMembers: { error: 'invalid_request' } },
        bodyLimit: 8192,
        schema: { tags, summary: 'Log in with name and password', consumes: bodies, body: credentials, response: { 200: granted } },
      },
      async (request, reply) => logIn(access, request as FastifyRequest<{ Body: { username: string; password: string } }>, reply),
    );

    app.post(
      '/api/v3/token/renew',
      {
        config: { role: 'viewer', isForNewcomers: true, isSecret: true },
        schema: { tags, summary: 'A fresh token in place of one that still holds', response: { 200: granted } },
      },
      async (request, reply) => {
        const token = bearerOf(headerFields(request.raw, 'authorization'));
        if (token === undefined) throw new Problem('denied', 'Only a login is renewed, and this request has none.', { hint: 'weir login' });
        const fresh = await access.renew(token);
        await access.note(noteOf(request.caller, { action: 'login.renew', note: `token ${fresh.id}` }));
        return await sendToken(reply, fresh);
      },
    );

    app.delete(
      '/api/v3/token',
      { config: { role: 'viewer', isForNewcomers: true }, schema: { tags, summary: 'Log out: end the token of this request' } },
      async (request, reply) => {
        const token = bearerOf(headerFields(request.raw, 'authorization'));
        if (token !== undefined) await access.logOut(token);
        const { tokenId } = request.caller;
        await access.note(noteOf(request.caller, { action: 'logout', ...(tokenId !== undefined && { note: `token ${tokenId}` }) }));
        return reply.code(204).send();
      },
    );

    app.get(
      '/.well-known/jwks.json',
      {
        config: { role: 'open' },
        schema: {
          tags,
          summary: 'The keys that verify tokens (RFC 7517)',
          response: { 200: Type.Object({ keys: Type.Array(Type.Unsafe<object>({ type: 'object', additionalProperties: true })) }) },
        },
      },
      async (_request, reply) => reply.header('cache-control', 'max-age=300').send(access.keys.jwks()),
    );
  };
};

type LoginRequest = FastifyRequest<{ Body: { username: string; password: string } }>;

// The clients of old read `error` of a refusal without looking whether it is there (RFC 6749 section 5.2 names the words).
async function logIn(access: Access, request: LoginRequest, reply: FastifyReply) {
  const { username, password } = request.body;
  try {
    return await sendToken(reply, await access.logIn(username, password, addressOf(access, request)));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="weir"');
    const { code, title, detail, hint, facts } = error;
    throw new Problem(code, title, {
      ...(detail !== undefined && { detail }),
      ...(hint !== undefined && { hint }),
      facts: { error: 'invalid_grant', ...facts },
    });
  }
}

const sendToken = (reply: FastifyReply, { token, expiresIn }: IssuedToken) =>
  reply.header('cache-control', 'no-store').send({ access_token: token, token_type: 'Bearer', expires_in: expiresIn });

/** A form with each field once: a repeated one could mean one thing here and another elsewhere. */
function formOf(body: string): Record<string, string> {
  const form: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body)) {
    if (Object.hasOwn(form, name))
      throw new Problem('invalid', `The field ${name} stands in the form more than once.`, { facts: { error: 'invalid_request' } });
    Object.defineProperty(form, name, { value, enumerable: true });
  }
  return form;
}
