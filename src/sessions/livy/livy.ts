/** Livy's doors: at the root of the server, as its clients expect, and below `/livy` for who wants the two apart. */
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { Type } from 'typebox';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import { version } from '../../core/version.ts';
import type { Sessions } from '../sessions.ts';
import { addBatchRoutes } from './batches.ts';
import { errorAnswer } from './errors.ts';
import type { LivyRoute } from './route.ts';
import { addSessionRoutes } from './sessions.ts';

/** Clients compare the parts of a version as texts (pylivy): each has one digit. */
const livyVersion = '0.9.0-weir';

/** What `GET /version` answers. */
const livyVersionFacts = { version: livyVersion, user: 'weir', revision: version, branch: 'weir', date: '', url: 'weir' };

/** All of Livy's routes. */
export const livyRoutes = (sessions: Sessions): RoomRoutes => {
  return async (app) => {
    for (const base of ['', '/livy']) {
      await app.register(async (scope) => {
        takeAnyBody(scope);
        scope.addHook('onRequest', async (request) => {
          checkAccept(request);
          checkCsrf(request, sessions.config.csrf);
        });
        addRoutes(scope, sessions, base);
      });
    }
  };
};

/** What Livy answers where it refuses. */
const refusalSchema = Type.Object({ msg: Type.String() }, { additionalProperties: true });

function addRoutes(app: FastifyInstance, sessions: Sessions, base: string): void {
  const hide = base !== '';
  // Values are read by hand: their faults have Livy's words.
  const options = (role: 'viewer' | 'operator', summary: string, query: readonly string[] = []): RouteShorthandOptions => ({
    ...asItIs,
    config: { role, surface: 'livy', errorAnswer },
    schema: {
      tags: ['livy'],
      summary,
      hide,
      querystring: Type.Object(Object.fromEntries([...query, 'doAs'].map((name) => [name, Type.Optional(Type.String())]))),
      response: { '2xx': Type.Unsafe<unknown>({ description: 'As Livy has it.' }), '4xx': refusalSchema, '5xx': refusalSchema },
    },
  });
  const route: LivyRoute = {
    base,
    read: (summary, query) => options('viewer', summary, query),
    act: (summary) => options('operator', summary),
  };
  addSessionRoutes(app, sessions, route);
  addBatchRoutes(app, sessions.batches, route);
  for (const path of ['sessions', 'batches']) {
    app.all(`${base}/${path}/*`, { ...options('viewer', 'What is not there'), schema: { hide: true } }, async () => {
      throw new Problem('not-found', 'There is nothing at this path.', { detail: 'jobs of the Java and Scala API are not run here' });
    });
  }
  if (base !== '') app.get(`${base}/version`, route.read('The version of Livy that is spoken'), async () => livyVersionFacts);
  for (const path of ['/ui', '/ui/*']) {
    app.get(`${base}${path}`, { ...route.read('Leads to what there is for people'), schema: { hide: true } }, async (_request, reply) =>
      reply.redirect('/docs', 302),
    );
  }
}

/** Livy reads every body as JSON, whatever its Content-Type says; one that is not there is none. */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    try {
      done(null, parseStrictJson(body as Buffer));
    } catch (error) {
      // Actions without a body ignore whatever comes.
      if (/\/(cancel|connect|stop|interrupt)$/.test(request.url.split('?', 1)[0] ?? '')) done(null, undefined);
      else done(error as Error);
    }
  });
}

function checkAccept({ headers }: FastifyRequest): void {
  const wanted = /application\/vnd\.livy\.(v[^+;, ]*)\+json/.exec(headers.accept ?? '')?.[1];
  if (wanted === undefined || wanted === 'v0.1') return;
  throw new Problem('not-acceptable', `There is no version ${wanted} of this API.`, { detail: 'expected application/vnd.livy.v0.1+json' });
}

const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A page of another site cannot set this header without being asked for it first. */
function checkCsrf({ method, headers }: FastifyRequest, isAlways: boolean): void {
  if (safe.has(method) || headers['x-requested-by'] !== undefined) return;
  const isForeign = headers.origin !== undefined && headers.origin.replace(/^https?:\/\//, '') !== headers.host;
  if (isAlways || isForeign || headers.cookie !== undefined)
    throw new Problem('invalid', 'Missing Required Header for CSRF protection.', { hint: 'X-Requested-By: NAME' });
}
