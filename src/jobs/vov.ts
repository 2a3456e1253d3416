/**
 * Accelerator's REST v3 (VOV): jobs as rows of upper-case columns, and submissions in the words of VOV_JOB_DESC. An adapter: it
 * translates and holds no rules. Which parts are published and which inferred is told in docs/20-jobs.md.
 */

import { nearest } from '../core/nearest.ts';
import { Problem } from '../core/problem.ts';
import { prettyDuration } from './duration.ts';
import { commandText, durationOf, isAway, isOver, type Job, shownCommand } from './job.ts';
import { formatId } from './job-id.ts';
import { priorityText } from './priority.ts';

/** A value of a row: durations are whole seconds, moments seconds since 1970. */
type Value = string | number;
type Field = (job: Job, now: number, reason: () => string) => Value;

const seconds = (ms: number | undefined): Value => (ms === undefined ? '' : Math.floor(ms / 1000));
const waited = ({ queued, started, state }: Job, now: number): number =>
  Math.max(0, Math.floor(((state === 'Queued' || state === 'Idle' ? now : (started ?? now)) - queued) / 1000));

/** Every field that can be asked for. The first seven are those that the published client reads. */
export const fields: Record<string, Field> = {
  ID: (job) => formatId(job.id),
  USER: (job) => job.user,
  GROUP: (job) => job.group,
  COMMAND: (job) => shownCommand(job),
  STATUSNC: (job) => job.state,
  HOST: (job) => (isAway(job) || isOver(job) ? (job.host ?? '') : ''),
  DURATIONPP: (job, now) => prettyDuration(durationOf(job, now)),
  STATUS: (job) => job.state,
  JOBNAME: (job) => job.name ?? '',
  DURATION: (job, now) => durationOf(job, now),
  AGE: (job, now) => Math.floor((now - job.submitted) / 1000),
  AGEPP: (job, now) => prettyDuration((now - job.submitted) / 1000),
  AUTOKILL: (job) => job.timeLimit ?? 0,
  COMMANDLENGTH: (job) => shownCommand(job).length,
  TOOL: (job) => (job.command[0] ?? '').split('/').at(-1) ?? '',
  WRAPPER: (job) => job.wrapper,
  CPUTIME: (job) => job.outcome?.cpuMs ?? 0,
  MAXRAM: (job) => job.outcome?.maxRamMb ?? 0,
  PROJECT: (job) => job.group,
  OSGROUP: () => '',
  DIR: (job) => job.directory,
  ENV: (job) => (job.environment.kind === 'snapshot' ? `SNAPSHOT(${job.environment.file})` : 'DEFAULT'),
  RESOURCES: (job) => job.resources,
  GRABBED: (job) =>
    Object.entries(job.grabbed ?? {})
      .map(([name, amount]) => `${name}/${amount}`)
      .join(' '),
  SUBMITHOST: (job) => job.submitHost,
  EXEHOST: (job) => job.host ?? '',
  SUBMITTIME: (job) => seconds(job.submitted),
  STARTTIME: (job) => seconds(job.started),
  ENDTIME: (job) => seconds(job.outcome?.ended),
  QUEUETIME: (job, now) => waited(job, now),
  QUEUETIMEPP: (job, now) => prettyDuration(waited(job, now)),
  EXIT: (job) => job.outcome?.code ?? '',
  EXITCODE: (job) => job.outcome?.code ?? '',
  SIGNAL: (job) => job.outcome?.signal ?? '',
  PRIORITY: (job) => job.priority,
  PRIORITYPP: (job) => `${priorityText(job.priority)}.${priorityText(job.runPriority)}`,
  LOGFILE: (job) => job.logfile,
  RUNCOUNT: (job) => job.run,
  JOBCLASS: (job) => job.jobclass ?? '',
  SETNAME: (job) => job.set ?? '',
  QUEUE: () => 'weir',
  REASON: (_job, _now, reason) => reason(),
  WEIRREASON: (job) => (job.state === 'Failed' ? (job.outcome?.cause ?? '') : ''),
  RAWCOMMAND: (job) => commandText(job.command),
};

const usual = ['ID', 'USER', 'GROUP', 'COMMAND', 'STATUSNC', 'HOST', 'DURATIONPP', 'JOBNAME', 'PRIORITY', 'RESOURCES', 'DIR', 'LOGFILE', 'SUBMITTIME', 'STARTTIME', 'ENDTIME', 'EXITCODE', 'RUNCOUNT', 'WEIRREASON', 'REASON']; // biome-ignore format: one list

/** The fields that a text names (any case, separated by commas), or the usual ones. Throws `invalid`. */
export function readFields(text: string | undefined): string[] {
  if (text === undefined || text === '') return usual;
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  for (const name of names) {
    if (Object.hasOwn(fields, name)) continue;
    const likely = nearest(name, Object.keys(fields));
    throw new Problem('invalid', `There is no field ${name.slice(0, 40)}.`, {
      detail: `expected some of ${Object.keys(fields).join(', ')}`,
      ...(likely !== undefined && { hint: `did you mean ${likely}?` }),
      pointer: 'fields',
    });
  }
  return names;
}

/** What an answer is made of besides its jobs. */
export type Rows = {
  names: readonly string[];
  jobs: readonly Job[];
  from: string;
  startRow: number;
  now: number;
  reasonOf(job: Job): string;
};

/** The envelope of every answer: names and places of the columns, then the rows. Rows are counted from 1. */
export function envelope({ names, jobs, from, startRow, now, reasonOf }: Rows) {
  return {
    errormsg: '',
    columns: names.map((field, col) => ({ field, col })),
    rows: jobs.map((job) => names.map((name) => (fields[name] as Field)(job, now, () => reasonOf(job)))),
    startrow: jobs.length === 0 ? 0 : startRow,
    endrow: jobs.length === 0 ? 0 : startRow + jobs.length - 1,
    query: `SELECT ${names.join(',').toLowerCase()} FROM ${from}`,
  };
}

type Member = [name: string, turn: (value: unknown) => unknown];
const same = (value: unknown): unknown => value;
const flag = (value: unknown): unknown => (value === 1 || value === '1' ? true : value === 0 || value === '0' ? false : value);

/** The keys of VOV_JOB_DESC that can come by REST, and what they are here. */
const keys: Record<string, Member> = {
  command: ['command', same],
  logfile: ['logfile', same],
  resources: ['resources', same],
  group: ['group', same],
  jobname: ['name', same],
  autokill: ['time_limit', same],
  xdur: ['expected', same],
  directory: ['directory', same],
  rundir: ['directory', same],
  'check,directory': ['check_directory', flag],
  proplist: ['properties', same],
  setname: ['set', same],
  preemptable: ['preemptable', flag],
  autoforget: ['autoforget', flag],
  legalexit: ['legal_exit', same],
  wrapper: ['wrapper', same],
  jobclass: ['jobclass', same],
  mailuser: ['mailuser', same],
  'interactive,flag': ['interactive', (value) => (flag(value) === false ? undefined : flag(value))],
  priority: ['priority', same],
  'priority,sched': ['priority', same],
  shell: ['shell', flag],
  array: ['array', same],
  dependencies: ['dependencies', same],
  inputs: ['inputs', same],
  outputs: ['outputs', same],
  retry: ['retry', same],
  hold: ['hold', flag],
  environment: ['environment', same],
};

/** A submission of VOV_JOB_DESC in Weir's own words; what it does not know is left for the reader to complain about. */
export function submissionOf(body: Record<string, unknown>): Record<string, unknown> {
  const submission: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const known = keys[key.toLowerCase()];
    const name = key.toLowerCase();
    if (known !== undefined) submission[known[0]] = known[1](value);
    else if (name === 'env' && isPlainEnvironment(value)) continue;
    else if (name === 'priority,exec')
      submission.priority = `${String(body['priority,sched'] ?? body.priority ?? 'normal')}.${String(value)}`;
    else if (name === 'env') throw badEnvironment(value);
    else submission[name] = value;
  }
  return submission;
}

/** A snapshot is taken where the variables are: by `weir nc run`, not here. */
const isPlainEnvironment = (value: unknown): boolean => value === '' || value === 'DEFAULT' || value === 'BASE';

const badEnvironment = (value: unknown): Problem =>
  new Problem('unprocessable', 'There is no such environment here.', {
    detail: `got ${JSON.stringify(value)?.slice(0, 80)}`,
    hint: '"env": "DEFAULT", and variables in "environment": {"NAME": "value"}',
    pointer: '/env',
  });
