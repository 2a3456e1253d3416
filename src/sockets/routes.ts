/** The door of the sockets for the server. */
import type { RoomRoutes } from '../core/http.ts';
import { frameRoutes } from './routes/frames.ts';
import { listenerRoutes } from './routes/listeners.ts';
import type { Sockets } from './sockets.ts';

export { registerSocketsMetrics } from './metrics.ts';

/** All routes of the room. */
export const socketsRoutes = (sockets: Sockets): RoomRoutes => {
  return async (app) => {
    for (const routes of [listenerRoutes, frameRoutes]) await app.register(routes(sockets));
  };
};
