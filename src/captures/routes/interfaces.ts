/** `/api/v1/interfaces`: what can be captured on. */
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { listInterfaces } from '../../packets/interfaces/index.ts';
import * as api from '../api.ts';
import type { Captures } from '../captures.ts';

export const interfaceRoutes =
  (captures: Captures): RoomRoutes =>
  async (app) => {
    app.get(
      api.interfacesBase,
      {
        config: { role: 'viewer', collection: { title: 'Interfaces' } },
        schema: {
          tags: ['captures'],
          summary: 'The interfaces of this machine',
          querystring: api.capturesQuery,
          response: { 200: api.interfacesSchema },
        },
      },
      async (request, reply) => {
        const { items, links, ...page } = pageOf(await listInterfaces(), request.url, request.query, ({ name }) => name);
        reply.header('link', linkHeader(links)).header('cache-control', 'no-store');
        return { items: items.map((one) => api.showInterface(one, captures.isAllowed(one.name))), ...page, links };
      },
    );
  };
