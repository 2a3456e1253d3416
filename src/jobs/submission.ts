import { Problem } from '../core/problem.ts';
import type { ArrayRange } from './array-range.ts';
import type { Dependency, Job } from './job.ts';
import { Members, shown } from './members.ts';
import { normalPriority } from './priority.ts';
import { parseResources } from './resources.ts';
import * as values from './submission-values.ts';

/** What a submission says that its jobs keep as it is. */
type Kept = Pick<
  Job,
  | 'command'
  | 'wrapper'
  | 'name'
  | 'resources'
  | 'needs'
  | 'priority'
  | 'runPriority'
  | 'timeLimit'
  | 'expected'
  | 'retry'
  | 'legalExit'
  | 'isPreemptable'
  | 'properties'
  | 'set'
  | 'terminal'
  | 'mailUser'
  | 'jobclass'
>;

/** A submission that has been read: what is left is to find its directory, its log and its id. */
export type Submission = {
  kept: Kept;
  directory?: string;
  isDirectoryChecked: boolean;
  logfile?: string;
  group?: string;
  /** False where the fair-share group stands alone, without its user. */
  hasUserPart: boolean;
  /** `snapshot`: the variables are all that the job gets; `base`: they come on top of a clean base. */
  environment: { kind: 'base' | 'snapshot'; variables: Record<string, string> };
  dependencies: Dependency[];
  /** Files that it reads and makes, as they were named. */
  inputs?: string[];
  outputs?: string[];
  array?: ArrayRange;
  isHeld: boolean;
  isAutoforgotten: boolean;
  submitHost?: string;
};

/** What somebody might send, and why not. */
const refused: Record<string, string> = {
  user: 'the owner of a job is always who submits it',
  force: 'every submission is a new job; use rerun for one that is known',
  wait: 'follow /api/v1/jobs/events, or use weir nc wait',
};

/** The members that a submission may have; each is described in the API. */
export const submissionMembers = [
  'command', 'shell', 'directory', 'check_directory', 'logfile', 'name', 'group', 'group_with_user', 'priority', 'resources', 'environment',
  'snapshot', 'time_limit', 'expected', 'dependencies', 'inputs', 'outputs', 'array', 'retry', 'legal_exit', 'hold', 'autoforget', 'preemptable', 'properties', 'set',
  'wrapper', 'submit_host', 'jobclass', 'interactive', 'mailuser',
] as const; // biome-ignore format: one list

/** Reads a submission. Throws `unprocessable` that lists every fault. `most` is how many jobs an array may have. */
export function readSubmission(body: unknown, most: number): Submission {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem('unprocessable', 'A submission is a JSON object.', { detail: `got ${shown(body)}`, pointer: '' });
  const members = new Members(body as Record<string, unknown>);
  const isShell = members.take('shell', values.flag) ?? false;
  const command = members.take('command', values.command(isShell));
  if (command === undefined && !members.isFaulty('command')) members.fault('command', 'it is missing');
  const priority = members.take('priority', values.priority) ?? { priority: normalPriority, runPriority: normalPriority };
  const resources = members.take('resources', values.resources) ?? { resources: '', needs: parseResources('') };
  const kept = given({
    name: members.take('name', values.shortText),
    timeLimit: members.take('time_limit', values.timeLimit),
    expected: members.take('expected', values.expectedTime),
    retry: members.take('retry', values.retry),
    legalExit: members.take('legal_exit', values.exitCodes),
    isPreemptable: members.take('preemptable', values.flag),
    properties: members.take('properties', values.properties),
    set: members.take('set', values.shortText),
    terminal: members.take('interactive', values.terminal),
    mailUser: members.take('mailuser', values.mailUser),
    jobclass: members.take('jobclass', values.className),
  });
  const rest = given({
    directory: members.take('directory', values.directory),
    logfile: members.take('logfile', values.logfile),
    group: members.take('group', values.group),
    inputs: members.take('inputs', values.files),
    outputs: members.take('outputs', values.files),
    array: members.take('array', values.array(most)),
    submitHost: members.take('submit_host', values.host),
  });
  if (kept.terminal !== undefined && rest.array !== undefined) members.fault('interactive', 'an array has no terminal');
  const isSnapshot = members.take('snapshot', values.flag) ?? false;
  const submission = {
    ...rest,
    kept: { ...kept, ...priority, ...resources, command: command as string[], wrapper: members.take('wrapper', values.wrapper) ?? 'vw' },
    isDirectoryChecked: members.take('check_directory', values.flag) ?? true,
    hasUserPart: members.take('group_with_user', values.flag) ?? true,
    environment: {
      kind: isSnapshot ? ('snapshot' as const) : ('base' as const),
      variables: members.take('environment', values.variables) ?? {},
    },
    dependencies: members.take('dependencies', values.dependencies) ?? [],
    isHeld: members.take('hold', values.flag) ?? false,
    isAutoforgotten: members.take('autoforget', values.flag) ?? false,
  };
  members.end(
    'This job cannot be submitted.',
    (name) => refused[name] ?? `there is no such member; known are ${submissionMembers.join(', ')}`,
  );
  return submission;
}

/** The members that have a value. */
const given = <T extends object>(all: T): { [Name in keyof T]?: NonNullable<T[Name]> } =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as { [Name in keyof T]?: NonNullable<T[Name]> };
