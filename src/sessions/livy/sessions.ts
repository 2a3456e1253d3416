/** Livy's `/sessions`: what its clients ask, in its words. It translates and has no rules of its own. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readSessionRequest } from '../request.ts';
import { usedOf } from '../routes/registered.ts';
import type { Session } from '../session.ts';
import type { Sessions } from '../sessions.ts';
import type { Statement } from '../statement.ts';
import { readCode, readId, readNumber, windowOf } from './query.ts';
import type { LivyRoute } from './route.ts';
import { showSession, statementPieces, statementText } from './show.ts';

/** A statement may carry data along: pylivy sends whole tables as code. */
const codeLimit = 64 * 2 ** 20;

export function addSessionRoutes(app: FastifyInstance, sessions: Sessions, { base, read, act }: LivyRoute): void {
  const show = (session: Session, { caller }: FastifyRequest) => showSession(sessions, session, sessions.mayUse(session, caller));
  const asked = (request: FastifyRequest): Session => {
    const session = sessions.get((request.params as { id: string }).id);
    sessions.touch(session);
    return session;
  };
  const used = usedOf(sessions);
  const statementOf = (request: FastifyRequest): Statement =>
    sessions.live(used(request)).statements.get(readId((request.params as { statement: string }).statement));
  const one = `${base}/sessions/:id`;

  app.get(`${base}/sessions`, read('A window of the sessions', ['from', 'size']), async (request) => {
    const all = sessions.all();
    const { from, page } = windowOf(all, request.query);
    return { from, total: all.length, sessions: page.map((session) => show(session, request)) };
  });
  app.post(`${base}/sessions`, act('Start a session'), async (request, reply) => {
    const session = await sessions.create(readSessionRequest(request.body), request.caller);
    reply.code(201).header('location', `${base}/sessions/${session.id}`);
    return show(session, request);
  });
  app.get(one, read('One session'), async (request) => show(asked(request), request));
  app.delete(one, act('End a session and forget it; its processes are gone when this answers'), async (request) => {
    await sessions.remove(used(request), `deleted by ${request.caller.name}`, request.caller);
    return { msg: 'deleted' };
  });
  app.get(`${one}/state`, read('How a session stands'), async (request) => {
    const session = asked(request);
    return { id: session.id, state: sessions.stateOf(session) };
  });
  app.get(`${one}/log`, read('What a session has printed outside of statements', ['from', 'size']), async (request) => {
    const session = used(request);
    const { from, total, lines } = sessions.live(session).log.read(readNumber(request.query, 'from'), readNumber(request.query, 'size'));
    return { id: session.id, from, total, log: lines };
  });
  app.post(`${one}/connect`, act('Say that a client is there'), async (request) => {
    const session = used(request);
    sessions.live(session).touch();
    return show(session, request);
  });
  app.post(`${one}/stop`, act('End a session and keep its entry'), async (request, reply) => {
    await sessions.end(used(request), request.caller);
    return reply.code(204).send();
  });
  app.post(`${one}/interrupt`, act('End a session and keep its entry'), async (request) => {
    await sessions.end(used(request), request.caller);
    return { msg: 'interrupted' };
  });
  app.post(`${one}/completion`, act('What an identifier may go on with'), async (request) => {
    const session = used(request);
    const { given, code } = readCode(request.body, session, ['cursor']);
    const cursor = typeof given.cursor === 'number' ? given.cursor : code.length;
    return { candidates: await sessions.live(session).complete(code, cursor) };
  });
  app.get(`${one}/statements`, read('A window of the statements of a session', ['from', 'size', 'order']), async (request, reply) => {
    const { order } = request.query as { order?: string };
    const all = sessions.live(used(request)).statements.all();
    if (order === 'desc') all.reverse();
    const { page } = windowOf(all, request.query, Number.POSITIVE_INFINITY);
    return sendPieces(reply, listPieces(all.length, page));
  });
  app.post(`${one}/statements`, { ...act('Put a statement into the queue of a session'), bodyLimit: codeLimit }, async (request, reply) => {
    const session = used(request);
    const { code, codeKind } = readCode(request.body, session);
    const statement = sessions.live(session).post(code, codeKind);
    reply.code(201).header('location', `${base}/sessions/${session.id}/statements/${statement.id}`);
    return sendStatement(reply, statement);
  });
  app.get(`${one}/statements/:statement`, read('One statement, with its output'), async (request, reply) =>
    sendStatement(reply, statementOf(request)),
  );
  app.post(`${one}/statements/:statement/cancel`, act('Cancel a statement'), async (request) => {
    const session = used(request);
    sessions.live(session).cancel(readId((request.params as { statement: string }).statement));
    return { msg: 'canceled' };
  });
}

function sendStatement(reply: FastifyReply, statement: Statement): FastifyReply {
  const text = statementText(statement);
  return text === undefined ? sendPieces(reply, statementPieces(statement)) : reply.type('application/json').send(text);
}

const sendPieces = (reply: FastifyReply, pieces: AsyncIterable<string | Buffer>): FastifyReply =>
  reply.type('application/json').send(Readable.from(pieces, { objectMode: false }));

async function* listPieces(total: number, statements: readonly Statement[]): AsyncGenerator<string | Buffer> {
  yield `{"total_statements":${total},"statements":[`;
  for (const [at, statement] of statements.entries()) {
    if (at > 0) yield ',';
    yield* statementPieces(statement);
  }
  yield ']}';
}
