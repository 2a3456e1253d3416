/**
 * How a job is kept in the key tree: as JSON, without what follows from the rest of it. Jobs that are read share in memory what they have in
 * common, since a hundred thousand of them often differ by little more than their ids.
 */
import type { Environment, Job } from './job.ts';
import { type Need, parseResources } from './resources.ts';

/** Entries that a table of shared parts has at most; then it begins anew. */
const mostShared = 10_000;

const texts = new Map<string, string>();
const commands = new Map<string, string[]>();
const needs = new Map<string, Need[]>();
const plainEnvironment: Environment = { kind: 'base' };

export const writeJob = (job: Job): Uint8Array => Buffer.from(JSON.stringify({ ...job, needs: undefined }));

/** The job of a record. Its parts may be those of other jobs too: nobody changes them. */
export function readJob(record: string): Job {
  const job = JSON.parse(record) as Job;
  job.needs = needsOf(job);
  job.user = shared(job.user);
  job.group = shared(job.group);
  job.directory = shared(job.directory);
  job.submitHost = shared(job.submitHost);
  job.resources = shared(job.resources);
  job.command = sharedBy(commands, job.command.join('\0'), () => job.command);
  if (job.environment.kind === 'base' && job.environment.variables === undefined) job.environment = plainEnvironment;
  return job;
}

/** What an expression asks for; read once for all jobs that say the same. */
const needsOf = ({ resources }: Job): Need[] => sharedBy(needs, resources, () => parseResources(resources));

const shared = (text: string): string => sharedBy(texts, text, () => text);

function sharedBy<T>(table: Map<string, T>, key: string, make: () => T): T {
  const known = table.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (table.size >= mostShared) table.clear();
  table.set(key, made);
  return made;
}
