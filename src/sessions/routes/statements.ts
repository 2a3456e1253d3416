/** `/api/v1/sessions/{id}/statements`: run, watch and cancel statements. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { base, newStatementSchema, sessionsQuery, statementHref, statementLinks, statementParameter, statementSchema } from '../api.ts';
import { followStatement } from '../events.ts';
import { readCode } from '../livy/query.ts';
import { statementPieces, statementText } from '../livy/show.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import { isDone, type Statement } from '../statement.ts';
import { registeredParameter, usedOf } from './registered.ts';

const tags = ['sessions'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
const codeLimit = 64 * 2 ** 20;
/** How long a request may wait for the end of its statement, in milliseconds. */
const longestWait = 60_000;

export const statementRoutes = (sessions: Sessions): RoomRoutes => {
  const used = usedOf(sessions);
  const found = (request: FastifyRequest): { session: Session; statement: Statement } => {
    const session = used(request);
    return { session, statement: sessions.live(session).statements.get(Number((request.params as { statement: string }).statement)) };
  };

  return async (app) => {
    app.get(
      `${base}/:id/statements`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'A page of the statements of a session, with their outputs',
          params: registeredParameter,
          querystring: Type.Object({ page: sessionsQuery.properties.page, per_page: sessionsQuery.properties.per_page }),
          response: { 200: Type.Unsafe<unknown>({ type: 'object', additionalProperties: true }) },
        },
      },
      async (request, reply) => {
        const session = used(request);
        const { items, ...page } = pageOf(sessions.live(session).statements.all(), request.url, request.query);
        reply.header('link', linkHeader(page.links));
        return sendPieces(reply, pagePieces(session, items, JSON.stringify(page).slice(1)));
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
          params: registeredParameter,
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
        await live.events.untilDone(statement, request.query.wait ?? 0);
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
