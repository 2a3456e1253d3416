/** `/api/v1/uploads`: the files for batches. */
import type { Readable } from 'node:stream';
import type { RoomRoutes } from '../../core/http.ts';
import { linkHeader } from '../../core/links.ts';
import { pageOf } from '../../core/paging.ts';
import { Problem } from '../../core/problem.ts';
import { showUpload, uploadParameter, uploadSchema, uploadsBase, uploadsQuery, uploadsSchema } from '../batches/api.ts';
import type { Batches } from '../batches/batches.ts';

const tags = ['batches'];
const operator = { role: 'operator' } as const;

/** Each user sees his own files, and no other. */
export const uploadRoutes =
  ({ uploads }: Batches): RoomRoutes =>
  async (app) => {
    // Bodies are files of any type: they are handed on as they come and never parsed here.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.get(
      uploadsBase,
      {
        config: { ...operator, collection: { title: 'Uploaded files' } },
        schema: { tags, summary: 'The files that you sent for your batches', querystring: uploadsQuery, response: { 200: uploadsSchema } },
      },
      async ({ caller, query, url }, reply) => {
        const page = pageOf((await uploads.list(caller.name)).map(showUpload), url, query, ({ name }) => name);
        reply.header('link', linkHeader(page.links));
        return page;
      },
    );
    app.put(
      `${uploadsBase}/:name`,
      {
        config: { ...operator, isUpload: true },
        bodyLimit: Number.MAX_SAFE_INTEGER,
        schema: {
          tags,
          summary: 'Send a file for batches: the body is the file. One of the same name is replaced',
          params: uploadParameter,
          response: { 200: uploadSchema },
        },
      },
      async ({ caller, params, body }) => {
        if (body === undefined || body === null)
          throw new Problem('invalid', 'The request has no body: send the file as it is.', { hint: 'curl -T FILE' });
        return showUpload(await uploads.put(caller.name, params.name, body as unknown as Readable));
      },
    );
    app.get(
      `${uploadsBase}/:name`,
      {
        config: operator,
        schema: { tags, summary: 'What is known of an uploaded file', params: uploadParameter, response: { 200: uploadSchema } },
      },
      async ({ caller, params }) => showUpload(await uploads.get(caller.name, params.name)),
    );
    app.delete(
      `${uploadsBase}/:name`,
      {
        config: operator,
        schema: { tags, summary: 'Forget an uploaded file; batches that took it along keep it', params: uploadParameter },
      },
      async ({ caller, params }, reply) => {
        await uploads.remove(caller.name, params.name);
        return reply.code(204).send();
      },
    );
  };
