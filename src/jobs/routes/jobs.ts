/** `/api/v1/jobs`: submit, list and look at jobs. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { isKnownTag } from '../../core/entity-tag.ts';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageLinks } from '../../core/paging.ts';
import { jobParameter, jobSchema, jobsQuery, jobsSchema, submissionSchema } from '../api.ts';
import { base, hrefOf } from '../hrefs.ts';
import { readId } from '../job-id.ts';
import type { Jobs } from '../jobs.ts';
import { readStates, selectJobs } from '../selection.ts';
import { answerJob, shownTo, tagOf } from './job-answer.ts';

const tags = ['jobs'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;

export const jobRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
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
        return { items: found.jobs.map((job) => shownTo(jobs, job, request)), page, per_page, total: found.total, links };
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
        return answerJob(jobs, job, { request, reply });
      },
    );
    app.get(
      `${base}/:id`,
      { config: viewer, schema: { tags, summary: 'One job', params: jobParameter, response: { 200: jobSchema } } },
      async (request, reply) => {
        const job = jobs.get(readId(request.params.id));
        const tag = tagOf(jobs, job);
        if (!isKnownTag(request.headers, tag)) return answerJob(jobs, job, { request, reply });
        return (reply as FastifyReply).code(304).header('etag', tag).header('cache-control', 'private, no-cache').send() as never;
      },
    );
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
  };
};

const collectionLinks: Links = {
  submit: { href: base, method: 'POST', title: 'Submit a job' },
  events: { href: `${base}/events`, title: 'Changes of state, as they come' },
  queue: { href: `${base}/queue`, title: 'What is free' },
};
