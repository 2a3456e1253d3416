/** `/api/v3/jobs`: Accelerator's REST v3, as `nc_info.py` and its kind read it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageLinks } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { jobParameter } from '../api.ts';
import type { Job } from '../job.ts';
import { readJobChange } from '../job-change.ts';
import { formatId, readId } from '../job-id.ts';
import type { Action, Jobs } from '../jobs.ts';
import { readStates, selectJobs } from '../selection.ts';
import { envelope, readFields, submissionOf } from '../vov.ts';

const tags = ['vov jobs'];
const viewer = { role: 'viewer' } as const;
const operator = { role: 'operator' } as const;
const root = '/api/v3/jobs';

const rowsSchema = Type.Unsafe<object>({
  type: 'object',
  additionalProperties: true,
  required: ['columns', 'rows', 'errormsg', 'startrow', 'endrow', 'query'],
  description: 'Rows, each a list in the order of the columns.',
});

/** Words that mean an action here; the first are Accelerator's. */
const actionWords: Record<string, Action> = {
  stop: 'stop',
  kill: 'kill',
  suspend: 'suspend',
  resume: 'resume',
  rerun: 'rerun',
  dequeue: 'hold',
  hold: 'hold',
  release: 'release',
  queue: 'release',
};

const listQuery = Type.Object({
  fields: Type.Optional(Type.String({ maxLength: 2000, description: 'Names of fields, separated by commas, in any case.' })),
  status: Type.Optional(Type.String({ maxLength: 200 })),
  user: Type.Optional(Type.String({ maxLength: 64 })),
  group: Type.Optional(Type.String({ maxLength: 255 })),
  jobname: Type.Optional(Type.String({ maxLength: 255 })),
  sort: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['ID', '-ID', 'id', '-id'] })),
  page: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
  per_page: Type.Integer({ minimum: 1, maximum: 1000, default: 30 }),
});

const bodySchema = (example: object) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, examples: [example] });

export const vovRoutes = (jobs: Jobs): RoomRoutes => {
  const rowsOf = (all: readonly Job[], names: readonly string[], from = 'JOBS', startRow = 1) =>
    envelope({ names, jobs: all, from, startRow, now: jobs.now(), reasonOf: (job) => jobs.queue.reasonOf(job) });

  return async (app) => {
    const oneSchema = (summary: string) => ({ tags, summary, params: jobParameter, response: { 200: rowsSchema } });
    app.get(
      root,
      { config: viewer, schema: { tags, summary: 'A page of jobs, in rows', querystring: listQuery, response: { 200: rowsSchema } } },
      async (request, reply) => {
        const { fields, status, user, group, jobname, sort = 'ID', page, per_page } = request.query;
        const names = readFields(fields);
        const selection = {
          ...(status !== undefined && { states: readStates(status, 'status') }),
          ...(user !== undefined && { user }),
          ...(group !== undefined && { group }),
          ...(jobname !== undefined && { name: jobname }),
          isFalling: sort.startsWith('-'),
        };
        const from = (page - 1) * per_page;
        const found = selectJobs(jobs.queue.store, selection, from, per_page);
        const links = pageLinks(request.url, { page, per_page }, { hasMore: from + per_page < found.total, total: found.total });
        reply.header('link', linkHeader(links)).header('cache-control', 'private, no-cache');
        return rowsOf(found.jobs, names, 'JOBS', from + 1);
      },
    );
    app.post(
      root,
      {
        ...asItIs,
        config: operator,
        schema: {
          tags,
          summary: 'Submit a job, in the words of VOV_JOB_DESC',
          body: bodySchema({ command: 'sleep 10' }),
          response: { 201: rowsSchema },
        },
      },
      async (request, reply) => {
        const { body } = request;
        if (typeof body !== 'object' || body === null || Array.isArray(body))
          throw new Problem('unprocessable', 'A submission is a JSON object.', { pointer: '' });
        const job = await jobs.submit(submissionOf(body), request.caller);
        reply.code(201).header('location', `${root}/${formatId(job.id)}`);
        return { id: formatId(job.id), ...rowsOf([job], readFields(undefined), formatId(job.id)) };
      },
    );
    const show = (request: FastifyRequest, reply: FastifyReply) => {
      const { id, part } = request.params as { id: string; part?: string };
      const job = jobs.get(readId(id));
      reply.header('cache-control', 'private, no-cache').header('vary', 'Authorization, Accept');
      return rowsOf([job], readFields(part), formatId(job.id));
    };
    app.get(`${root}/:id`, { config: viewer, schema: oneSchema('One job, in a row') }, async (request, reply) => show(request, reply));
    app.get(
      `${root}/:id/:part`,
      {
        config: viewer,
        schema: {
          tags,
          summary: 'Some fields of a job',
          params: Type.Object({
            id: Type.String({ maxLength: 64 }),
            part: Type.String({ maxLength: 512, description: 'Names of fields, separated by commas.' }),
          }),
          response: { 200: rowsSchema },
        },
      },
      async (request, reply) => show(request, reply),
    );
    app.put(
      `${root}/:id`,
      {
        ...asItIs,
        config: operator,
        schema: { ...oneSchema('Control a job: stop, suspend, resume, rerun, dequeue'), body: bodySchema({ action: 'stop' }) },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const word = (request.body as { action?: unknown } | null)?.action;
        const job = await jobs.act(readId(id), actionOf(word), request.caller);
        return rowsOf([job], readFields(undefined), formatId(job.id));
      },
    );
    app.patch(
      `${root}/:id`,
      {
        ...asItIs,
        config: operator,
        schema: {
          ...oneSchema('Change priority, jobname or properties of a job'),
          body: bodySchema({ priority: 'high', properties: { TICKET: '17' } }),
        },
      },
      async (request) => {
        const { id } = request.params as { id: string };
        const body = request.body as Record<string, unknown> | null | undefined;
        const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
        const changes = isObject ? submissionOf(body) : body;
        const job = await jobs.change(readId(id), readJobChange(changes), request.caller);
        return rowsOf([job], readFields(undefined), formatId(job.id));
      },
    );
    app.post(
      `${root}/:id/:part`,
      {
        config: operator,
        schema: {
          tags,
          summary: 'The same, with the action in the path',
          params: Type.Object({ id: Type.String({ maxLength: 64 }), part: Type.String({ maxLength: 512, description: 'The action.' }) }),
          response: { 200: rowsSchema },
        },
      },
      async (request) => {
        const { id, part } = request.params;
        const job = await jobs.act(readId(id), actionOf(part), request.caller);
        return rowsOf([job], readFields(undefined), formatId(job.id));
      },
    );
    app.delete(
      `${root}/:id`,
      { config: operator, schema: { tags, summary: 'Forget a job that is over', params: jobParameter } },
      async (request, reply) => {
        await jobs.forget(readId(request.params.id), request.caller);
        return reply.code(204).send();
      },
    );
  };
};

function actionOf(word: unknown): Action {
  const action = typeof word === 'string' && Object.hasOwn(actionWords, word) ? actionWords[word] : undefined;
  if (action !== undefined) return action;
  throw new Problem('unprocessable', 'There is no such action on jobs.', {
    detail: `expected one of ${Object.keys(actionWords).join(', ')}; got ${JSON.stringify(word)?.slice(0, 80) ?? 'nothing'}`,
    pointer: '/action',
  });
}
