/** What was said about a ticket, and what was done to it. */
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { actorOf } from '../actor.ts';
import {
  commentParameter,
  commentSchema,
  commentsSchema,
  historySchema,
  newCommentSchema,
  partQuery,
  showComment,
  showEntry,
  ticketParameter,
} from '../api.ts';
import { conditionOf } from '../condition.ts';
import { collection, hrefOf } from '../hrefs.ts';
import type { Tickets } from '../tickets.ts';

const tags = ['tickets'];

export const commentRoutes = (tickets: Tickets): RoomRoutes => {
  return async (app) => {
    const comments = `${collection}/:id/comments`;
    app.get(
      comments,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'Comments on a ticket, the oldest first',
          params: ticketParameter,
          querystring: partQuery,
          response: { 200: commentsSchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { items, total, links } = pageOf(await tickets.comments(id), request.url, request.query);
        reply.header('link', linkHeader(links));
        const add = { href: `${hrefOf(id)}/comments`, method: 'POST', title: 'Say something' };
        return { items: items.map((comment) => showComment(id, comment)), total, links: { ...links, ticket: { href: hrefOf(id) }, add } };
      },
    );
    app.post(
      comments,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Comment on a ticket',
          params: ticketParameter,
          body: newCommentSchema,
          response: { 201: commentSchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const comment = await tickets.comment(id, request.body.text, actorOf(request, 'api'));
        return reply
          .code(201)
          .header('location', `${hrefOf(id)}/comments/${comment.id}`)
          .send(showComment(id, comment));
      },
    );
    app.get(
      `${comments}/:comment`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'One comment', params: commentParameter, response: { 200: commentSchema } },
      },
      async (request) => {
        const { id, comment: wanted } = request.params;
        const comment = (await tickets.comments(id)).find((one) => one.id === wanted);
        if (comment !== undefined) return showComment(id, comment);
        throw new Problem('not-found', `Ticket ${id} has no comment ${wanted.slice(0, 80)}.`, {
          hint: `GET ${hrefOf(id)}/comments lists them`,
        });
      },
    );
    app.delete(
      `${comments}/:comment`,
      {
        config: { role: 'operator' },
        schema: { tags, summary: 'Delete a comment; the history keeps what it said', params: commentParameter },
      },
      async (request, reply) => {
        const { id, comment } = request.params;
        await tickets.removeComment(id, comment, actorOf(request, 'api'), conditionOf(request));
        return reply.code(204).send();
      },
    );
    app.get(
      `${collection}/:id/history`,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'Who did what to a ticket, the oldest first',
          params: ticketParameter,
          querystring: partQuery,
          response: { 200: historySchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { items, total, links } = pageOf(await tickets.history(id), request.url, request.query);
        reply.header('link', linkHeader(links));
        return { items: items.map(showEntry), total, links: { ...links, ticket: { href: hrefOf(id) } } };
      },
    );
  };
};
