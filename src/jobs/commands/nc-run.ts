import { hostname } from 'node:os';
import { Problem } from '../../core/problem.ts';
import { splitCommand } from '../command-line.ts';
import type { JobsClient, ShownJob } from '../remote.ts';
import { type Flags, parseFlags } from './flags.ts';
import type { NcContext } from './nc-context.ts';
import { printLog } from './print-log.ts';
import { attend, type Signals, windowHere } from './terminal.ts';
import { endings, waitFor } from './wait.ts';

const flags: Flags = {
  '-v': 'value',
  '-l': 'value',
  '-w': 'alone',
  '-wl': 'alone',
  '-e': 'value',
  '-ep': 'alone',
  '-p': 'value',
  '-r': 'value',
  '-C': 'value',
  '-g': 'value',
  '-G': 'value',
  '-J': 'value',
  '-kill': 'value',
  '-X': 'value',
  '-D': 'alone',
  '-F': 'alone',
  '-M': 'value',
  '-i': 'value',
  '-o': 'value',
  '-P': 'value',
  '-set': 'value',
  '-I': 'alone',
  '-Ir': 'alone',
  '-Il': 'alone',
  '-Ix': 'alone',
  '-preemptable': 'value',
  '-autoforget': 'alone',
  '-wrapper': 'value',
};

type Wish = {
  submission: Record<string, unknown>;
  /** Members that stood before `-C`: they give way to the class. */
  early: readonly string[];
  verbosity: number | undefined;
  wait: 'no' | 'end' | 'log';
  /** It has a terminal, and this is whom the keys of signals are for. */
  signals: Signals | undefined;
};

/** `nc run [flags] command…`: submits a job that runs here, in this directory, with these variables. */
export async function runNc({ jobs, output }: NcContext, words: readonly string[]): Promise<number> {
  const usual = splitCommand(process.env.NC_RUN_ARGS ?? '', 'NC_RUN_ARGS');
  const wish = readWish([...usual, ...words], process.env);
  const { submission, verbosity, wait, signals } = wish;
  if (typeof submission.jobclass === 'string') giveWay(wish, (await jobs.class(submission.jobclass)).members);
  const job = await jobs.submit(submission);
  if (output.form === 'json') output.json(job);
  else for (const line of linesOf(job, verbosity)) process.stdout.write(`${line}\n`);
  if (signals !== undefined) return await attend(jobs, job.id, signals);
  if (wait === 'no') return 0;
  return await waitForOne(jobs, job.id, wait);
}

async function waitForOne(jobs: JobsClient, id: string, wait: 'end' | 'log'): Promise<number> {
  if (wait === 'end') return endings[await waitFor(jobs, [id])];
  return (await printLog(jobs, id, true)) === 'Done' ? 0 : endings[await waitFor(jobs, [id])];
}

/** Flags are read in their order: those before `-C` are overridden by the class, those behind it override it. */
export function giveWay({ submission, early }: Pick<Wish, 'submission' | 'early'>, members: Record<string, unknown>): void {
  const { environment } = members;
  for (const name of early) if (Object.hasOwn(members, name) && name !== 'environment') delete submission[name];
  if (early.includes('environment') && typeof environment === 'object')
    submission.environment = { ...(submission.environment as object), ...environment };
}

/** The submission that the flags and words describe. Throws `invalid`. */
function readWish(words: readonly string[], variables: NodeJS.ProcessEnv): Wish {
  const { flags: given, rest } = parseFlags(words, flags, 'nc run');
  if (rest.length === 0) throw new Problem('invalid', 'There is no command to run.', { hint: 'weir nc run sleep 10' });
  const submission: Record<string, unknown> = { command: rest, directory: process.cwd(), submit_host: hostname() };
  const properties: Record<string, string> = {};
  let environment = variables.VOV_ENV ?? 'SNAPSHOT';
  let isProperty = false;
  let verbosity: number | undefined;
  let wait: Wish['wait'] = 'no';
  let signals: Signals | undefined;
  const shown: Record<string, string> = {};
  let early: string[] = [];
  // The usual environment is nobody's wish.
  let isEnvironmentEarly = true;
  for (const [flag, value] of given) {
    if (flag === '-v') verbosity = readNumber(flag, value);
    else if (flag === '-w') wait = 'end';
    else if (flag === '-wl') wait = 'log';
    else if (flag === '-e') {
      environment = value;
      isEnvironmentEarly = false;
    } else if (flag === '-C') {
      early = Object.keys(submission).filter((name) => !own.has(name));
      isEnvironmentEarly = true;
      submission.jobclass = value;
    } else if (flag === '-F')
      continue; // every submission is a run of its own
    else if (flag === '-ep') isProperty = true;
    else if (flag === '-Ix') {
      wait = 'log';
      Object.assign(shown, displayOf(variables));
    } else if (flag.startsWith('-I')) {
      signals = flag === '-Il' ? 'local' : 'remote';
      submission.interactive = windowHere();
    } else if (flag === '-i' || flag === '-o') addFile(submission, flag === '-i' ? 'inputs' : 'outputs', value);
    else if (flag === '-P') Object.assign(properties, readProperty(value));
    else Object.assign(submission, memberOf(flag, value));
  }
  if (Object.keys(properties).length > 0) submission.properties = properties;
  if (signals !== undefined && variables.TERM !== undefined) shown.TERM = variables.TERM;
  Object.assign(submission, environmentOf(environment, isProperty, variables));
  if (Object.keys(shown).length > 0) submission.environment = { ...shown, ...(submission.environment as object | undefined) };
  if (isEnvironmentEarly) early.push('environment');
  return { submission, early, verbosity, wait, signals };
}

/** Each flag names one more file. */
function addFile(submission: Record<string, unknown>, name: 'inputs' | 'outputs', file: string): void {
  submission[name] = [...((submission[name] as string[] | undefined) ?? []), file];
}

/** Members that no class has a say in. */
const own: ReadonlySet<string> = new Set(['command', 'directory', 'submit_host', 'jobclass']);

function memberOf(flag: string, value: string): Record<string, unknown> {
  switch (flag) {
    case '-l':
      return { logfile: value };
    case '-p':
      return { priority: value };
    case '-r':
      return { resources: value };
    case '-g':
      return { group: value, group_with_user: false };
    case '-G':
      return { group: value };
    case '-J':
      return { name: value };
    case '-kill':
      return { time_limit: value };
    case '-X':
      return { expected: value };
    case '-D':
      return { check_directory: false };
    case '-M':
      return { mailuser: value };
    case '-set':
      return { set: value };
    case '-preemptable':
      return { preemptable: value === '1' };
    case '-autoforget':
      return { autoforget: true };
    default:
      return { wrapper: value };
  }
}

/** What a program needs to show windows on the display of this shell. Throws `invalid` where there is none. */
function displayOf({ DISPLAY, XAUTHORITY }: NodeJS.ProcessEnv): Record<string, string> {
  if (DISPLAY === undefined || DISPLAY === '')
    throw new Problem('invalid', '-Ix shows windows on the X display of this shell, which has none.', { hint: 'set DISPLAY' });
  return { DISPLAY, ...(XAUTHORITY !== undefined && { XAUTHORITY }) };
}

/** Empty, DEFAULT and SNAPSHOT take the variables of this shell along; BASE leaves them here. */
function environmentOf(name: string, isProperty: boolean, variables: NodeJS.ProcessEnv): Record<string, unknown> {
  if (name === 'BASE') return {};
  if (name !== '' && name !== 'DEFAULT' && name !== 'SNAPSHOT')
    throw new Problem('invalid', `There is no environment ${name}.`, { detail: 'expected SNAPSHOT, DEFAULT or BASE', pointer: '-e' });
  return { environment: { ...variables }, ...(!isProperty && { snapshot: true }) };
}

function readProperty(text: string): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new Problem('invalid', 'A property is NAME=VALUE.', { detail: `got ${text}`, pointer: '-P' });
  return { [text.slice(0, at)]: text.slice(at + 1) };
}

function readNumber(flag: string, text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new Problem('invalid', `${flag} takes a number from 0 to 9.`, { detail: `got ${text}`, pointer: flag });
}

function linesOf(job: ShownJob, verbosity: number | undefined): string[] {
  if (verbosity === 0) return [];
  if (verbosity === 1) return [job.id];
  if (verbosity !== undefined) return [`Job <${job.id}> is submitted`];
  const pairs = [
    ['Fairshare', job.group],
    ['Resources', job.resources],
    ['Env', job.environment],
    ['Command', `vw ${job.command_line}`],
    ['Logfile', job.logfile],
    ['JobId', job.id],
  ] as const;
  return pairs.map(([label, value]) => `${label.padEnd(9)}= ${value}`.trimEnd());
}
