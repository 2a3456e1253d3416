/** What is done to a job that is there: it is changed, acted on, forgotten. */
import { Type } from 'typebox';
import { requireMatch } from '../../core/entity-tag.ts';
import { asItIs, type RoomRoutes } from '../../core/http.ts';
import { readJsonBodies } from '../../core/json-bodies.ts';
import { jobParameter, jobSchema } from '../api.ts';
import { base } from '../hrefs.ts';
import { readJobChange } from '../job-change.ts';
import { readId } from '../job-id.ts';
import { actions, type Jobs } from '../jobs.ts';
import { answerJob, tagOf } from './job-answer.ts';

const tags = ['jobs'];
const operator = { role: 'operator' } as const;

export const controlRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    readJsonBodies(app, ['application/merge-patch+json']);
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
        return answerJob(jobs, await jobs.change(job.id, readJobChange(request.body), request.caller), { request, reply });
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
          return answerJob(jobs, await jobs.act(readId(request.params.id), action, request.caller, priority), { request, reply });
        },
      );
    }
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

const rerunQuery = Type.Object({ priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 15 })) });
