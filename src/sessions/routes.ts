/** The doors of the sessions for the server: Weir's own, and Livy's. */
import type { RoomRoutes } from '../core/http.ts';
import { livyRoutes } from './livy/livy.ts';
import { batchRoutes } from './routes/batches.ts';
import { sessionRoutes } from './routes/sessions.ts';
import type { Sessions } from './sessions.ts';

/** All routes of the room. */
export const sessionsRoutes = (sessions: Sessions): RoomRoutes => {
  return async (app) => {
    for (const routes of [livyRoutes, sessionRoutes]) await app.register(routes(sessions));
    await app.register(batchRoutes(sessions.batches));
  };
};
