/** The door of the keys for the server: etcd's v2 API, handed to its own handler before anything of the request is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, HTTPMethods } from 'fastify';
import type { RoomRoutes } from '../core/http.ts';
import { keyForm, keyParams, keyQuery, keyReply, pageSummaries } from './api.ts';
import type { Keys } from './keys.ts';
import { surface } from './v2/gate.ts';

export { registerKeysMetrics } from './metrics.ts';

const reading: HTTPMethods[] = ['GET', 'HEAD', 'OPTIONS'];
const writing: HTTPMethods[] = ['PUT', 'POST', 'DELETE', 'PATCH', 'TRACE'];

/** All routes of the room. The schemas describe; what is checked, and with which words it is refused, is the handler's own. */
export const keysRoutes = (keys: Keys): RoomRoutes => {
  return async (app) => {
    app.closing.addEventListener('abort', () => keys.endWatches());
    const handOver = handOverTo(keys);
    const tags = ['keys'];
    const params = keyParams;
    const form = { consumes: ['application/x-www-form-urlencoded'], body: keyForm };
    handOver(app, '/v2/keys/*', {
      GET: { tags, summary: 'A key, a directory, or with `wait` its next change', params, querystring: keyQuery, response: keyReply },
      PUT: { tags, summary: 'Set, create, update or compare and swap a key', params, ...form, response: keyReply },
      POST: { tags, summary: 'Create a key in order, named by its index', params, ...form, response: keyReply },
      DELETE: { tags, summary: 'Delete a key or a directory, or compare and delete', params, querystring: keyQuery, response: keyReply },
    });
    for (const [path, summary] of Object.entries(pageSummaries)) {
      handOver(app, path, { GET: { tags, summary } }, path === '/v2/members' ? 'admin' : 'operator');
    }
    // Who keeps the keys is nothing that those who only use them should change.
    handOver(app, '/v2/members/*', {}, 'admin');
    handOver(app, '/v2/*', {});
  };
};

type HandOver = (
  app: FastifyInstance,
  url: string,
  described: Partial<Record<string, FastifySchema>>,
  writer?: 'operator' | 'admin',
) => void;

/** Every method of a path goes to the handler; those with a schema are described. */
const handOverTo = ({ handler }: Keys): HandOver => {
  // As early as this: the body and the query are the handler's own to read.
  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    handler(request.raw, reply.raw, ['X-Request-Id', request.id]);
  };
  return (app, url, described, writer = 'operator') => {
    for (const method of [...reading, ...writing]) {
      const role = reading.includes(method) ? ('viewer' as const) : writer;
      const schema = described[String(method)] ?? { hide: true };
      app.route({ method, url, schema, config: { role, surface }, exposeHeadRoute: false, onRequest, handler: async () => {} });
    }
  };
};
