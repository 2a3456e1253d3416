/** `/api/data`: takes any JSON and keeps it with the time, in the collection `data`. */
import type { FastifyError } from 'fastify';
import { Type } from 'typebox';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem, problemCodes } from '../../core/problem.ts';
import type { Records } from '../records.ts';

const name = 'data';

const answerSchema = Type.Object({ status: Type.String(), message: Type.Optional(Type.String()) });

export const collectorRoutes = (records: Records): RoomRoutes => {
  return async (app) => {
    // Its clients know one shape of answer, good or bad.
    app.setErrorHandler((error, request, reply) => {
      const { statusCode = 500, message } = error as FastifyError;
      const status = error instanceof Problem ? problemCodes[error.code].status : statusCode;
      if (status >= 500) request.log.error({ err: error }, 'the collector failed');
      return reply.code(status).send({ status: 'error', message: status >= 500 ? 'the server could not keep it' : message });
    });
    app.post(
      '/api/data',
      {
        config: { role: 'operator' },
        schema: {
          tags: ['records'],
          summary: 'Keep any JSON with the time, in the collection `data`',
          body: Type.Unsafe<unknown>({ description: 'Any JSON value.', examples: [{ name: 'Mario', age: 30, occupation: 'plumber' }] }),
          response: { 200: answerSchema, '4xx': answerSchema, '5xx': answerSchema },
        },
      },
      async (request) => {
        if (request.headers['content-type'] === undefined) throw new Problem('invalid', 'there is no JSON in the request');
        const collection = await records.writable(name);
        await collection.add({ data: request.body, time: stamp(new Date()) });
        return { status: 'success' };
      },
    );
  };
};

/** Local time as `2026-11-22_09-05-00`. */
function stamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `${date}_${[two(now.getHours()), two(now.getMinutes()), two(now.getSeconds())].join('-')}`;
}
