/** `/api/v1/records/{collection}/events`: what happens to records, as server-sent events. */
import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { KeyFault } from '../../keys/index.ts';
import { base, collectionParameter } from '../api.ts';
import type { Collection } from '../collection.ts';
import type { Records } from '../records.ts';

const tags = ['records'];
const heartbeatMs = 15_000;

export const eventRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    app.get(
      `${base}/:collection/events`,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'What happens to records, as server-sent events; goes on behind Last-Event-ID',
          params: collectionParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => sendEvents(await records.collection(request.params.collection), request, reply),
    );
  };
};

async function sendEvents(collection: Collection, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const last = request.headers['last-event-id'];
  if (last !== undefined && !/^\d{1,15}$/.test(String(last)))
    throw new Problem('invalid', 'Last-Event-ID is not one that was sent here.', { pointer: 'last-event-id' });
  const ending = new AbortController();
  const end = () => ending.abort();
  request.raw.socket.once('close', end);
  request.server.closing.addEventListener('abort', end, { once: true });
  reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
  // A feed has no end to wait for: its head is all there is to show.
  if (request.method === 'HEAD') return reply.send();
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  raw.write(': what happens from now on\n\n');
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  try {
    for await (const { index, kind, id, record } of collection.events(last === undefined ? undefined : Number(last) + 1, ending.signal)) {
      const isFull = !raw.write(`id: ${index}\nevent: ${kind}\ndata: ${JSON.stringify(record ?? { id })}\n\n`);
      if (isFull) await once(raw, 'drain', { signal: ending.signal });
    }
  } catch (error) {
    // History is gone: the reader has to read the collection anew, and is told so.
    if (error instanceof KeyFault) raw.write(`event: reset\ndata: ${JSON.stringify({ reason: error.cause })}\n\n`);
    else if (!ending.signal.aborted) request.log.error({ err: error }, 'a feed of records broke');
  } finally {
    clearInterval(heartbeat);
    request.raw.socket.off('close', end);
    raw.end();
  }
  return reply;
}
