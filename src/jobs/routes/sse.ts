import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

const heartbeatMs = 15_000;

/** One event to send; `id` is where a reader goes on with Last-Event-ID. */
export type Sent = { id: string | number; event: string; data: unknown };

/** Answers with server-sent events at the reader's pace, until they end, the reader goes or the server stops. */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  events: (signal: AbortSignal) => AsyncIterable<Sent>,
): Promise<FastifyReply> {
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
  raw.write(': from now on\n\n');
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  try {
    for await (const { id, event, data } of events(ending.signal)) {
      const isFull = !raw.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (isFull) await once(raw, 'drain', { signal: ending.signal });
    }
  } catch (error) {
    if (!ending.signal.aborted) request.log.error({ err: error }, 'a feed of jobs broke');
  } finally {
    clearInterval(heartbeat);
    request.raw.socket.off('close', end);
    request.server.closing.removeEventListener('abort', end);
    raw.end();
  }
  return reply;
}
