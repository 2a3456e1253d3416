/** `/api/v1/sockets/{name}/frames`: what comes, as it comes. */
import { type SentEvent, sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { listenerParameter } from '../api.ts';
import { jsonOf } from '../destinations/text.ts';
import type { Frame } from '../frame.ts';
import type { Listener } from '../listener.ts';
import { base } from '../places.ts';
import type { Sockets } from '../sockets.ts';

/** What waits for a slow reader at most; beyond it frames are left out of what he sees, never of what is delivered. */
const mostFrames = 1000;
const mostBytes = 1024 * 1024;

export const frameRoutes = (sockets: Sockets): RoomRoutes => {
  return async (app) => {
    app.get(
      `${base}/:name/frames`,
      {
        // They may hold anything, so it takes more than a look at counters.
        config: { role: 'operator' },
        schema: {
          tags: ['sockets'],
          summary: 'Frames as they come, as server-sent events: `frame`, and `left_out` where a reader is too slow',
          params: listenerParameter,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const listener = sockets.get(request.params.name);
        return await sendEvents(request, reply, (signal) => follow(listener, signal));
      },
    );
  };
};

async function* follow(listener: Listener, signal: AbortSignal): AsyncGenerator<SentEvent> {
  let waiting: Frame[] = [];
  let bytes = 0;
  let leftOut = 0;
  let wake = Promise.withResolvers<void>();
  const unwatch = listener.watch((frame) => {
    if (waiting.length >= mostFrames || bytes + frame.bytes.length > mostBytes) leftOut++;
    else {
      waiting.push(frame);
      bytes += frame.bytes.length;
    }
    wake.resolve();
  });
  signal.addEventListener('abort', () => wake.resolve(), { once: true });
  try {
    for (;;) {
      await wake.promise;
      if (signal.aborted) return;
      wake = Promise.withResolvers();
      const frames = waiting;
      const count = leftOut;
      waiting = [];
      bytes = leftOut = 0;
      for (const frame of frames) yield { event: 'frame', data: jsonOf(frame) };
      if (count > 0) yield { event: 'left_out', data: { count } };
    }
  } finally {
    unwatch();
  }
}
