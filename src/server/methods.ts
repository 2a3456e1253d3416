import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { Type } from 'typebox';
import type { RouteFacts } from '../core/http.ts';
import { Problem } from '../core/problem.ts';
import type { RouteTable } from './route-table.ts';

/** The methods for which every known path has an answer, be it only 405. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const;

/** What a method allows does not depend on parameters. */
const anyQuery = Type.Object({}, { additionalProperties: true });

/**
 * Gives every known path an answer for every method: OPTIONS says 204 with `Allow`, the rest 405 with `Allow` (RFC 9110
 * section 15.5.6). They are ordinary routes, so the router itself decides which path template a request belongs to.
 * Call it when all rooms have registered theirs.
 */
export function installMethods(app: FastifyInstance, table: RouteTable): void {
  for (const [path, known] of methodsByPath(table)) {
    const allow = [...known, ...(known.has('OPTIONS') ? [] : ['OPTIONS'])].sort().join(', ');
    const schema = { hide: true, querystring: anyQuery };
    const config = { role: 'open', ...mannersAt(table, path) } as const;
    const left = methods.filter((method) => !known.has(method));
    if (left.includes('OPTIONS')) {
      app.options(path, { schema, config }, (_request, reply) => reply.code(204).header('allow', allow).send());
    }
    const others = left.filter((method) => method !== 'OPTIONS') as HTTPMethods[];
    // onRequest comes before the body is parsed and the query checked: neither matters for a method that does not exist.
    const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('allow', allow);
      throw new Problem('method-not-allowed', `${request.method} does not work on ${path}.`, { detail: `expected one of ${allow}` });
    };
    if (others.length > 0) app.route({ method: others, url: path, schema, config, onRequest: refuse, handler: refuse });
  }
}

/** What the routes of a path that speak a foreign protocol say of its errors: so does the answer to a method that they do not have. */
function mannersAt({ routes }: RouteTable, path: string): Pick<RouteFacts, 'surface' | 'errorAnswer'> {
  const facts = routes.find((route) => route.path === path && route.facts.errorAnswer !== undefined)?.facts;
  if (facts?.errorAnswer === undefined || facts.surface === undefined) return {};
  return { surface: facts.surface, errorAnswer: facts.errorAnswer };
}

/**
 * HEAD of a streamed answer: the stream is ended unread. Fastify itself would read it to its end to throw it away, which
 * for an export is the whole store. Buffered answers pass, so that they get their Content-Length.
 */
export function endStreamsOfHead(app: FastifyInstance): void {
  app.addHook('onSend', async (request, _reply, payload) => {
    if (request.method !== 'HEAD') return payload;
    // A route that sends nothing for HEAD does not know its length either: an empty stream claims none, undefined would claim 0.
    if (payload === undefined || payload === null) return Readable.from([]);
    if (!(payload instanceof Readable)) return payload;
    payload.on('error', () => {}); // What it was about to say is of no interest any more.
    payload.destroy();
    return Readable.from([]);
  });
}

function methodsByPath({ routes }: RouteTable): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  for (const { path, method } of routes) {
    const known = paths.get(path) ?? new Set<string>();
    paths.set(path, known.add(method));
  }
  return paths;
}
