/** A job as it is answered: as this caller may see it, with the tag of its version. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tagOfVersion } from '../../core/entity-tag.ts';
import { type ShownJob, showJob } from '../api.ts';
import { durationOf, isOver, type Job } from '../job.ts';
import type { Jobs } from '../jobs.ts';

/** The job as the caller of a request sees it. */
export const shownTo = (jobs: Jobs, job: Job, { caller }: FastifyRequest): ShownJob =>
  showJob(job, { now: jobs.now(), reason: jobs.queue.reasonOf(job), caller });

/** The same as an answer of its own. */
export function answerJob(jobs: Jobs, job: Job, { request, reply }: { request: FastifyRequest; reply: FastifyReply }): ShownJob {
  reply.header('etag', tagOf(jobs, job)).header('cache-control', 'private, no-cache');
  return shownTo(jobs, job, request);
}

/** The tag of a job as it is; a weak one while it is not over, since durations change by themselves. */
export const tagOf = (jobs: Jobs, job: Job): string =>
  `${isOver(job) ? '' : 'W/'}${tagOfVersion(`${jobs.queue.store.versionOf(job.id)}.${durationOf(job, jobs.now())}`)}`;
