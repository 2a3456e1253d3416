/** What a capture has caught: its file, and its packets as they come. Packets are other people's words: even to look on takes an operator. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type SentEvent, sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import * as api from '../api.ts';
import type { Captures } from '../captures.ts';
import { followedBlocks, linesOf } from '../followed.ts';

const tags = ['captures'];
const operator = { role: 'operator' } as const;

export const packetRoutes =
  (captures: Captures): RoomRoutes =>
  async (app) => {
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

async function* asEvents(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  for await (const line of linesOf(blocks)) yield { event: 'packet', data: JSON.parse(line) };
  yield { event: 'end', data: {} };
}
