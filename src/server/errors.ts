import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import { refusalOfBody } from './body-refusal.ts';
import { answerProblem, problemMediaType, problemOf } from './problem-answer.ts';

/** Turns everything that is thrown, and every path that does not exist, into one `application/problem+json` answer. */
export function installErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = refusalOfBody(error, request) ?? problemOf(error, request.id);
    if (problem.code === 'internal')
      request.log.error({ err: problem.cause ?? problem, method: request.method, url: request.url }, 'request failed');
    return sendProblem(reply, request, problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    if (!commonMethods.has(request.method)) await refuseOddMethod(app, request, reply);
    throw notFound(app, request);
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
}

const commonMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']);

/** Sends a problem as the answer of this request. */
export function sendProblem(reply: FastifyReply, request: FastifyRequest, problem: Problem): FastifyReply {
  const { errorAnswer } = request.routeOptions.config;
  if (errorAnswer !== undefined) return sendForeign(reply, request, errorAnswer(problem));
  const { status, body } = answerProblem(problem, { url: request.url, id: request.id });
  // A refused body may still be on its way: reading the next request out of its middle would be worse than a new connection.
  if (!request.raw.complete) reply.header('connection', 'close');
  const wait = problem.facts?.retryAfterSeconds ?? (status === 503 || status === 429 ? 5 : undefined);
  if (wait !== undefined) reply.header('retry-after', String(wait));
  // RFC 9110 section 15.5.16: what the client may send instead.
  if (Array.isArray(problem.facts?.accept)) reply.header('accept', problem.facts.accept.join(', '));
  const members = { ...request.routeOptions.config.errorMembers, ...body };
  return reply.code(status).header('cache-control', 'no-store').type(problemMediaType).send(JSON.stringify(members));
}

/** An error in the words of another protocol. */
function sendForeign(reply: FastifyReply, request: FastifyRequest, { status, body }: { status: number; body: object }): FastifyReply {
  if (!request.raw.complete) reply.header('connection', 'close');
  return reply.code(status).header('cache-control', 'no-store').type('application/json').send(JSON.stringify(body));
}

function notFound(app: FastifyInstance, request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0] ?? '/';
  const known = app.routeTable.routes.filter((route) => route.method === 'GET' && !route.isHidden && !/[:*]/.test(route.path));
  const likely = nearest(path, [...new Set(known.map((route) => route.path))]);
  return new Problem('not-found', 'There is nothing at this path.', {
    hint: likely === undefined ? 'GET / lists what is here' : `did you mean ${likely}?`,
    facts: { links: { root: { href: '/' }, ...(likely !== undefined && { nearest: { href: likely } }) } },
  });
}

// Methods outside the usual set have no routes of their own; the OPTIONS route of the same path knows what is allowed there.
async function refuseOddMethod(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const headers = request.headers.host === undefined ? {} : { host: request.headers.host };
  const options = await app.inject({ method: 'OPTIONS', url: request.url, headers });
  const allow = options.headers.allow;
  if (allow === undefined) return;
  reply.header('allow', allow);
  throw new Problem('method-not-allowed', `${request.method} does not work here.`, { detail: `expected one of ${String(allow)}` });
}

const brokenRequests: Record<string, { status: string; title: string; code: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'too-large',
    title: 'The headers of the request are larger than this server takes.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: '408 Request Timeout', code: 'timeout', title: 'The request took too long to arrive.' },
};

/** Answers what is not even HTTP, before any route: a problem body, then the connection closes. */
export function refuseBrokenRequest(error: Error & { code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code, title } = brokenRequests[error.code] ?? {
    status: '400 Bad Request',
    code: 'invalid',
    title: 'This is not a valid HTTP request.',
  };
  const body = JSON.stringify({ type: `/problems/${code}`, title, status: Number(status.slice(0, 3)), code });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
