/** `/api/v1/sockets`: the listeners of this server, who sends to them, and their start and stop. */
import type { FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import {
  listenerParameter,
  listenerSchema,
  listenersSchema,
  pagesQuery,
  peersSchema,
  type ShownListener,
  showListener,
  showPeer,
} from '../api.ts';
import { base, hrefOf } from '../places.ts';
import type { Sockets } from '../sockets.ts';

const tags = ['sockets'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const listenerRoutes = (sockets: Sockets): RoomRoutes => {
  return async (app) => {
    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Sockets' } },
        schema: {
          tags,
          summary: 'The listeners that the configuration declares',
          querystring: pagesQuery,
          response: { 200: listenersSchema },
        },
      },
      async (request, reply) => {
        const page = pageOf(sockets.listeners, request.url, request.query);
        reply.header('link', linkHeader(page.links));
        return { ...page, items: await Promise.all(page.items.map((listener) => showListener(listener, request.caller))) };
      },
    );
    app.get(
      `${base}/:name`,
      { config: viewer, schema: { tags, summary: 'One listener', params: listenerParameter, response: { 200: listenerSchema } } },
      async (request, reply) => {
        const shown = await showListener(sockets.get(request.params.name), request.caller);
        reply.header('link', linkHeader(shown.links));
        return shown;
      },
    );
    app.get(
      `${base}/:name/peers`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'Who is connected to a listener; of UDP, who has sent',
          params: listenerParameter,
          querystring: pagesQuery,
          response: { 200: peersSchema },
        },
      },
      async (request, reply) => {
        const { name } = request.params;
        const page = pageOf(sockets.get(name).peers(), request.url, request.query);
        const links = { ...page.links, listener: { href: hrefOf(name) } };
        reply.header('link', linkHeader(links));
        return { ...page, items: page.items.map(showPeer), links };
      },
    );
    const turn = async (request: FastifyRequest<{ Params: { name: string } }>, to: 'start' | 'stop'): Promise<ShownListener> =>
      await showListener(await sockets.turn(request.params.name, to, request.caller), request.caller);
    app.post(
      `${base}/:name/start`,
      { config: operator, schema: { tags, summary: 'Open a listener', params: listenerParameter, response: { 200: listenerSchema } } },
      async (request) => await turn(request, 'start'),
    );
    app.post(
      `${base}/:name/stop`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'Close a listener: those who are connected may end, and what came is delivered',
          params: listenerParameter,
          response: { 200: listenerSchema },
        },
      },
      async (request) => await turn(request, 'stop'),
    );
  };
};
