/** `/api/v1/jobs/queue`: what there is to share, and what waits for it. */
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { linksSchema } from '../../core/links.ts';
import { base } from '../hrefs.ts';
import type { Jobs } from '../jobs.ts';

const amounts = Type.Record(Type.String(), Type.Number());
const queueSchema = Type.Object({
  enabled: Type.Boolean(),
  backend: Type.String(),
  jobs: Type.Integer(),
  states: Type.Record(Type.String(), Type.Integer(), { description: 'How many jobs are in each state.' }),
  ready: Type.Integer({ description: 'Jobs that could start if there were room.' }),
  running: Type.Integer(),
  hosts: Type.Array(Type.Object({ host: Type.String(), amounts, free: amounts, tags: Type.Array(Type.String()) })),
  limits: Type.Record(Type.String(), Type.String(), { description: 'How far the kernel enforces what jobs take.' }),
  shares: Type.Array(
    Type.Object({ group: Type.String(), use: Type.Number({ description: 'Core-seconds, as they count now.' }), weight: Type.Number() }),
  ),
  links: linksSchema,
});

export const queueRoutes =
  (jobs: Jobs): RoomRoutes =>
  async (app) => {
    app.get(
      `${base}/queue`,
      {
        config: { role: 'viewer', live: { title: 'Jobs' } },
        schema: { tags: ['jobs'], summary: 'What there is to share, what is free, and how many wait', response: { 200: queueSchema } },
      },
      async () => queueFacts(jobs),
    );
  };

const queueFacts = (jobs: Jobs) => ({
  enabled: jobs.isEnabled,
  backend: jobs.backend.name,
  jobs: jobs.queue.store.size,
  states: jobs.queue.census.counts(),
  ready: jobs.queue.readyCount,
  running: jobs.queue.runningCount,
  hosts: jobs.queue.pool?.hosts() ?? [],
  limits: jobs.backend.limits(),
  shares: jobs.shares.all(jobs.now()),
  links: { self: { href: `${base}/queue` }, jobs: { href: base } },
});
