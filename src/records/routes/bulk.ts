/** Many records at once: all of a collection out, several in. */
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import { collectionParameter } from '../api.ts';
import { base } from '../hrefs.ts';
import { type Draft, draftOf, type JsonRecord } from '../record.ts';
import type { Records } from '../records.ts';

const tags = ['records'];
const ndjson = 'application/x-ndjson';

export const bulkRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    app.addContentTypeParser([ndjson, 'application/jsonl'], { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, linesOf(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    });
    app.get(
      `${base}/:collection/export`,
      {
        config: { role: 'viewer' },
        schema: { tags, summary: 'All records, one a line (NDJSON), by id', params: collectionParameter, produces: [ndjson] },
      },
      async (request, reply) => {
        const collection = await records.existing(request.params.collection);
        return reply.type(ndjson).send(Readable.from(lines(collection.all())));
      },
    );
    app.post(
      `${base}/:collection/import`,
      {
        config: { role: 'operator' },
        schema: {
          tags,
          summary: 'Add several records, all or none: NDJSON or a JSON list; ids that they name are kept',
          consumes: [ndjson, 'application/json'],
          params: collectionParameter,
          querystring: Type.Object(
            { replace: Type.Boolean({ default: false, description: 'Replace records whose ids are taken, rather than refuse all.' }) },
            { additionalProperties: false },
          ),
          body: Type.Unsafe<unknown[]>({ type: 'array' }),
          response: {
            200: Type.Object({ imported: Type.Integer(), first_id: Type.Optional(Type.Integer()), last_id: Type.Optional(Type.Integer()) }),
          },
        },
      },
      async (request) => {
        const drafts = request.body.map(draftAt);
        const limit = records.config.import;
        if (drafts.length > limit)
          throw new Problem('too-large', `One import brings ${limit} records at most.`, {
            detail: `got ${drafts.length}`,
            hint: 'send them in parts',
          });
        if (drafts.length === 0) return { imported: 0 };
        const kept = await (await records.writable(request.params.collection)).addAll(drafts, request.query.replace);
        const ids = kept.map(({ id }) => id);
        return { imported: kept.length, first_id: Math.min(...ids), last_id: Math.max(...ids) };
      },
    );
  };
};

/** Many lines to a block: one write a record would be slow. */
function* lines(all: readonly JsonRecord[]): Generator<string> {
  for (let at = 0; at < all.length; at += 500)
    yield all
      .slice(at, at + 500)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join('');
}

function draftAt(value: unknown, at: number): Draft {
  try {
    return draftOf(value);
  } catch (error) {
    throw error instanceof Problem
      ? new Problem(error.code, error.title, { ...(error.detail !== undefined && { detail: error.detail }), pointer: `/${at}` })
      : error;
  }
}

/** The values of the lines; blank ones count, and are none. Throws `invalid` that names the line. */
function linesOf(body: Buffer): unknown[] {
  const values: unknown[] = [];
  let line = 0;
  for (let at = 0; at < body.length; ) {
    const found = body.indexOf(lineFeed, at);
    const end = found === -1 ? body.length : found;
    const octets = body.subarray(at, end);
    line++;
    at = end + 1;
    if (!isBlank(octets)) values.push(valueAt(octets, line));
  }
  return values;
}

const lineFeed = 10;

const isBlank = (octets: Buffer): boolean => octets.every((octet) => octet === 32 || octet === 9 || octet === 13);

function valueAt(octets: Buffer, line: number): unknown {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { title, detail, pointer = '' } = error;
    throw new Problem('invalid', `Line ${line}: ${title}`, { ...(detail !== undefined && { detail }), pointer, facts: { line } });
  }
}
