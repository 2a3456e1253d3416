/** `/api/v1/scans/{id}/results`, `/hosts`, `/changes`: what a scan has found. */
import type { FastifyReply } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { type PageQuery, pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { changesQuery, changesSchema, hostsSchema, pagesQuery, portsQuery, portsSchema, readId, scanParameter } from '../api.ts';
import { changesBetween } from '../diff.ts';
import { portsOf } from '../host-result.ts';
import { hrefOf } from '../hrefs.ts';
import type { Scans } from '../scans.ts';
import { portStates } from '../state.ts';

const tags = ['scans'];
const config = { role: 'viewer' } as const;

type Paged = { url: string; params: { id: string }; query: PageQuery };

/** One page of what a scan has, with links to the others, to the scan, and to what `more` names. */
const sendPage = <T>({ url, params, query }: Paged, reply: FastifyReply, items: readonly T[], more: Links = {}) => {
  const { links: pages, ...page } = pageOf(items, url, query);
  const links = { ...pages, scan: { href: hrefOf(readId(params.id)) }, ...more };
  reply.header('link', linkHeader(links));
  return { ...page, links };
};

export const resultRoutes = (scans: Scans): RoomRoutes => {
  const hostsOf = (id: string) => scans.store.hosts(scans.get(readId(id)).scan);
  return async (app) => {
    app.get(
      '/api/v1/scans/:id/results',
      {
        config,
        schema: {
          tags,
          summary: 'Ports that a scan has found, by host; open ones where nothing else is asked for',
          params: scanParameter,
          querystring: portsQuery,
          response: { 200: portsSchema },
        },
      },
      async (request, reply) => {
        const { address, state } = request.query;
        const hosts = (await hostsOf(request.params.id)).filter((host) => address === undefined || host.address === address);
        return sendPage(request, reply, [...portsOf(hosts, statesOf(state))]);
      },
    );
    app.get(
      '/api/v1/scans/:id/hosts',
      {
        config,
        schema: {
          tags,
          summary: 'Hosts of a scan: how each was judged, and its ports in groups',
          params: scanParameter,
          querystring: pagesQuery,
          response: { 200: hostsSchema },
        },
      },
      async (request, reply) => sendPage(request, reply, await hostsOf(request.params.id)),
    );
    app.get(
      '/api/v1/scans/:id/changes',
      {
        config,
        schema: {
          tags,
          summary: 'What is different from an earlier scan',
          params: scanParameter,
          querystring: changesQuery,
          response: { 200: changesSchema },
        },
      },
      async (request, reply) => {
        const { since } = request.query;
        const changes = changesBetween(await hostsOf(since), await hostsOf(request.params.id));
        return sendPage(request, reply, [...changes], { since: { href: hrefOf(readId(since)) } });
      },
    );
  };
};

/** The states that a query names; undefined for all. */
function statesOf(text = 'open'): ReadonlySet<string> | undefined {
  if (text === 'all') return undefined;
  const words = text.split(',');
  const alien = words.find((word) => !(portStates as readonly string[]).includes(word));
  if (alien === undefined) return new Set(words);
  throw new Problem('invalid', 'There is no such state of a port.', {
    detail: `expected some of ${portStates.join(', ')}, or all`,
    pointer: 'state',
  });
}
