/** The door of the scans for the server. */
import type { RoomRoutes } from '../core/http.ts';
import { eventRoutes } from './routes/events.ts';
import { resultRoutes } from './routes/results.ts';
import { scanRoutes } from './routes/scans.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import type { Scans } from './scans.ts';

/** All routes of the room. */
export const scansRoutes = (scans: Scans): RoomRoutes => {
  return async (app) => {
    for (const routes of [scheduleRoutes, scanRoutes, resultRoutes, eventRoutes]) await app.register(routes(scans));
  };
};
