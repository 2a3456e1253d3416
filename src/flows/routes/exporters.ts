/** `/api/v1/exporters`: who sends flow exports, what of them came, and what did not. */
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { exporterParameter, exporterSchema, exportersQuery, exportersSchema } from '../exporters/api.ts';
import type { ExporterState } from '../exporters/exporter-state.ts';
import type { Flows } from '../flows.ts';

const tags = ['exporters'];
const collection = '/api/v1/exporters';

const linksOf = ({ name }: ExporterState): Links => ({
  self: { href: `${collection}/${encodeURIComponent(name)}` },
  collection: { href: collection },
});

export const exporterRoutes = (flows: Flows): RoomRoutes => {
  return async (app) => {
    app.get(
      collection,
      {
        config: { role: 'viewer', collection: { title: 'Exporters' } },
        schema: {
          tags,
          summary: 'Who sends flow exports, in order of their names, and the addresses listened on',
          querystring: exportersQuery,
          response: { 200: exportersSchema },
        },
      },
      async (request, reply) => {
        const { exporters, ...rest } = await flows.exporters.state();
        const page = pageOf(exporters, request.url, request.query, ({ name }) => name);
        reply.header('link', linkHeader(page.links));
        return { ...page, ...rest, items: page.items.map((state) => ({ ...state, links: linksOf(state) })) };
      },
    );

    app.get(
      `${collection}/:name`,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'One exporter with its domains and templates',
          params: exporterParameter,
          response: { 200: exporterSchema },
        },
      },
      async (request, reply) => {
        const { exporters } = await flows.exporters.state();
        const state = exporters.find(({ name }) => name === request.params.name);
        if (state === undefined)
          throw new Problem('not-found', `no exporter ${request.params.name} has sent anything`, { hint: `GET ${collection} lists them` });
        const links = linksOf(state);
        reply.header('link', linkHeader(links));
        return { ...state, links };
      },
    );
  };
};
