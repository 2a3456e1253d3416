/** The doors of the records for the server: collections, records, the short paths, and the collector. */
import type { RoomRoutes } from '../core/http.ts';
import type { Records } from './records.ts';
import { bulkRoutes } from './routes/bulk.ts';
import { collectionRoutes } from './routes/collections.ts';
import { collectorRoutes } from './routes/collector.ts';
import { eventRoutes } from './routes/events.ts';
import { mountedRoutes, recordRoutes } from './routes/records.ts';

/** All routes of the room. */
export const recordsRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    for (const routes of [collectionRoutes, eventRoutes, bulkRoutes, recordRoutes, mountedRoutes, collectorRoutes])
      await app.register(routes(records));
  };
};
