import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Milliseconds between two signs of life: shorter than what proxies call idle. */
const heartbeatMs = 15_000;

/** One event to send; `id` is where a reader goes on with Last-Event-ID: without one he stays where he was. */
export type SentEvent = { id?: string | number; event: string; data: unknown };

/**
 * Answers with server-sent events (WHATWG HTML, section 9.2) at the reader's pace, until they end, the reader goes, his login ends or
 * the server stops; then `signal` aborts.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  events: (signal: AbortSignal) => AsyncIterable<SentEvent>,
): Promise<FastifyReply> {
  reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
  // A feed has no end to wait for: its head is all there is to show.
  if (request.method === 'HEAD') return reply.send();
  const { raw } = reply;
  const gone = new AbortController();
  raw.once('close', () => gone.abort());
  const { leaving, server } = request;
  const signal = AbortSignal.any([gone.signal, leaving, server.closing]);
  reply.hijack();
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  raw.write(': from now on\n\n');
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  try {
    for await (const { id, event, data } of events(signal)) {
      const isFull = !raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (isFull) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) request.log.error({ err: error }, 'an event stream broke');
  } finally {
    clearInterval(heartbeat);
    if (leaving.aborted) raw.write(': your login has ended\n\n');
    raw.end();
  }
  return reply;
}
