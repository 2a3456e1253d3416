/** `/api/v1/jobs`: submit, list, look at, control and forget jobs. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isKnownTag, requireMatch, tagOfVersion } from '../../core/entity-tag.ts';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { readJsonBodies } from '../../core/json-bodies.ts';
import { type Links, linkHeader, linksSchema } from '../../core/links.ts';
import { pageLinks } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { jobParameter, jobSchema, jobsQuery, jobsSchema, type ShownJob, showJob, submissionSchema } from '../api.ts';
import { base, hrefOf } from '../hrefs.ts';
import { durationOf, isOver, type Job } from '../job.ts';
import { readId } from '../job-id.ts';
import { actions, type Jobs } from '../jobs.ts';
import { readPriority } from '../priority.ts';
import { readStates, selectJobs } from '../selection.ts';

const tags = ['jobs'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const jobRoutes = (jobs: Jobs): RoomRoutes => {
  const show = (job: Job, { caller }: FastifyRequest): ShownJob =>
    showJob(job, { now: jobs.now(), reason: jobs.queue.reasonOf(job), caller });
  const answer = (job: Job, request: FastifyRequest, reply: FastifyReply): ShownJob => {
    reply.header('etag', tagOf(jobs, job)).header('cache-control', 'private, no-cache');
    return show(job, request);
  };

  return async (app) => {
    readJsonBodies(app, ['application/merge-patch+json']);

    app.get(
      base,
      {
        config: { ...viewer, collection: { title: 'Jobs' } },
        schema: { tags, summary: 'A page of jobs', querystring: jobsQuery, response: { 200: jobsSchema } },
      },
      async (request, reply) => {
        const { page, per_page, state, mine, group, name, set, parent, after, sort = 'id' } = request.query;
        const user = mine === true ? request.caller.name : request.query.user;
        const selection = {
          ...(state !== undefined && { states: readStates(state, 'state') }),
          ...(user !== undefined && { user }),
          ...(group !== undefined && { group }),
          ...(name !== undefined && { name }),
          ...(set !== undefined && { set }),
          ...(parent !== undefined && { parent: readId(parent, 'parent') }),
          ...(after !== undefined && { after: readId(after, 'after') }),
          isFalling: sort === '-id',
        };
        const from = (page - 1) * per_page;
        const found = selectJobs(jobs.queue.store, selection, from, per_page);
        const links: Links = {
          ...pageLinks(request.url, { page, per_page }, { hasMore: from + per_page < found.total, total: found.total }),
          ...collectionLinks,
        };
        reply.header('link', linkHeader(links));
        return { items: found.jobs.map((job) => show(job, request)), page, per_page, total: found.total, links };
      },
    );
    app.post(
      base,
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Submit a job, or an array of them; it is on disk when this answers',
          body: submissionSchema,
          response: { 201: jobSchema },
        },
      },
      async (request, reply) => {
        const job = await jobs.submit(request.body, request.caller);
        reply.code(201).header('location', hrefOf(job.id));
        return answer(job, request, reply);
      },
    );
    app.get(
      `${base}/queue`,
      {
        config: { ...viewer, live: { title: 'Jobs' } },
        schema: { tags, summary: 'What there is to share, what is free, and how many wait', response: { 200: queueSchema } },
      },
      async () => queueFacts(jobs),
    );
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: 'One job', params: jobParameter, response: { 200: jobSchema } } },
      async (request, reply) => {
        const job = jobs.get(readId(request.params.id));
        const tag = tagOf(jobs, job);
        if (!isKnownTag(request.headers, tag)) return answer(job, request, reply);
        return (reply as FastifyReply).code(304).header('etag', tag).header('cache-control', 'private, no-cache').send() as never;
      },
    );
    app.patch(
      `${base}/:id`,
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Change priority, name or properties',
          consumes: ['application/merge-patch+json', 'application/json'],
          params: jobParameter,
          body: Type.Unsafe<Record<string, unknown>>({
            type: 'object',
            additionalProperties: false,
            properties: { priority: {}, name: {}, properties: {} },
          }),
          response: { 200: jobSchema },
        },
      },
      async (request, reply) => {
        const job = jobs.get(readId((request.params as { id: string }).id));
        requireMatch(request.headers, tagOf(jobs, job));
        return answer(await jobs.change(job.id, changesOf(request.body), request.caller), request, reply);
      },
    );
    for (const action of actions) {
      app.post(
        `${base}/:id/${action}`,
        {
          config: operator,
          schema: {
            tags,
            summary: summaries[action],
            params: jobParameter,
            ...(action === 'rerun' && { querystring: rerunQuery }),
            response: { 200: jobSchema },
          },
        },
        async (request, reply) => {
          const { priority } = request.query as { priority?: number };
          return answer(await jobs.act(readId(request.params.id), action, request.caller, priority), request, reply);
        },
      );
    }
    app.get(
      `${base}/:id/environment`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'The variables of a job, for its owner',
          params: jobParameter,
          response: { 200: Type.Record(Type.String(), Type.String()) },
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        return await jobs.environmentOf(readId(request.params.id), request.caller);
      },
    );
    app.delete(
      `${base}/:id`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'Forget a job that is over; `logs=true` removes its log as well',
          params: jobParameter,
          querystring: Type.Object({ logs: Type.Optional(Type.Boolean()) }),
        },
      },
      async (request, reply) => {
        await jobs.forget(readId(request.params.id), request.caller, request.query.logs === true);
        return reply.code(204).send();
      },
    );
  };
};

const summaries: Record<(typeof actions)[number], string> = {
  stop: 'End a job: TERM, after a while KILL',
  kill: 'End a job at once',
  hold: 'Take a job out of the queue',
  release: 'Put a job into the queue',
  suspend: 'Stop the processes of a job',
  resume: 'Let the processes of a job go on',
  rerun: 'Run a job that is over again, under its id',
};

const collectionLinks: Links = {
  submit: { href: base, method: 'POST', title: 'Submit a job' },
  events: { href: `${base}/events`, title: 'Changes of state, as they come' },
  queue: { href: `${base}/queue`, title: 'What is free' },
};

const rerunQuery = Type.Object({ priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 15 })) });

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

/** The durations of a job that runs change by themselves. */
const tagOf = (jobs: Jobs, job: Job): string =>
  `${isOver(job) ? '' : 'W/'}${tagOfVersion(`${jobs.queue.store.versionOf(job.id)}.${durationOf(job, jobs.now())}`)}`;

/** What a body wants changed of a job. Throws `unprocessable`. */
export function changesOf(body: unknown): Partial<Pick<Job, 'priority' | 'name' | 'properties'>> {
  const fault = (detail: string, pointer = '') => new Problem('unprocessable', 'The job cannot be changed so.', { detail, pointer });
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw fault('expected a JSON object');
  const changes: Partial<Pick<Job, 'priority' | 'name' | 'properties'>> = {};
  for (const [name, value] of Object.entries(body)) {
    const priority = name === 'priority' ? readPriority(value as string) : undefined;
    const isProperties = typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
    if (priority !== undefined) changes.priority = priority.priority;
    else if (name === 'name' && typeof value === 'string' && value.length <= 255) changes.name = value;
    else if (name === 'properties' && isProperties) changes.properties = value as Record<string, string>;
    else throw fault('expected priority (1 to 15 or a word), name or properties', `/${name}`);
  }
  return changes;
}
