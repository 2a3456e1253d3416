/** `/api/v1/jobs/sets`: jobs that were submitted under one name, together. */
import { Type } from 'typebox';
import type { Caller } from '../../core/caller.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linksSchema } from '../../core/links.ts';
import { pageOf, pageQuery, pageSchemaOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { base } from '../hrefs.ts';
import { formatId } from '../job-id.ts';
import { type Action, actions, type Jobs } from '../jobs.ts';

const root = `${base}/sets`;
const tags = ['jobs'];
const nameParameter = Type.Object({ name: Type.String({ maxLength: 255 }) });
const setSchema = Type.Object({
  name: Type.String(),
  jobs: Type.Integer(),
  states: Type.Record(Type.String(), Type.Integer(), { description: 'How many of them are in each state.' }),
  links: linksSchema,
});
const pagesQuery = Type.Object(pageQuery, { additionalProperties: false });
const setsSchema = pageSchemaOf(setSchema);
const answerSchema = Type.Object({
  name: Type.String(),
  done: Type.Array(Type.String(), { description: 'Ids of those that it was done to.' }),
  refused: Type.Array(Type.Object({ id: Type.String(), reason: Type.String() })),
});

/** Sets that have ended well, are on their way, or hold a failure; beside each how many jobs are in which state. */
export const setRoutes = (jobs: Jobs): RoomRoutes => {
  const shown = (name: string) => {
    const census = jobs.queue.sets.census(name);
    if (census === undefined)
      throw new Problem('not-found', 'There is no such set.', { hint: 'a set is there as long as a job of it is', pointer: 'name' });
    return { name, jobs: census.total, states: census.counts(), links: linksOf(name) };
  };
  return async (app) => {
    app.get(
      root,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'The sets of jobs, with how many of each are in which state',
          querystring: pagesQuery,
          response: { 200: setsSchema },
        },
      },
      async (request) => {
        const { items, links, ...page } = pageOf(jobs.queue.sets.names(), request.url, request.query, (name) => name);
        return { items: items.map(shown), ...page, links: { ...links, jobs: { href: base } } };
      },
    );
    app.get(
      `${root}/:name`,
      { config: { role: 'viewer' }, schema: { tags, summary: 'One set of jobs', params: nameParameter, response: { 200: setSchema } } },
      async (request) => shown(request.params.name),
    );
    app.post(
      `${root}/:name/:action`,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Do something to every job of a set that it can be done to',
          params: Type.Object({
            name: Type.String({ maxLength: 255 }),
            action: Type.Unsafe<Action>({ type: 'string', enum: [...actions] }),
          }),
          response: { 200: answerSchema },
        },
      },
      async (request) => {
        const { name, action } = request.params;
        shown(name);
        return await toAll(jobs, name, (id) => jobs.act(id, action, request.caller as Caller));
      },
    );
    app.delete(
      `${root}/:name`,
      {
        config: { role: 'operator' },
        schema: { tags, summary: 'Forget every job of a set that is over', params: nameParameter, response: { 200: answerSchema } },
      },
      async (request) => {
        shown(request.params.name);
        return await toAll(jobs, request.params.name, (id) => jobs.forget(id, request.caller));
      },
    );
  };
};

/** Arrays stand for their children. One that cannot be touched is told, and keeps nobody else from it. */
async function toAll(jobs: Jobs, name: string, work: (id: number) => Promise<unknown>) {
  const done: string[] = [];
  const refused: { id: string; reason: string }[] = [];
  const ids = (jobs.queue.sets.idsOf(name) ?? []).filter((id) => jobs.queue.store.get(id)?.parent === undefined);
  await Promise.all(
    ids.map(async (id) => {
      try {
        await work(id);
        done.push(formatId(id));
      } catch (error) {
        if (!(error instanceof Problem) || error.code === 'unavailable') throw error;
        refused.push({ id: formatId(id), reason: error.title });
      }
    }),
  );
  return { name, done: done.sort(), refused: refused.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function linksOf(name: string): Links {
  const self = `${root}/${encodeURIComponent(name)}`;
  return {
    self: { href: self },
    collection: { href: root },
    jobs: { href: `${base}?set=${encodeURIComponent(name)}`, title: 'The jobs of the set' },
    events: { href: `${base}/events?set=${encodeURIComponent(name)}`, title: 'Their changes of state, as they come' },
    stop: { href: `${self}/stop`, method: 'POST', title: 'End those that are not over' },
    forget: { href: self, method: 'DELETE', title: 'Forget those that are over' },
  };
}
