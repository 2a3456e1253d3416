/** `/api/v1/records/{collection}/events`: what happens to records, as server-sent events. */
import type { FastifyRequest } from 'fastify';
import { type SentEvent, sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { KeyFault } from '../../keys/index.ts';
import { collectionParameter } from '../api.ts';
import type { Collection } from '../collection.ts';
import { base } from '../hrefs.ts';
import type { Records } from '../records.ts';

const tags = ['records'];

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
      async (request, reply) => {
        const last = lastOf(request);
        const collection = await records.collection(request.params.collection);
        return await sendEvents(request, reply, (signal) => follow(collection, last, signal));
      },
    );
  };
};

/** Where a reader was, by `Last-Event-ID`; undefined for one who begins. */
function lastOf({ headers }: FastifyRequest): number | undefined {
  const last = headers['last-event-id'];
  if (last === undefined) return undefined;
  if (/^\d{1,15}$/.test(String(last))) return Number(last);
  throw new Problem('invalid', 'Last-Event-ID is not one that was sent here.', { pointer: 'last-event-id' });
}

async function* follow(collection: Collection, last: number | undefined, signal: AbortSignal): AsyncGenerator<SentEvent> {
  try {
    for await (const { index, kind, id, record } of collection.events(last === undefined ? undefined : last + 1, signal))
      yield { id: index, event: kind, data: record ?? { id } };
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    // History is gone: the reader has to read the collection anew, and is told so.
    yield { event: 'reset', data: { reason: error.cause } };
  }
}
