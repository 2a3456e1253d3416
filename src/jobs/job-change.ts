import { Problem } from '../core/problem.ts';
import type { Job } from './job.ts';
import { readPriority } from './priority.ts';

/** What may be changed of a job that is there. */
export type JobChange = Partial<Pick<Job, 'priority' | 'name' | 'properties'>>;

/** What a body wants changed of a job. Throws `unprocessable`. */
export function readJobChange(body: unknown): JobChange {
  const fault = (detail: string, pointer = '') => new Problem('unprocessable', 'The job cannot be changed so.', { detail, pointer });
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw fault('expected a JSON object');
  const changes: JobChange = {};
  for (const [name, value] of Object.entries(body)) {
    const priority = name === 'priority' ? readPriority(value as string) : undefined;
    const isProperties = typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
    if (priority !== undefined) changes.priority = priority.priority;
    else if (name === 'name' && typeof value === 'string' && value.length <= 255) changes.name = value;
    else if (name === 'properties' && isProperties) changes.properties = value as Record<string, string>;
    else throw fault('expected priority (1 to 15 or a word), name or properties', `/${name}`);
  }
  return changes;
}
