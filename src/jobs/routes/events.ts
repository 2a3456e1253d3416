/** `/api/v1/jobs/events`: changes of state, as server-sent events. */
import { Type } from 'typebox';
import { type SentEvent, sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { type Change, KeyFault, nameOf, textValue } from '../../keys/index.ts';
import { showJob } from '../api.ts';
import { base } from '../hrefs.ts';
import type { Job } from '../job.ts';
import { formatId, readId } from '../job-id.ts';
import { readJob } from '../job-record.ts';
import type { Jobs } from '../jobs.ts';
import { jobsFolder } from '../store.ts';

const mostIds = 1000;

export const eventRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    app.get(
      `${base}/events`,
      {
        config: { role: 'viewer' },
        schema: {
          tags: ['jobs'],
          summary: 'Changes of jobs, as server-sent events: first how those that are named stand now; goes on behind Last-Event-ID',
          querystring: Type.Object({
            id: Type.Optional(Type.String({ maxLength: 12_000, description: 'Only these jobs: ids, separated by commas.' })),
            user: Type.Optional(Type.String({ maxLength: 64 })),
            mine: Type.Optional(Type.Boolean({ description: 'Only those of who asks.' })),
            set: Type.Optional(Type.String({ maxLength: 255, description: 'Only jobs of this set; how they stand now comes first, too.' })),
          }),
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const { id, mine, set } = request.query;
        const user = mine === true ? request.caller.name : request.query.user;
        const ids = id === undefined ? undefined : new Set(id.split(',').map((one) => readId(one)));
        if ((ids?.size ?? 0) > mostIds) throw new Problem('invalid', `${mostIds} jobs at most are followed at once.`, { pointer: 'id' });
        for (const one of ids ?? []) jobs.get(one);
        const last = request.headers['last-event-id'];
        if (last !== undefined && !/^\d{1,15}$/.test(String(last)))
          throw new Problem('invalid', 'Last-Event-ID is not one that was sent here.', { pointer: 'last-event-id' });
        const { caller } = request;
        const shown = (job: Job) => showJob(job, { now: jobs.now(), reason: jobs.queue.reasonOf(job), caller });
        const fits = (job: Job) =>
          (ids === undefined || ids.has(job.id)) && (user === undefined || job.user === user) && (set === undefined || job.set === set);
        const from = last === undefined ? undefined : Number(last) + 1;
        return await sendEvents(request, reply, (signal) =>
          follow({ jobs, first: ids ?? jobs.queue.sets.idsOf(set ?? '') ?? [], fits, shown, from }, signal),
        );
      },
    );
  };
};

type Wish = {
  jobs: Jobs;
  /** Jobs that are told of before anything changes. */
  first: Iterable<number>;
  fits(job: Job): boolean;
  shown(job: Job): object;
  from: number | undefined;
};

async function* follow({ jobs, first: ids, fits, shown, from }: Wish, signal: AbortSignal): AsyncGenerator<SentEvent> {
  // The feed is opened first, so that nothing falls between what stands now and what comes.
  const feed = jobs.tree.watch(jobsFolder, { isRecursive: true, signal, ...(from !== undefined && { from }) })[Symbol.asyncIterator]();
  const coming = feed.next();
  coming.catch(() => {}); // seen below
  if (from === undefined) {
    for (const id of ids) {
      const job = jobs.queue.store.get(id);
      if (job !== undefined) yield { id: jobs.queue.store.versionOf(id), event: 'job', data: shown(job) };
    }
  }
  try {
    for (let next = await coming; !next.done; next = await feed.next()) {
      const sent = sentOf(next.value, fits, shown);
      if (sent !== undefined) yield sent;
    }
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    // History is gone: the reader has to read the jobs anew, and is told so.
    yield { event: 'reset', data: { reason: error.cause } };
  } finally {
    await feed.return?.();
  }
}

function sentOf({ node, prev, index, action }: Change, fits: (job: Job) => boolean, shown: (job: Job) => object): SentEvent | undefined {
  const isGone = action === 'delete' || action === 'compare-and-delete' || action === 'expire';
  const text = isGone ? (prev === undefined ? undefined : textValue(prev)) : textValue(node);
  if (text === undefined || text === '') return undefined;
  const job = readJob(text);
  if (!fits(job)) return undefined;
  if (isGone) return { id: index, event: 'forgotten', data: { id: formatId(Number(nameOf(node.path))) } };
  return { id: index, event: 'job', data: shown(job) };
}
