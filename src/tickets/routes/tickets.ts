/** `/api/v1/tickets`: lists, single tickets, their states. */
import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { readJsonBodies } from '../../core/json-bodies.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { actorOf } from '../actor.ts';
import {
  confirmQuery,
  contentOf,
  linksOf,
  newTicketSchema,
  readOnlyNames,
  type ShownTicket,
  showItem,
  showTicket,
  stateParameter,
  ticketParameter,
  ticketPatchSchema,
  ticketSchema,
  ticketsQuery,
  ticketsSchema,
  wholeTicketSchema,
} from '../api.ts';
import { conditionOf, isKnown, tagOf } from '../condition.ts';
import { collection, hrefOf } from '../hrefs.ts';
import { patched } from '../patch.ts';
import type { Order } from '../search.ts';
import { readSelection } from '../selection.ts';
import type { Content, State, Ticket } from '../ticket.ts';
import type { Tickets } from '../tickets.ts';

const tags = ['tickets'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const ticketRoutes = (tickets: Tickets): RoomRoutes => {
  return async (app) => {
    // A description may take six octets a character in JSON; the rest of a ticket is small beside it.
    const bodyLimit = Math.max(2 ** 20, 6 * tickets.config.description + 2 ** 18);
    readJsonBodies(app, ['application/merge-patch+json']);

    app.get(
      collection,
      {
        config: { ...viewer, collection: { title: 'Tickets' } },
        schema: { tags, summary: 'A page of tickets', querystring: ticketsQuery, response: { 200: ticketsSchema } },
      },
      async (request, reply) => {
        const { order, include } = request.query;
        const found = await tickets.find(readSelection(request.query), order as Order | undefined);
        const { items, links, ...page } = pageOf(found, request.url, request.query, ({ id }) => id);
        reply.header('link', linkHeader(links));
        const shown = items.map(include === 'description' ? showTicket : showItem);
        return { items: shown, ...page, links: { ...links, ...collectionLinks } };
      },
    );
    app.post(
      collection,
      {
        config: operator,
        bodyLimit,
        schema: { tags, summary: 'Open a ticket', body: newTicketSchema, response: { 201: ticketSchema } },
      },
      async (request, reply) => {
        const ticket = await tickets.create(contentOf(request.body), actorOf(request, 'api'));
        return reply.code(201).header('location', hrefOf(ticket.id)).send(answer(reply, ticket));
      },
    );
    app.delete(
      collection,
      {
        config: operator,
        schema: { tags, summary: 'Delete all tickets; needs `confirm=all`', querystring: confirmQuery },
      },
      async (request, reply) => {
        if (request.query.confirm !== 'all')
          throw new Problem('invalid', 'This deletes all tickets; say so with ?confirm=all.', {
            detail: `got ${request.query.confirm === undefined ? 'no confirmation' : `confirm=${request.query.confirm}`}`,
            pointer: 'confirm',
          });
        await tickets.removeAll();
        return reply.code(204).send();
      },
    );
    app.get(
      `${collection}/:id`,
      { config: viewer, schema: { tags, summary: 'One ticket', params: ticketParameter, response: { 200: ticketSchema } } },
      async (request, reply) => {
        const ticket = await tickets.get(request.params.id);
        if (!isKnown(request, ticket)) return answer(reply, ticket);
        reply.header('etag', tagOf(ticket)).header('cache-control', 'no-cache');
        return (reply as FastifyReply).code(304).send() as never;
      },
    );
    app.put(
      `${collection}/:id`,
      {
        config: operator,
        bodyLimit,
        schema: {
          tags,
          summary: 'Write a ticket whole: what is left out gets its default',
          params: ticketParameter,
          body: wholeTicketSchema,
          response: { 200: ticketSchema },
        },
      },
      async (request, reply) => {
        const { body } = request;
        return answer(reply, await edit(tickets, request, request.params.id, body, () => contentOf(body)));
      },
    );
    app.patch(
      `${collection}/:id`,
      {
        config: operator,
        bodyLimit,
        schema: {
          tags,
          summary: 'Change parts of a ticket (JSON merge patch, RFC 7396)',
          consumes: ['application/merge-patch+json', 'application/json'],
          params: ticketParameter,
          body: ticketPatchSchema,
          response: { 200: ticketSchema },
        },
      },
      async (request, reply) => {
        const { body } = request;
        const patch = Object.fromEntries(Object.entries(body).filter(([name]) => !isReadOnly(name)));
        return answer(reply, await edit(tickets, request, request.params.id, body, (ticket) => patched(ticket, patch)));
      },
    );
    app.post(
      `${collection}/:id/state/:state`,
      {
        config: operator,
        schema: { tags, summary: 'Move a ticket to another state', params: stateParameter, response: { 200: ticketSchema } },
      },
      async (request, reply) => {
        const { id, state } = request.params;
        const move = (ticket: Ticket) => ({ ...ticket, state: state as State });
        return answer(reply, await tickets.change(id, actorOf(request, 'api'), move, conditionOf(request)));
      },
    );
    app.delete(
      `${collection}/:id`,
      { config: operator, schema: { tags, summary: 'Delete a ticket with its comments and history', params: ticketParameter } },
      async (request, reply) => {
        await tickets.remove(request.params.id, conditionOf(request));
        return reply.code(204).send();
      },
    );
  };
};

const collectionLinks = {
  create: { href: collection, method: 'POST', title: 'Open a ticket' },
  active: { href: `${collection}?state=open,in-progress,waiting&order=-severity`, title: 'What is to be done, the worst first' },
  plain: { href: '/tickets', title: 'The plain ticket API' },
};

function answer(reply: FastifyReply, ticket: Ticket): ShownTicket {
  reply
    .header('etag', tagOf(ticket))
    .header('cache-control', 'no-cache')
    .header('link', linkHeader(linksOf(ticket)));
  return showTicket(ticket);
}

/** Writes what `next` makes of the ticket; members of the body that only the server writes must be as they are. */
function edit(tickets: Tickets, request: FastifyRequest, id: string, body: object, next: (ticket: Ticket) => Content): Promise<Ticket> {
  const condition = conditionOf(request);
  const check = (ticket: Ticket): void => {
    condition?.(ticket);
    checkReadOnly(body, showTicket(ticket));
  };
  return tickets.change(id, actorOf(request, 'api'), next, check);
}

function checkReadOnly(body: object, shown: ShownTicket): void {
  for (const name of readOnlyNames) {
    const sent = (body as Partial<ShownTicket>)[name];
    if (sent === undefined || isDeepStrictEqual(sent, shown[name])) continue;
    throw new Problem('unprocessable', `The member "${name}" is the server's to write.`, {
      detail: `leave it out, or send it as it is: ${JSON.stringify(shown[name]).slice(0, 200)}`,
      hint: 'GET the ticket again if it was changed meanwhile',
      pointer: `/${name}`,
    });
  }
}

const isReadOnly = (name: string): boolean => (readOnlyNames as readonly string[]).includes(name);
