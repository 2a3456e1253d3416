/** The doors of the flows: import, stream, pages and sums. A route is its schema and a few lines that ask the room. */
import type { RoomRoutes } from '../core/http.ts';
import type { Flows } from './flows.ts';
import { exporterRoutes } from './routes/exporters.ts';
import { flowRoutes } from './routes/flows.ts';
import { importRoutes } from './routes/imports.ts';
import { streamRoutes } from './routes/stream.ts';

export { registerFlowsMetrics } from './metrics.ts';

/** All routes of the room. */
export const flowsRoutes = (flows: Flows): RoomRoutes => {
  return async (app) => {
    await app.register(streamRoutes(flows));
    await app.register(flowRoutes(flows));
    await app.register(importRoutes(flows));
    await app.register(exporterRoutes(flows));
  };
};
