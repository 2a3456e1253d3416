/** `/api/v1/imports`: a file as the body of a POST, and what became of it. */
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RoomRoutes } from '../../core/http.ts';
import { type Links, linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { idParameter, importQuery, importSchema, importsQuery, importsSchema } from '../api.ts';
import type { Flows } from '../flows.ts';
import type { ImportRecord } from '../import/import-record.ts';
import { type ImportWords, readImportWords } from '../import/words.ts';

const tags = ['imports'];
const collection = '/api/v1/imports';
/** Milliseconds between two signs of life of an event stream. */
const heartbeatMs = 15_000;
/** Milliseconds for which the rest of a refused body is still taken. */
const lingerMs = 3_000;

const isOver = (record: ImportRecord): boolean => record.state === 'done' || record.state === 'failed';

const linksOf = (record: ImportRecord): Links => {
  const self = `${collection}/${record.id}`;
  const links: Links = { self: { href: self }, collection: { href: collection } };
  if (record.state === 'done')
    return { ...links, flows: { href: `/api/v1/flows?filter=source+${record.id}`, title: 'The flows it brought' } };
  if (record.state === 'failed') return links;
  return {
    ...links,
    events: { href: `${self}/events`, title: 'Its progress, as server-sent events' },
    abort: { href: self, method: 'DELETE', title: 'Give it up' },
  };
};

const shown = (record: ImportRecord) => ({ ...record, links: linksOf(record) });

export const importRoutes = (flows: Flows): RoomRoutes => {
  return async (app) => {
    // Bodies are files of any type: they are handed on as they come and never parsed here.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

    app.post(
      collection,
      {
        config: { role: 'operator', isUpload: true },
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags,
          summary: 'Import the file that is the body',
          description:
            'Captures and flow files, plain or compressed; recognised by content. Answers when all octets have arrived; the links tell how it goes on.',
          querystring: importQuery,
          response: { 202: importSchema },
        },
      },
      async (request, reply) => receive(flows, request, reply),
    );

    app.get(
      collection,
      {
        config: { role: 'viewer', collection: { title: 'Imports' } },
        schema: {
          tags,
          summary: 'Imports, the latest last unless ordered otherwise',
          querystring: importsQuery,
          response: { 200: importsSchema },
        },
      },
      async (request, reply) => {
        const all = flows.imports.list();
        const { items, links } = pageOf(request.query.order === '-id' ? all.reverse() : all, request.url, request.query);
        reply.header('link', linkHeader(links));
        return { items: items.map(shown), links };
      },
    );

    app.get(
      `${collection}/:id`,
      { config: { role: 'viewer' }, schema: { tags, summary: 'One import', params: idParameter, response: { 200: importSchema } } },
      async (request, reply) => {
        const record = find(flows, request.params.id);
        reply.header('link', linkHeader(linksOf(record)));
        return shown(record);
      },
    );

    app.delete(
      `${collection}/:id`,
      {
        config: { role: 'operator' },
        schema: { tags, summary: 'Give up an import that is running; nothing of it is kept', params: idParameter },
      },
      async (request, reply) => {
        const record = find(flows, request.params.id);
        if (!flows.imports.abort(record.id))
          throw new Problem('conflict', `import ${record.id} has ended (${record.state}); what it brought stays`);
        return reply.code(204).send();
      },
    );

    app.get(
      `${collection}/:id/events`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'Progress of an import, as server-sent events', params: idParameter, produces: ['text/event-stream'] },
      },
      async (request, reply) => sendEvents(flows, find(flows, request.params.id), request, reply),
    );
  };
};

const find = (flows: Flows, id: number): ImportRecord => {
  const record = flows.imports.get(id);
  if (record !== undefined) return record;
  throw new Problem('not-found', `there is no import ${id}`, { hint: `GET ${collection} lists them` });
};

const receive = async (flows: Flows, request: FastifyRequest, reply: FastifyReply): Promise<ReturnType<typeof shown>> => {
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/')) {
    throw new Problem('unsupported-media', 'the body is the file itself, not a form', {
      hint: `curl --data-binary @FILE -H 'content-type: application/octet-stream' …`,
    });
  }
  const body = request.body as Readable | undefined | null;
  if (body === undefined || body === null)
    throw new Problem('invalid', 'the request has no body: send the file as it is', { hint: 'weir import FILE does so' });
  const settings = readImportWords(request.query as ImportWords, flows.config.imports.maxFlows);
  const length = request.headers['content-length'];
  const run = await flows.imports.start(
    settings,
    { stream: body.iterator({ destroyOnReturn: false }) },
    length === undefined ? null : Number(length),
  );
  const location = `${collection}/${run.record.id}`;
  reply.header('location', location);
  const gone = (): void => {
    if (!request.raw.complete) run.abort();
  };
  request.raw.once('close', gone);
  run.done.catch(() => undefined); // told by the record, or below
  await run.received;
  request.raw.off('close', gone);
  if (run.record.state === 'failed' && !request.raw.complete) {
    lingerOver(request);
    throw Problem.revive(run.record.problem as Parameters<typeof Problem.revive>[0]);
  }
  reply.code(202).header('link', linkHeader(linksOf(run.record)));
  return shown(run.record);
};

/**
 * A client in the middle of its body must get to read why it is refused. So the rest is taken and thrown away for a
 * moment; closing at once would answer it with a reset.
 */
const lingerOver = ({ raw }: FastifyRequest): void => {
  raw.resume();
  setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, lingerMs).unref();
};

const sendEvents = async (flows: Flows, record: ImportRecord, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
  reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
  if (request.method === 'HEAD') return reply.send();
  const { leaving } = request;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  const write = (event: string): void => {
    // A reader that does not keep up misses steps, never the end.
    if (event === 'progress' && raw.writableNeedDrain) return;
    raw.write(`event: ${event}\ndata: ${JSON.stringify(shown(record))}\n\n`);
  };
  const over = Promise.withResolvers<void>();
  const step = (): void => {
    write(isOver(record) ? record.state : 'progress');
    if (isOver(record)) over.resolve();
  };
  const unfollow = flows.imports.follow(record.id, step);
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  raw.once('close', over.resolve);
  AbortSignal.any([leaving, request.server.closing]).addEventListener('abort', () => over.resolve(), { once: true });
  step();
  await over.promise;
  unfollow();
  clearInterval(heartbeat);
  raw.end();
  return reply;
};
