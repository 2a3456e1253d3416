/**
 * The plain ticket API: `/tickets` and `/remove_all_tickets`, with the bodies and texts that its clients know. A ticket is
 * its description here, one key of the tree. What went unsaid there has a status here: a missing ticket is 404.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { actorOf } from '../actor.ts';
import { sendJson, sendText } from '../plain-answer.ts';
import type { Tickets } from '../tickets.ts';

const tags = ['plain tickets'];
const viewer = { role: 'viewer', surface: 'tickets' } as const;
const operator = { role: 'operator', surface: 'tickets' } as const;

const message = (...examples: string[]) => Type.Object({ msg: Type.String() }, { examples: examples.map((msg) => ({ msg })) });
const json = (description: string, schema: object) => ({ description, content: { 'application/json': { schema } } });
const text = (description: string, ...examples: string[]) => ({
  description,
  content: { 'text/html': { schema: Type.String({ examples }) } },
});
const id = '00000000000000000012';
const ids = ['00000000000000000010', '00000000000000000011', id];
const anyQuery = Type.Object({}, { additionalProperties: true });
const badBody = json(
  'The body is not as expected; `msg` says why.',
  message('The body has to be JSON such as {"value": "a description"}.'),
);

const listAnswer = Type.Union([
  Type.Object({ tickets: Type.Array(Type.String()) }, { examples: [{ tickets: ids }, { tickets: ids.slice(0, 1) }] }),
  message('Error Code: 100', 'No Tickets Found! Good Work!'),
]);
const createBody = Type.Object(
  { value: Type.String({ description: 'The description.' }) },
  {
    examples: [{ value: 'Learning to add tickets' }, { value: 'Added my second ticket' }, { value: 'This is my third ticket' }],
  },
);
const updateBody = Type.Object(
  { ticket_id: Type.String(), msg: Type.String({ description: 'The new description.' }) },
  { examples: [{ msg: 'PUT it there!', ticket_id: id }] },
);

export const plainRoutes = (tickets: Tickets): RoomRoutes => {
  return async (app) => {
    // Bodies are looked at here, so that what is wrong with them is said in this API's own words.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    const bodyLimit = Math.max(2 ** 20, 6 * tickets.config.description + 2 ** 18);

    app.get(
      '/tickets',
      {
        ...asItIs,
        config: viewer,
        schema: {
          tags,
          summary: 'Ids of all tickets',
          querystring: anyQuery,
          response: { 200: json('The ids; or that there are none.', listAnswer) },
        },
      },
      async (_request, reply) => {
        const all = await tickets.listPlain();
        if (all === undefined) return sendJson(reply, 200, { msg: 'Error Code: 100' });
        return sendJson(reply, 200, all.length === 0 ? { msg: 'No Tickets Found! Good Work!' } : { tickets: all });
      },
    );
    app.get(
      '/tickets/:ticket_id',
      {
        ...asItIs,
        config: viewer,
        schema: {
          tags,
          summary: 'The description of a ticket',
          params: Type.Object({ ticket_id: Type.String({ examples: [id] }) }),
          querystring: anyQuery,
          response: {
            200: text('The description.', 'PUT it there!'),
            404: json('There is no such ticket.', message('Ticket Not Found')),
          },
        },
      },
      async (request, reply) => {
        const { ticket_id } = request.params as { ticket_id: string };
        const description = await unlessMissing(() => tickets.readPlain(ticket_id));
        return description === undefined ? sendJson(reply, 404, { msg: 'Ticket Not Found' }) : sendText(reply, 200, description);
      },
    );
    app.post(
      '/tickets',
      {
        ...asItIs,
        config: operator,
        bodyLimit,
        schema: {
          tags,
          summary: 'Open a ticket',
          querystring: anyQuery,
          body: createBody,
          response: { 200: text('Its id.', ...ids), 400: badBody },
        },
      },
      async (request, reply) => {
        const value = readBody(request)?.value;
        if (typeof value !== 'string') return refuse(reply, '{"value": "a description"}');
        return sendText(reply, 200, await tickets.createPlain(value, actorOf(request, 'plain')));
      },
    );
    app.put(
      '/tickets',
      {
        ...asItIs,
        config: operator,
        bodyLimit,
        schema: {
          tags,
          summary: 'Replace the description of a ticket',
          querystring: anyQuery,
          body: updateBody,
          response: {
            200: text('The new description.', 'PUT it there!'),
            400: badBody,
            404: json('There is no such ticket.', message(`Unable to update ticket # ${id}`)),
          },
        },
      },
      async (request, reply) => {
        const { ticket_id, msg } = readBody(request) ?? {};
        if (typeof ticket_id !== 'string' || typeof msg !== 'string')
          return refuse(reply, `{"ticket_id": "${id}", "msg": "a description"}`);
        const replaced = await unlessMissing(async () => {
          await tickets.replacePlain(ticket_id, msg, actorOf(request, 'plain'));
          return msg;
        });
        if (replaced === undefined) return sendJson(reply, 404, { msg: `Unable to update ticket # ${ticket_id}` });
        return sendText(reply, 200, replaced);
      },
    );
    app.delete(
      '/tickets',
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Delete a ticket',
          querystring: Type.Object({ ticket_id: Type.Optional(Type.String({ examples: [id] })) }, { additionalProperties: true }),
          response: {
            200: text('It is gone.', `The following ticket was deleted: ${id}`),
            400: text('No `ticket_id` was given.', 'Unable to delete the ticket'),
            404: text('There is no such ticket.', 'Unable to delete the ticket'),
          },
        },
      },
      async (request, reply) => {
        const { ticket_id } = request.query as { ticket_id?: string | string[] };
        if (typeof ticket_id !== 'string' || ticket_id === '') return sendText(reply, 400, 'Unable to delete the ticket');
        const deleted = await unlessMissing(async () => {
          await tickets.remove(ticket_id);
          return true;
        });
        if (deleted === undefined) return sendText(reply, 404, 'Unable to delete the ticket');
        return sendText(reply, 200, `The following ticket was deleted: ${ticket_id}`);
      },
    );
    app.delete(
      '/remove_all_tickets',
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Delete all tickets',
          querystring: anyQuery,
          response: { 200: json('They are gone.', message('You just removed everything. I hope you are happy now')) },
        },
      },
      async (_request, reply) => {
        await tickets.removeAll();
        // Four spaces, where all other answers have two: so it is published.
        return sendJson(reply, 200, { msg: 'You just removed everything. I hope you are happy now' }, 4);
      },
    );
  };
};

/** The answer of `work`, or undefined when there is no such ticket. */
async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** The JSON object of a body, whatever it says it is; undefined for anything else. */
function readBody({ body }: FastifyRequest): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(String(body ?? ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const refuse = (reply: FastifyReply, example: string): FastifyReply =>
  sendJson(reply, 400, { msg: `The body has to be JSON such as ${example}.` });
