/** The door of the keys for the server: etcd's v2 API, handed to its own handler before anything of the request is read. */
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { RoomRoutes } from '../core/http.ts';
import type { Keys } from './keys.ts';

const reading: HTTPMethods[] = ['GET', 'HEAD', 'OPTIONS'];
const writing: HTTPMethods[] = ['PUT', 'POST', 'DELETE', 'PATCH', 'TRACE'];

/** All routes of the room. */
export const keysRoutes = (keys: Keys): RoomRoutes => {
  return async (app) => {
    app.closing.addEventListener('abort', () => keys.endWatches());
    // As early as this: the body and the query are the handler's own to read.
    const handOver = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.hijack();
      keys.handler(request.raw, reply.raw, ['X-Request-Id', request.id]);
    };
    const handler = async () => {};
    for (const url of ['/v2/*', '/version', '/health'])
      for (const [method, role] of [[reading, 'viewer'] as const, [writing, 'operator'] as const])
        app.route({ method, url, schema: { hide: true }, config: { role }, onRequest: handOver, handler });
  };
};
