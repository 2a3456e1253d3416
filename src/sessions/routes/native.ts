/** `/api/v1/sessions`: start, use, watch and end sessions. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageLinks } from '../../core/paging.ts';
import {
  base,
  hrefOf,
  newSessionSchema,
  newStatementSchema,
  sessionParameter,
  sessionSchema,
  sessionsQuery,
  sessionsSchema,
  showSession,
  statementHref,
  statementLinks,
  statementParameter,
  statementSchema,
} from '../api.ts';
import { followSession, followStatement } from '../events.ts';
import { readCode } from '../livy/query.ts';
import { statementPieces, statementText } from '../livy/show.ts';
import { readSessionRequest } from '../request.ts';
import type { Session } from '../session.ts';
import { mayUse, requireUse, type Sessions } from '../sessions.ts';
import { isDone, type Statement } from '../statement.ts';

const tags = ['sessions'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
const asItIs = { validatorCompiler: () => (value: unknown) => ({ value }) };
const codeLimit = 64 * 2 ** 20;
/** How long a request may wait for the end of its statement, in milliseconds. */
const longestWait = 60_000;

export const nativeRoutes = (sessions: Sessions): RoomRoutes => {
  const show = (session: Session, { caller }: FastifyRequest) => showSession(sessions, session, mayUse(session, caller));
  const asked = (request: FastifyRequest): Session => sessions.get((request.params as { id: string }).id);
  const used = (request: FastifyRequest): Session => {
    const session = asked(request);
    requireUse(session, request.caller);
    sessions.touch(session);
    return session;
  };
  const found = (request: FastifyRequest): { session: Session; statement: Statement } => {
    const session = used(request);
    return { session, statement: sessions.live(session).statements.get(Number((request.params as { statement: string }).statement)) };
  };

  return async (app) => {
    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Sessions' } },
        schema: { tags, summary: 'A page of sessions', querystring: sessionsQuery, response: { 200: sessionsSchema } },
      },
      async (request, reply) => {
        const { page, per_page, kind, state } = request.query;
        const all = sessions
          .all()
          .filter((one) => (kind ?? one.kind) === one.kind && (state ?? sessions.stateOf(one)) === sessions.stateOf(one));
        const from = (page - 1) * per_page;
        const links: Links = {
          ...pageLinks(request.url, { page, per_page }, { hasMore: from + per_page < all.length, total: all.length }),
          create: { href: base, method: 'POST', title: 'Start a session' },
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
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: 'One session', params: sessionParameter, response: { 200: sessionSchema } } },
      async (request, reply) => {
        reply.header('cache-control', 'private, no-cache');
        return show(asked(request), request);
      },
    );
    app.delete(
      `${base}/:id`,
      {
        config: operator,
        schema: { tags, summary: 'End a session and forget it; its processes are gone when this answers', params: sessionParameter },
      },
      async (request, reply) => {
        await sessions.remove(used(request), `deleted by ${request.caller.name}`, request.caller);
        return reply.code(204).send();
      },
    );
    app.post(
      `${base}/:id/stop`,
      {
        config: operator,
        schema: { tags, summary: 'End a session and keep its entry', params: sessionParameter, response: { 200: sessionSchema } },
      },
      async (request) => {
        const session = used(request);
        await sessions.end(session, request.caller);
        return show(sessions.get(String(session.id)), request);
      },
    );
    app.get(
      `${base}/:id/events`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'How a session and its statements stand, as server-sent events: `state` and `statement`; ends with the session',
          params: sessionParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const live = sessions.live(asked(request));
        return await sendEvents(request, reply, (signal) => followSession(live, signal));
      },
    );
    app.get(
      `${base}/:id/log`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'What a session has printed outside of statements, and what the server has to say of it',
          params: sessionParameter,
          querystring: Type.Object({
            from: Type.Optional(Type.Integer({ minimum: 0, description: 'The first line. Without it: the last `size`.' })),
            size: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000, default: 100 })),
          }),
          response: {
            200: Type.Object({ from: Type.Integer(), total: Type.Integer(), lines: Type.Array(Type.String()) }),
          },
        },
      },
      async (request) => sessions.live(used(request)).log.read(request.query.from, request.query.size),
    );
    app.post(
      `${base}/:id/completion`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'What the identifier at the cursor may go on with',
          params: sessionParameter,
          body: Type.Object({ code: Type.String({ maxLength: 1_000_000 }), cursor: Type.Optional(Type.Integer({ minimum: 0 })) }),
          response: { 200: Type.Object({ candidates: Type.Array(Type.String()) }) },
        },
      },
      async (request) => {
        const { code, cursor = code.length } = request.body;
        return { candidates: await sessions.live(used(request)).complete(code, cursor) };
      },
    );
    app.get(
      `${base}/:id/statements`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'A page of the statements of a session, with their outputs',
          params: sessionParameter,
          querystring: Type.Object({ page: sessionsQuery.properties.page, per_page: sessionsQuery.properties.per_page }),
          response: { 200: Type.Unsafe<unknown>({ type: 'object', additionalProperties: true }) },
        },
      },
      async (request, reply) => {
        const session = used(request);
        const { page, per_page } = request.query;
        const all = sessions.live(session).statements.all();
        const from = (page - 1) * per_page;
        const links = pageLinks(request.url, { page, per_page }, { hasMore: from + per_page < all.length, total: all.length });
        reply.header('link', linkHeader(links));
        const facts = JSON.stringify({ page, per_page, total: all.length, links }).slice(1);
        return sendPieces(reply, pagePieces(session, all.slice(from, from + per_page), facts));
      },
    );
    app.post(
      `${base}/:id/statements`,
      {
        config: operator,
        bodyLimit: codeLimit,
        schema: {
          tags,
          summary:
            'Run a statement: it waits for those before it. With `wait` the answer comes with its end, or after so many milliseconds',
          params: sessionParameter,
          querystring: Type.Object({ wait: Type.Optional(Type.Integer({ minimum: 0, maximum: longestWait })) }),
          body: newStatementSchema,
          response: { 201: statementSchema },
        },
      },
      async (request, reply) => {
        const session = used(request);
        const { code, codeKind } = readCode(request.body, session);
        const live = sessions.live(session);
        const statement = live.post(code, codeKind);
        await live.untilDone(statement, request.query.wait ?? 0);
        reply.code(201).header('location', statementHref(session, statement.id));
        return sendStatement(reply, session, statement);
      },
    );
    app.get(
      `${base}/:id/statements/:statement`,
      {
        config: viewer,
        schema: { tags, summary: 'One statement, with its output', params: statementParameter, response: { 200: statementSchema } },
      },
      async (request, reply) => {
        const { session, statement } = found(request);
        if (!isDone(statement)) reply.header('cache-control', 'no-store');
        return sendStatement(reply, session, statement);
      },
    );
    app.post(
      `${base}/:id/statements/:statement/cancel`,
      { config: operator, schema: { tags, summary: 'Cancel a statement', params: statementParameter, response: { 200: statementSchema } } },
      async (request, reply) => {
        const { session, statement } = found(request);
        sessions.live(session).cancel(statement.id);
        return sendStatement(reply, session, statement);
      },
    );
    app.get(
      `${base}/:id/statements/:statement/events`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'What a statement prints and how far it is, as server-sent events: `statement`, `printed` and `progress`; ends with it',
          params: statementParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const { session, statement } = found(request);
        return await sendEvents(request, reply, (signal) => followStatement(sessions.live(session), statement, signal));
      },
    );
  };
};

const moreOf = (session: Session, statement: Statement): object => ({
  ...(statement.stages !== undefined && { stages: statement.stages }),
  links: statementLinks(session, statement),
});

function sendStatement(reply: FastifyReply, session: Session, statement: Statement): FastifyReply {
  const more = moreOf(session, statement);
  const text = statementText(statement, more);
  return text === undefined ? sendPieces(reply, statementPieces(statement, more)) : reply.type('application/json').send(text);
}

const sendPieces = (reply: FastifyReply, pieces: AsyncIterable<string | Buffer>): FastifyReply =>
  reply.type('application/json').send(Readable.from(pieces, { objectMode: false }));

async function* pagePieces(session: Session, statements: readonly Statement[], facts: string): AsyncGenerator<string | Buffer> {
  yield '{"items":[';
  for (const [at, statement] of statements.entries()) {
    if (at > 0) yield ',';
    yield* statementPieces(statement, moreOf(session, statement));
  }
  yield `],${facts}`;
}
