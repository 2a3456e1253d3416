/** `/api/v1/sessions`: start, watch and end sessions. */
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sendEvents } from '../../core/event-stream.ts';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { base, hrefOf, newSessionSchema, sessionSchema, sessionsQuery, sessionsSchema, showSession } from '../api.ts';
import { followSession } from '../events.ts';
import { readSessionRequest } from '../request.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { registeredParameter, registeredRoutes, usedOf } from './registered.ts';
import { statementRoutes } from './statements.ts';

const tags = ['sessions'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const sessionRoutes = (sessions: Sessions): RoomRoutes => {
  const show = (session: Session, { caller }: FastifyRequest) => showSession(sessions, session, sessions.mayUse(session, caller));
  const used = usedOf(sessions);
  return async (app) => {
    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Sessions' } },
        schema: { tags, summary: 'A page of sessions', querystring: sessionsQuery, response: { 200: sessionsSchema } },
      },
      async (request, reply) => {
        const { kind, state } = request.query;
        const all = sessions
          .all()
          .filter((one) => (kind ?? one.kind) === one.kind && (state ?? sessions.stateOf(one)) === sessions.stateOf(one));
        const page = pageOf(all, request.url, request.query);
        const links = { ...page.links, create: { href: base, method: 'POST', title: 'Start a session' } };
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
          summary: 'Start a session; its interpreter is on the way when this answers',
          body: newSessionSchema,
          response: { 201: sessionSchema },
        },
      },
      async (request, reply) => {
        const session = await sessions.create(readSessionRequest(request.body), request.caller);
        reply.code(201).header('location', hrefOf(session));
        return show(session, request);
      },
    );
    const words = { one: 'session', log: 'What a session has printed outside of statements, and what the server has to say of it' };
    await app.register(registeredRoutes({ register: sessions, base, words, schema: sessionSchema, show }));
    app.get(
      `${base}/:id/events`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'How a session and its statements stand, as server-sent events: `state` and `statement`; ends with the session',
          params: registeredParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const live = sessions.live(sessions.get(request.params.id));
        return await sendEvents(request, reply, (signal) => followSession(live, signal));
      },
    );
    app.post(
      `${base}/:id/completion`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'What the identifier at the cursor may go on with',
          params: registeredParameter,
          body: Type.Object({ code: Type.String({ maxLength: 1_000_000 }), cursor: Type.Optional(Type.Integer({ minimum: 0 })) }),
          response: { 200: Type.Object({ candidates: Type.Array(Type.String()) }) },
        },
      },
      async (request) => {
        const { code, cursor = code.length } = request.body;
        return { candidates: await sessions.live(used(request)).complete(code, cursor) };
      },
    );
    await app.register(statementRoutes(sessions));
  };
};
