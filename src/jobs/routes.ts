/** The doors of the jobs for the server: Weir's own, and Accelerator's. */
import type { RoomRoutes } from '../core/http.ts';
import type { Jobs } from './jobs.ts';
import { classRoutes } from './routes/classes.ts';
import { controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { jobRoutes } from './routes/jobs.ts';
import { logRoutes } from './routes/logs.ts';
import { queueRoutes } from './routes/queue.ts';
import { setRoutes } from './routes/sets.ts';
import { terminalRoutes } from './routes/terminal.ts';
import { vovRoutes } from './routes/vov.ts';

export { registerJobsMetrics } from './metrics.ts';

/** All routes of the room. */
export const jobsRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    for (const routes of [jobRoutes, controlRoutes, queueRoutes, classRoutes, setRoutes, eventRoutes, logRoutes, terminalRoutes, vovRoutes])
      await app.register(routes(jobs));
  };
};
