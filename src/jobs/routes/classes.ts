/** `/api/v1/jobs/classes`: presets that submissions name. */
import { Type } from 'typebox';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { linksSchema } from '../../core/links.ts';
import { pageOf, pageQuery, pageSchemaOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { base } from '../hrefs.ts';
import { type JobClass, presetMembers } from '../job-classes.ts';
import type { Jobs } from '../jobs.ts';

const root = `${base}/classes`;
const tags = ['jobs'];
const nameParameter = Type.Object({ name: Type.String({ maxLength: 64 }) });
const members = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: `Members of a submission: ${presetMembers.join(', ')}.`,
});
const classSchema = Type.Object({ name: Type.String(), description: Type.Optional(Type.String()), members, links: linksSchema });
const pagesQuery = Type.Object({ page: pageQuery.page, per_page: pageQuery.per_page }, { additionalProperties: false });
const classesSchema = pageSchemaOf(classSchema);
const bodySchema = Type.Object(
  { description: Type.Optional(Type.String({ maxLength: 255 })), members },
  {
    additionalProperties: false,
    examples: [{ description: 'small and soon', members: { time_limit: '10m', resources: 'CORES/1 RAM/500' } }],
  },
);

const shown = (one: JobClass) => ({ ...one, links: { self: { href: `${root}/${one.name}` }, collection: { href: root } } });

export const classRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    app.get(
      root,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'The job classes',
          querystring: pagesQuery,
          response: { 200: classesSchema },
        },
      },
      async (request) => {
        const { items, links, ...page } = pageOf(jobs.classes.all(), request.url, request.query);
        return { items: items.map(shown), ...page, links: { ...links, jobs: { href: base } } };
      },
    );
    app.get(
      `${root}/:name`,
      { config: { role: 'viewer' }, schema: { tags, summary: 'One job class', params: nameParameter, response: { 200: classSchema } } },
      async (request) => shown(jobs.classes.get(request.params.name)),
    );
    app.put(
      `${root}/:name`,
      {
        ...asItIs,
        config: { role: 'admin' },
        schema: { tags, summary: 'Make or replace a job class', params: nameParameter, body: bodySchema, response: { 200: classSchema } },
      },
      async (request) => {
        const { name } = request.params as { name: string };
        const made = await jobs.classes.set(name, readClass(request.body), jobs.config.array);
        await jobs.noteClass(request.caller, 'jobs.class.set', name);
        return shown(made);
      },
    );
    app.delete(
      `${root}/:name`,
      { config: { role: 'admin' }, schema: { tags, summary: 'Remove a job class; jobs of it stay as they are', params: nameParameter } },
      async (request, reply) => {
        await jobs.classes.remove(request.params.name);
        await jobs.noteClass(request.caller, 'jobs.class.remove', request.params.name);
        return reply.code(204).send();
      },
    );
  };
};

function readClass(body: unknown): Omit<JobClass, 'name'> {
  const fault = (detail: string, pointer: string) => new Problem('unprocessable', 'That is no job class.', { detail, pointer });
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw fault('expected a JSON object', '');
  const { description, members, ...more } = body as Record<string, unknown>;
  const [alien] = Object.keys(more);
  if (alien !== undefined) throw fault('expected description and members', `/${alien}`);
  if (description !== undefined && (typeof description !== 'string' || description.length > 255 || /\p{Cc}/u.test(description)))
    throw fault('expected a line of 255 characters at most', '/description');
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    throw fault(`expected an object with some of ${presetMembers.join(', ')}`, '/members');
  return { ...(description !== undefined && { description }), members: members as Record<string, unknown> };
}
