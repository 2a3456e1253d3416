/** `/api/v1/jobs/{id}/log`: what a job has printed, whole, in ranges, or as it comes. */
import { type FileHandle, open } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { sendEvents } from '../../core/event-stream.ts';
import type { RoomRoutes } from '../../core/http.ts';
import { Problem } from '../../core/problem.ts';
import { jobParameter } from '../api.ts';
import { base } from '../hrefs.ts';
import { isAway, isOver, type Job } from '../job.ts';
import { readId } from '../job-id.ts';
import type { Jobs } from '../jobs.ts';
import { logPath } from '../log-file.ts';
import { followLog } from '../log-tail.ts';

const tags = ['jobs'];

export const logRoutes = (jobs: Jobs): RoomRoutes => {
  return async (app) => {
    app.get(
      `${base}/:id/log`,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'What a job has printed; `Range: bytes=…` or `tail` for a part',
          params: jobParameter,
          querystring: Type.Object({
            tail: Type.Optional(Type.Integer({ minimum: 0, description: 'Only so many octets, the last ones.' })),
          }),
          produces: ['text/plain'],
        },
      },
      async (request, reply) => sendLog(jobs.get(readId(request.params.id)), request.query.tail, request, reply),
    );
    app.get(
      `${base}/:id/log/live`,
      {
        config: { role: 'viewer' },
        schema: {
          tags,
          summary: 'What a job prints, as server-sent events: `log` with `text`, then `end` with its state. Event ids are offsets',
          params: jobParameter,
          querystring: Type.Object({ offset: Type.Optional(Type.Integer({ minimum: 0, description: 'Where to begin, in octets.' })) }),
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const id = readId(request.params.id);
        jobs.get(id);
        const last = request.headers['last-event-id'];
        const offset = last !== undefined && /^\d{1,15}$/.test(String(last)) ? Number(last) : (request.query.offset ?? 0);
        return await sendEvents(request, reply, (signal) => followLog(jobs, id, offset, signal));
      },
    );
  };
};

async function sendLog(job: Job, tail: number | undefined, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const file = await openLog(job);
  try {
    const { size } = await file.stat();
    const range =
      tail === undefined ? rangeOf(request.headers.range, size) : size === 0 ? undefined : { from: Math.max(0, size - tail), to: size - 1 };
    reply.header('content-type', 'text/plain; charset=utf-8').header('accept-ranges', 'bytes').header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'private, no-cache').header('x-weir-log-complete', String(isOver(job) && !isAway(job)));
    if (range === 'none') {
      await file.close();
      throw new Problem('invalid', 'The log does not reach that far.', {
        detail: `it has ${size} octets`,
        pointer: 'range',
        facts: { size },
      });
    }
    const { from, to } = range ?? { from: 0, to: size - 1 };
    if (range !== undefined) reply.code(206).header('content-range', `bytes ${from}-${to}/${size}`);
    reply.header('content-length', String(to - from + 1));
    if (to < from || request.method === 'HEAD') {
      await file.close();
      return reply.send('');
    }
    return reply.send(file.createReadStream({ start: from, end: to }));
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

async function openLog(job: Job): Promise<FileHandle> {
  if (job.array !== undefined)
    throw new Problem('not-found', 'An array has no log; its jobs have.', { hint: `GET ${base}?parent=${job.id}` });
  try {
    return await open(logPath(job), 'r');
  } catch (cause) {
    throw new Problem('not-found', 'The log is not there any more.', { detail: job.logfile, cause });
  }
}

/** A single range (RFC 9110 section 14); what is no range of octets is as none. */
function rangeOf(header: string | undefined, size: number): { from: number; to: number } | 'none' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') return size === 0 ? 'none' : { from: Math.max(0, size - Number(match[2])), to: size - 1 };
  const from = Number(match[1]);
  const to = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return from >= size ? 'none' : to < from ? undefined : { from, to };
}
