/** `/api/v1/scans/schedules`: scans that come again and again. */
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { pagesQuery, scheduleParameter, scheduleRequestSchema, scheduleSchema, schedulesSchema, showSchedule } from '../api.ts';
import { base, scheduleHref } from '../hrefs.ts';
import type { ScanRequest } from '../request.ts';
import type { Scans } from '../scans.ts';
import { readEvery } from '../schedule.ts';

const root = `${base}/schedules`;
const tags = ['scans'];

export const scheduleRoutes = (scans: Scans): RoomRoutes => {
  const { schedules } = scans;
  return async (app) => {
    app.get(
      root,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'Scans that come again', querystring: pagesQuery, response: { 200: schedulesSchema } },
      },
      async (request, reply) => {
        const { items, links: pages, ...page } = pageOf(schedules.all(), request.url, request.query);
        const links = { ...pages, scans: { href: base } };
        reply.header('link', linkHeader(links));
        return { items: items.map(showSchedule), ...page, links };
      },
    );
    app.post(
      root,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Repeat a scan; the first runs at once',
          body: scheduleRequestSchema,
          response: { 201: scheduleSchema },
        },
      },
      async (request, reply) => {
        const { every, ticket = true, ...wanted } = request.body;
        scans.switch.require();
        const everyMs = readEvery(every);
        // What could not run now is told now, not in the middle of the night.
        await scans.plan(wanted as ScanRequest);
        const schedule = await schedules.add({ everyMs, request: wanted as ScanRequest, user: request.caller.name, ticket });
        await scans.note(request.caller, 'scans.schedule', schedule.id, `every ${every}: ${wanted.targets.join(' ')}`.slice(0, 1000));
        reply.code(201).header('location', scheduleHref(schedule.id));
        return showSchedule(schedule);
      },
    );
    app.get(
      `${root}/:id`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'One schedule', params: scheduleParameter, response: { 200: scheduleSchema } },
      },
      async (request) => showSchedule(schedules.get(request.params.id)),
    );
    app.delete(
      `${root}/:id`,
      { config: { role: 'operator' }, schema: { tags, summary: 'Repeat a scan no more; its scans stay', params: scheduleParameter } },
      async (request, reply) => {
        await schedules.remove(request.params.id);
        await scans.note(request.caller, 'scans.unschedule', request.params.id);
        return reply.code(204).send();
      },
    );
  };
};
