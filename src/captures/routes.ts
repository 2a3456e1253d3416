/** The door of the captures for the server: `/api/v1/interfaces`, `/api/v1/captures`. */
import type { RoomRoutes } from '../core/http.ts';
import type { Captures } from './captures.ts';
import { captureRoutes } from './routes/captures.ts';
import { interfaceRoutes } from './routes/interfaces.ts';
import { packetRoutes } from './routes/packets.ts';

export { registerCapturesMetrics } from './metrics.ts';

/** All routes of the room. */
export const capturesRoutes = (captures: Captures): RoomRoutes => {
  return async (app) => {
    for (const routes of [interfaceRoutes, captureRoutes, packetRoutes]) await app.register(routes(captures));
  };
};
