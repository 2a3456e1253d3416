/** The shapes of the jobs over HTTP, and how a job is shown. */
import { Type } from 'typebox';
import type { Caller } from '../core/caller.ts';
import { type Links, linksSchema } from '../core/links.ts';
import { pageQuery, pageSchemaOf } from '../core/paging.ts';
import { prettyDuration } from './duration.ts';
import { base, hrefOf } from './hrefs.ts';
import { causes, commandText, durationOf, isAway, isOver, type Job, states } from './job.ts';
import { formatId } from './job-id.ts';
import type { submissionMembers } from './submission.ts';

export const jobParameter = Type.Object({ id: Type.String({ maxLength: 64, description: 'The id, with or without its zeros.' }) });

const moment = (description: string) => Type.Optional(Type.String({ description }));

/** A job as the API shows it. Times are ISO 8601, durations seconds. */
export const jobSchema = Type.Object({
  id: Type.String({ examples: ['000001138'] }),
  state: Type.Unsafe<string>({ type: 'string', enum: [...states] }),
  reason: Type.String({ description: 'Why it waits or how it ended, in words; empty when there is nothing to say.' }),
  cause: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['done', ...causes], description: 'How its last run ended.' })),
  user: Type.String(),
  group: Type.String(),
  name: Type.Optional(Type.String()),
  command: Type.Array(Type.String()),
  command_line: Type.String(),
  directory: Type.String(),
  logfile: Type.String({ description: 'Relative to the directory.' }),
  resources: Type.String(),
  priority: Type.Integer(),
  host: Type.Optional(Type.String()),
  runs: Type.Integer({ description: 'How often it was started.' }),
  exit_code: Type.Optional(Type.Integer()),
  signal: Type.Optional(Type.Integer()),
  cpu_ms: Type.Optional(Type.Integer()),
  max_ram_mb: Type.Optional(Type.Integer()),
  duration: Type.Integer(),
  duration_text: Type.String(),
  submitted: Type.String(),
  started: moment('When its last run started.'),
  ended: moment('When its last run ended.'),
  not_before: moment('It is not tried again before.'),
  time_limit: Type.Optional(Type.Integer()),
  expected: Type.Optional(Type.Integer()),
  dependencies: Type.Optional(Type.Array(Type.String())),
  inputs: Type.Optional(Type.Array(Type.String())),
  outputs: Type.Optional(Type.Array(Type.String())),
  array: Type.Optional(Type.Object({ count: Type.Integer(), at_once: Type.Optional(Type.Integer()) })),
  parent: Type.Optional(Type.String()),
  index: Type.Optional(Type.Integer()),
  retry: Type.Optional(Type.Unsafe<object>({ type: 'object', additionalProperties: true })),
  properties: Type.Optional(Type.Record(Type.String(), Type.String())),
  set: Type.Optional(Type.String()),
  mailuser: Type.Optional(Type.String({ description: 'Who gets a mail when it is over.' })),
  interactive: Type.Optional(Type.Boolean({ description: 'True: it has a terminal.' })),
  jobclass: Type.Optional(Type.String({ description: 'The preset that it was submitted with.' })),
  environment: Type.String({ description: 'Which variables it gets; their values are at `environment`.' }),
  past: Type.Optional(Type.Array(Type.Unsafe<object>({ type: 'object', additionalProperties: true }))),
  links: linksSchema,
});
export type ShownJob = Type.Static<typeof jobSchema>;

export const jobsSchema = pageSchemaOf(jobSchema);

export const jobsQuery = Type.Object({
  page: pageQuery.page,
  per_page: pageQuery.per_page,
  state: Type.Optional(Type.String({ maxLength: 200, description: 'States, separated by commas.' })),
  user: Type.Optional(Type.String({ maxLength: 64 })),
  mine: Type.Optional(Type.Boolean({ description: 'Only those of who asks.' })),
  group: Type.Optional(Type.String({ maxLength: 255 })),
  name: Type.Optional(Type.String({ maxLength: 255 })),
  set: Type.Optional(Type.String({ maxLength: 255 })),
  parent: Type.Optional(Type.String({ maxLength: 18, description: 'Only the jobs of this array.' })),
  sort: Type.Optional(Type.Unsafe<'id' | '-id'>({ type: 'string', enum: ['id', '-id'], default: 'id' })),
  after: Type.Optional(Type.String({ maxLength: 18, description: 'Only ids behind this one: for walking all jobs while new ones come.' })),
});

const cells = Type.Integer({ minimum: 1, maximum: 1000 });

/** The size of a terminal. */
export const windowSchema = Type.Object({ rows: cells, columns: cells }, { additionalProperties: false });

const described: Record<(typeof submissionMembers)[number], [type: object, description: string]> = {
  command: [
    { oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] },
    'The program and its arguments; a text is split at blanks, with quotes.',
  ],
  shell: [{ type: 'boolean' }, 'Give the command, one text, to /bin/sh.'],
  directory: [{ type: 'string' }, 'Where it runs; absolute.'],
  check_directory: [{ type: 'boolean' }, 'False: do not ask whether the directory can be used.'],
  logfile: [{ type: 'string' }, 'Where its output goes, inside of the directory.'],
  name: [{ type: 'string' }, 'A name for people.'],
  group: [{ type: 'string' }, 'The fair-share group.'],
  group_with_user: [{ type: 'boolean' }, 'False: the group alone, without the part of the user.'],
  priority: [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, '1 to 15, or low, normal, high, top.'],
  resources: [{ type: 'string' }, 'What it needs: `CORES/2 RAM/500`.'],
  environment: [{ type: 'object', additionalProperties: { type: 'string' } }, 'Variables.'],
  snapshot: [{ type: 'boolean' }, 'True: `environment` is all that it gets, and kept in a file.'],
  time_limit: [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, 'How long it may run: seconds, or `3h30m`.'],
  expected: [{ oneOf: [{ type: 'integer' }, { type: 'string' }] }, 'How long it is expected to run.'],
  dependencies: [{ type: 'array', items: { type: 'string' } }, '`afterok:000001138`; after, afterok, afternotok, afterany.'],
  inputs: [
    { type: 'array', items: { type: 'string' } },
    'Files that it reads: one that a job makes which is not over is waited for, any other has to be there.',
  ],
  outputs: [{ type: 'array', items: { type: 'string' } }, 'Files that it makes; no two jobs that are not over make the same.'],
  array: [{ type: 'string' }, 'Indexes: `0-31:2%4`.'],
  retry: [{ type: 'object', additionalProperties: true }, '`{"max": 3, "delay": "10s", "on_exit": [75]}`.'],
  legal_exit: [{ type: 'array', items: { type: 'integer' } }, 'Exit codes that are a good end, besides 0.'],
  hold: [{ type: 'boolean' }, 'Wait until it is released.'],
  autoforget: [{ type: 'boolean' }, 'Forget it when it is over.'],
  preemptable: [{ type: 'boolean' }, 'Kept; nothing is preempted yet.'],
  properties: [{ type: 'object', additionalProperties: { type: 'string' } }, 'Names and values of its owner.'],
  set: [{ type: 'string' }, 'The set that it is put into.'],
  jobclass: [{ type: 'string' }, 'The preset that it is made with; what the submission says itself goes before that.'],
  wrapper: [{ type: 'string' }, '`vw`.'],
  submit_host: [{ type: 'string' }, 'Where it was submitted, for the record.'],
  mailuser: [{ type: 'string' }, 'Who gets a mail when it is over: a user of the mail system, or an address.'],
  interactive: [
    { oneOf: [{ type: 'boolean', const: true }, windowSchema] },
    'Give it a terminal, of 24 rows and 80 columns unless a size is said; see `/api/v1/jobs/{id}/terminal`.',
  ],
};

/** For the description alone: `readSubmission` reads, and lists every fault. */
export const submissionSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  required: ['command'],
  additionalProperties: false,
  properties: Object.fromEntries(Object.entries(described).map(([name, [type, description]]) => [name, { ...type, description }])),
  examples: [{ command: ['sleep', '123'], resources: 'CORES/1 RAM/500', time_limit: '1h' }],
});

/** What is around a job when it is shown. */
export type Showing = { now: number; reason: string; caller: Caller };

const iso = (ms: number): string => new Date(ms).toISOString();

/** The job as the API shows it, with links for what this caller may do now. */
export function showJob(job: Job, { now, reason, caller }: Showing): ShownJob {
  const { outcome, started, dependencies, array, parent, index, past } = job;
  const duration = durationOf(job, now);
  return {
    id: formatId(job.id),
    state: job.state,
    reason,
    ...(isOver(job) && outcome !== undefined && { cause: outcome.cause }),
    user: job.user,
    group: job.group,
    ...(job.name !== undefined && { name: job.name }),
    command: job.command,
    command_line: commandText(job.command),
    directory: job.directory,
    logfile: job.logfile,
    resources: job.resources,
    priority: job.priority,
    ...(job.host !== undefined && { host: job.host }),
    runs: job.run,
    ...(outcome?.code !== undefined && { exit_code: outcome.code }),
    ...(outcome?.signal !== undefined && { signal: outcome.signal }),
    ...(outcome?.cpuMs !== undefined && { cpu_ms: outcome.cpuMs }),
    ...(outcome?.maxRamMb !== undefined && { max_ram_mb: outcome.maxRamMb }),
    duration,
    duration_text: prettyDuration(duration),
    submitted: iso(job.submitted),
    ...(started !== undefined && { started: iso(started) }),
    ...(outcome !== undefined && { ended: iso(outcome.ended) }),
    ...(job.notBefore !== undefined && { not_before: iso(job.notBefore) }),
    ...(job.timeLimit !== undefined && { time_limit: job.timeLimit }),
    ...(job.expected !== undefined && { expected: job.expected }),
    ...(dependencies !== undefined && { dependencies: dependencies.map(({ kind, job }) => `${kind}:${formatId(job)}`) }),
    ...(job.inputs !== undefined && { inputs: job.inputs }),
    ...(job.outputs !== undefined && { outputs: job.outputs }),
    ...(array !== undefined && { array: { count: array.count, ...(array.atOnce !== undefined && { at_once: array.atOnce }) } }),
    ...(parent !== undefined && { parent: formatId(parent), index: index as number }),
    ...(job.retry !== undefined && { retry: job.retry }),
    ...(job.properties !== undefined && { properties: job.properties }),
    ...(job.set !== undefined && { set: job.set }),
    ...(job.mailUser !== undefined && { mailuser: job.mailUser }),
    ...(job.terminal !== undefined && { interactive: true }),
    ...(job.jobclass !== undefined && { jobclass: job.jobclass }),
    environment: job.environment.kind === 'snapshot' ? `SNAPSHOT(${job.environment.file})` : 'DEFAULT',
    ...(past !== undefined && { past: past.map(({ started, ended, ...rest }) => ({ ...rest, started: iso(started), ended: iso(ended) })) }),
    links: linksOf(job, caller),
  };
}

/** What can be done with a job: only what this caller may do, and what its state allows. */
function linksOf(job: Job, { name, role }: Caller): Links {
  const self = hrefOf(job.id);
  const isMine = role === 'admin' || (role === 'operator' && name === job.user);
  const post = (action: string, title: string) => ({ [action]: { href: `${self}/${action}`, method: 'POST', title } });
  const isIdle = job.state === 'Idle';
  return {
    self: { href: self },
    collection: { href: base },
    log: { href: `${self}/log`, title: 'What it has printed' },
    follow: { href: `${self}/log/live`, title: 'What it prints, as it comes' },
    events: { href: `${base}/events?id=${formatId(job.id)}`, title: 'Its changes of state, as they come' },
    ...(job.parent !== undefined && { parent: { href: hrefOf(job.parent), title: 'The array that it belongs to' } }),
    ...(job.array !== undefined && { children: { href: `${base}?parent=${formatId(job.id)}`, title: 'The jobs of the array' } }),
    ...(isMine && { environment: { href: `${self}/environment`, title: 'The variables that it gets' } }),
    ...(isMine &&
      job.terminal !== undefined &&
      !isOver(job) && { terminal: { href: `${self}/terminal`, title: 'What its terminal shows; POST types there' } }),
    ...(isMine && !isOver(job) && post('stop', 'End it')),
    ...(isMine && job.state === 'Queued' && post('hold', 'Take it out of the queue')),
    ...(isMine && isIdle && post('release', 'Put it into the queue')),
    ...(isMine && job.state === 'Running' && post('suspend', 'Stop its processes')),
    ...(isMine && job.state === 'Suspended' && post('resume', 'Let its processes go on')),
    ...(isMine && isOver(job) && job.array === undefined && post('rerun', 'Run it again')),
    ...(isMine && (isOver(job) || isIdle) && { forget: { href: self, method: 'DELETE', title: 'Forget it' } }),
    ...(isAway(job) && { vov: { href: `/api/v3/jobs/${formatId(job.id)}`, title: 'As Accelerator shows it' } }),
  };
}
