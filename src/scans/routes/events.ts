/** `/api/v1/scans/{id}/events`: how far a scan is, as server-sent events. */
import { setTimeout as pause } from 'node:timers/promises';
import { type SentEvent, sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { readId, scanParameter, showScan } from '../api.ts';
import { isOver, type Scan } from '../scan.ts';
import type { Scans } from '../scans.ts';

const intervalMs = 250;

export const eventRoutes = (scans: Scans): RoomRoutes => {
  return async (app) => {
    app.get(
      '/api/v1/scans/:id/events',
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['scans'],
          summary: 'How far a scan is, as server-sent events: `progress` while it moves, `end` at its end, which ends the stream',
          params: scanParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const id = readId(request.params.id);
        scans.get(id);
        const show = (scan: Scan) => showScan(scan, scans.now(), request.caller);
        return await sendEvents(request, reply, (signal) => follow(scans, id, show, signal));
      },
    );
  };
};

async function* follow(scans: Scans, id: number, show: (scan: Scan) => object, signal: AbortSignal): AsyncGenerator<SentEvent> {
  let told = '';
  for (;;) {
    const scan = scans.all().find((one) => one.id === id);
    if (scan === undefined) return yield { event: 'forgotten', data: { id } };
    if (isOver(scan)) return yield { event: 'end', data: show(scan) };
    const now = `${scan.state} ${scan.progress.done}`;
    if (now !== told) yield { event: 'progress', data: show(scan) };
    told = now;
    await pause(intervalMs, undefined, { signal });
  }
}
