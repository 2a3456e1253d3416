/** `/api/v1/jobs/{id}/terminal`: what the terminal of an interactive job shows, and what is typed there. */
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { jobParameter, windowSchema } from '../api.ts';
import { base } from '../hrefs.ts';
import { readId } from '../job-id.ts';
import type { Jobs } from '../jobs.ts';
import { resizeTerminal, typeAt, watchTerminal } from '../terminal.ts';

const tags = ['jobs'];
const operator = { role: 'operator' } as const;
const octets = 'application/octet-stream';
/** Keys of one request at most. */
const mostKeys = 65_536;

export const terminalRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    app.addContentTypeParser(octets, { parseAs: 'buffer', bodyLimit: mostKeys }, (_request, body, done) => done(null, body));

    app.get(
      `${base}/:id/terminal`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'What the terminal of an interactive job shows, from the last 64 KiB on, as it comes; for its owner',
          params: jobParameter,
          produces: [octets],
        },
      },
      async (request, reply) => {
        const path = jobs.terminalOf(readId(request.params.id), request.caller);
        reply.header('content-type', octets).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
        if (request.method === 'HEAD') return reply.send();
        await show(await watchTerminal(path, AbortSignal.any([request.leaving, request.server.closing])), reply);
        return reply;
      },
    );
    app.post(
      `${base}/:id/terminal`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'Type at the terminal of an interactive job; for its owner',
          params: jobParameter,
          consumes: [octets],
          body: Type.Unsafe<Buffer>({}),
        },
      },
      async (request, reply) => {
        if (!Buffer.isBuffer(request.body))
          throw new Problem('invalid', 'The body is what is typed, octet by octet.', { hint: `content-type: ${octets}` });
        await typeAt(jobs.terminalOf(readId(request.params.id), request.caller), request.body);
        return reply.code(204).send();
      },
    );
    app.put(
      `${base}/:id/terminal/size`,
      {
        config: operator,
        schema: { tags, summary: 'Say how large the window of a terminal is now', params: jobParameter, body: windowSchema },
      },
      async (request, reply) => {
        await resizeTerminal(jobs.terminalOf(readId(request.params.id), request.caller), request.body);
        return reply.code(204).send();
      },
    );
  };
};

/** A program may be silent for long: the head goes out at once. A terminal that breaks ends as others do, since readers go by the state of the job. */
async function show(socket: Socket, reply: FastifyReply): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  reply.raw.flushHeaders();
  await pipeline(socket, reply.raw).catch(() => reply.raw.end());
}
