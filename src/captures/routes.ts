/** The door of the captures for the server: `/api/v1/interfaces`, `/api/v1/captures`. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { type SentEvent, sendEvents } from '../core/event-stream.ts';
import type { RoomRoutes } from '../core/http.ts';
import { linkHeader } from '../core/links.ts';
import { pageOf } from '../core/paging.ts';
import { listInterfaces } from '../packets/interfaces/index.ts';
import * as api from './api.ts';
import type { Capture } from './capture.ts';
import type { Captures } from './captures.ts';
import { followedBlocks, linesOf } from './followed.ts';

export { registerCapturesMetrics } from './metrics.ts';

const tags = ['captures'];
const operator = { role: 'operator' } as const;

/** All routes of the room. Packets are other people's words: even to look on takes an operator. */
export const capturesRoutes = (captures: Captures): RoomRoutes => {
  const show = (capture: Capture, { caller }: FastifyRequest) => api.showCapture(capture, caller);
  return async (app) => {
    app.get(
      api.interfacesBase,
      {
        config: { role: 'viewer', collection: { title: 'Interfaces' } },
        schema: {
          tags,
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
    app.get(
      api.base,
      {
        config: { role: 'viewer', collection: { title: 'Captures' } },
        schema: {
          tags,
          summary: 'A page of captures, the latest first',
          querystring: api.capturesQuery,
          response: { 200: api.capturesSchema },
        },
      },
      async (request, reply) => {
        const { items, links, ...page } = pageOf(captures.all(), request.url, request.query, ({ id }) => id);
        reply.header('link', linkHeader(links)).header('cache-control', 'no-store');
        return { items: items.map((capture) => show(capture, request)), ...page, links };
      },
    );
    app.post(
      api.base,
      {
        config: operator,
        schema: { tags, summary: 'Start a capture: answered when it runs', body: api.orderSchema, response: { 201: api.captureSchema } },
      },
      async (request, reply) => {
        const capture = await captures.begin(api.readOrder(request.body), request.caller);
        reply.code(201).header('location', api.hrefOf(capture.id));
        return show(capture, request);
      },
    );
    app.get(
      `${api.base}/:id`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'One capture', params: api.captureParameter, response: { 200: api.captureSchema } },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        return show(captures.get(api.readId(request.params.id)), request);
      },
    );
    app.post(
      `${api.base}/:id/stop`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'End a capture: its file is whole in the answer',
          params: api.captureParameter,
          response: { 200: api.captureSchema },
        },
      },
      async (request) => show(await captures.end(api.readId(request.params.id), request.caller), request),
    );
    app.delete(
      `${api.base}/:id`,
      { config: operator, schema: { tags, summary: 'Forget a capture that is over, with its file', params: api.captureParameter } },
      async (request, reply) => {
        await captures.forget(api.readId(request.params.id), request.caller);
        return reply.code(204).send();
      },
    );
    app.get(
      `${api.base}/:id/file`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'The packets as a pcap file; of a capture that runs those so far',
          params: api.captureParameter,
          produces: ['application/vnd.tcpdump.pcap'],
        },
      },
      async (request, reply) => {
        const id = api.readId(request.params.id);
        const { path, bytes } = await captures.file(id);
        reply.header('content-type', 'application/vnd.tcpdump.pcap').header('content-length', bytes);
        reply.header('content-disposition', `attachment; filename="capture-${id}.pcap"`).header('cache-control', 'no-store');
        return reply.send((bytes === 0 ? Readable.from([]) : createReadStream(path, { end: bytes - 1 })) as never);
      },
    );
    app.get(
      `${api.base}/:id/packets`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'Packets as they come: lines of JSON, or server-sent events where `Accept` asks for them',
          params: api.captureParameter,
          querystring: api.packetsQuery,
          produces: ['application/x-ndjson', 'text/event-stream'],
        },
      },
      async (request, reply) => {
        const id = api.readId(request.params.id);
        captures.get(id);
        const blocks = (signal: AbortSignal) => followedBlocks(captures, { id, where: request.query.where, signal });
        if (/\btext\/event-stream\b/.test(request.headers.accept ?? ''))
          return await sendEvents(request, reply, (signal) => asEvents(blocks(signal)));
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const signal = AbortSignal.any([gone.signal, request.leaving, request.server.closing]);
        reply.header('content-type', 'application/x-ndjson; charset=utf-8').header('cache-control', 'no-store');
        return reply.send(Readable.from(blocks(signal), { objectMode: false }) as never);
      },
    );
  };
};

async function* asEvents(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  for await (const line of linesOf(blocks)) yield { event: 'packet', data: JSON.parse(line) };
  yield { event: 'end', data: {} };
}
