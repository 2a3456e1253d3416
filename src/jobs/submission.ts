import { Problem } from '../core/problem.ts';
import { type ArrayRange, readArrayRange } from './array-range.ts';
import { splitCommand } from './command-line.ts';
import { readTimeSpec } from './duration.ts';
import { type Dependency, dependencyKinds, type Window } from './job.ts';
import { readId } from './job-id.ts';
import { recipient } from './mail.ts';
import { normalPriority, readPriority } from './priority.ts';
import { type Need, parseResources } from './resources.ts';

/** A submission that has been read: what is left is to find its directory, its log and its id. */
export type Submission = {
  command: string[];
  directory?: string;
  isDirectoryChecked: boolean;
  logfile?: string;
  name?: string;
  group?: string;
  /** False where the fair-share group stands alone, without its user. */
  hasUserPart: boolean;
  priority: number;
  runPriority: number;
  resources: string;
  needs: Need[];
  /** `snapshot`: the variables are all that the job gets; `base`: they come on top of a clean base. */
  environment: { kind: 'base' | 'snapshot'; variables: Record<string, string> };
  timeLimit?: number;
  expected?: number;
  dependencies: Dependency[];
  /** Files that it reads and makes, as they were named. */
  inputs?: string[];
  outputs?: string[];
  array?: ArrayRange;
  retry?: { max: number; delay: number; onExit?: number[] };
  legalExit?: number[];
  isHeld: boolean;
  isAutoforgotten: boolean;
  isPreemptable?: boolean;
  properties?: Record<string, string>;
  set?: string;
  /** It gets a terminal of this size. */
  terminal?: Window;
  /** Who gets a mail when it is over. */
  mailUser?: string;
  /** The preset that it was made with; what that says is in here already. */
  jobclass?: string;
  wrapper: string;
  submitHost?: string;
};

const propertyName = /^[A-Za-z0-9_.-]{1,255}$/;
const variableName = /^[^=\0]{1,255}$/;
const groupName = /^\/?[A-Za-z0-9_.:-]+(?:\/[A-Za-z0-9_.:-]+)*$/;
const longestCommand = 128 * 1024;
const largestEnvironment = 512 * 1024;
const longestTime = 10 * 365 * 86_400;

/** What somebody might send, and why not. */
const refused: Record<string, string> = {
  user: 'the owner of a job is always who submits it',
  force: 'every submission is a new job; use rerun for one that is known',
  wait: 'follow /api/v1/jobs/events, or use weir nc wait',
};

type Fault = { pointer: string; detail: string };

/** Reads the members of a submission one by one, and gathers what is wrong with them. */
class Reader {
  readonly #body: Record<string, unknown>;
  readonly #left: Set<string>;
  readonly faults: Fault[] = [];

  constructor(body: Record<string, unknown>) {
    this.#body = body;
    this.#left = new Set(Object.keys(body));
  }

  /** The value of a member through `read`, which answers undefined for what it does not take. */
  take<T>(name: string, expected: string, read: (value: unknown) => T | undefined): T | undefined {
    this.#left.delete(name);
    const value = this.#body[name];
    if (value === undefined || value === null) return undefined;
    try {
      const result = read(value);
      if (result === undefined) this.fault(name, `expected ${expected}, got ${shown(value)}`);
      return result;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.fault(name, error.detail ?? error.title);
      return undefined;
    }
  }

  fault(name: string, detail: string): void {
    this.faults.push({ pointer: `/${name}`, detail });
  }

  /** Throws `unprocessable` with all faults, if there are any. */
  end(known: readonly string[]): void {
    for (const name of this.#left) this.fault(name, refused[name] ?? `there is no such member; known are ${known.join(', ')}`);
    const [first] = this.faults;
    if (first === undefined) return;
    throw new Problem(
      'unprocessable',
      this.faults.length === 1 ? 'This job cannot be submitted.' : 'This job cannot be submitted as it is.',
      {
        detail: `${first.pointer.slice(1)}: ${first.detail}`,
        pointer: first.pointer,
        facts: { errors: this.faults },
      },
    );
  }
}

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
  const reader = new Reader(body as Record<string, unknown>);
  const isShell = reader.take('shell', 'true or false', flag) ?? false;
  const command = reader.take('command', 'a list of words or a text', (value) => commandOf(value, isShell));
  if (command === undefined && reader.faults.every(({ pointer }) => pointer !== '/command')) reader.fault('command', 'it is missing');
  const resources = reader.take('resources', 'a text', text(2000)) ?? '';
  const needs = reader.take('resources', 'an expression', () => parseResources(resources));
  const priority = reader.take('priority', '1 to 15, or low, normal, high or top', (value) =>
    typeof value === 'string' || typeof value === 'number' ? readPriority(value) : undefined,
  );
  const variables = reader.take('environment', `an object of texts, ${largestEnvironment} octets at most`, variablesFrom) ?? {};
  const isSnapshot = reader.take('snapshot', 'true or false', flag) ?? false;
  const rest = {
    directory: reader.take('directory', 'an absolute path', (value) =>
      typeof value === 'string' && value.startsWith('/') && value.length < 4096 && !value.includes('\0') ? value : undefined,
    ),
    logfile: reader.take('logfile', 'a path inside of the directory', text(4000, /^[^\0]+$/)),
    name: reader.take('name', 'a text of 255 characters at most', text(255, /^[^\p{Cc}]+$/u)),
    group: reader.take('group', 'a group such as /time/users', text(255, groupName)),
    timeLimit: reader.take('time_limit', 'a time of at least 1s, such as 90s or 3h30m', seconds(1)),
    expected: reader.take('expected', 'a time such as 90s or 3h30m', seconds(0)),
    array: reader.take('array', 'a range such as 0-31:2%4', (value) => arrayOf(value, most)),
    retry: reader.take('retry', '{"max": 1 to 1000, "delay": a time, "on_exit": [codes]}', retryOf),
    legalExit: reader.take('legal_exit', 'a list of exit codes, 1 to 255', exitCodes),
    inputs: reader.take('inputs', 'a list of files', filesFrom),
    outputs: reader.take('outputs', 'a list of files', filesFrom),
    isPreemptable: reader.take('preemptable', 'true or false', flag),
    properties: reader.take('properties', 'an object of texts; names of letters, digits, _ - .', propertiesOf),
    set: reader.take('set', 'a text of 255 characters at most', text(255, /^[^\p{Cc}]+$/u)),
    jobclass: reader.take('jobclass', 'the name of a job class', text(64)),
    terminal: reader.take('interactive', 'true, or {"rows": 24, "columns": 80}', windowOf),
    mailUser: reader.take('mailuser', 'a user or an address', text(254, recipient)),
    submitHost: reader.take('submit_host', 'a host name', text(255, /^[A-Za-z0-9._-]+$/)),
  };
  if (rest.terminal !== undefined && rest.array !== undefined) reader.fault('interactive', 'an array has no terminal');
  const dependencies = reader.take('dependencies', 'a list such as ["afterok:000001138"]', dependenciesOf) ?? [];
  const isDirectoryChecked = reader.take('check_directory', 'true or false', flag) ?? true;
  const hasUserPart = reader.take('group_with_user', 'true or false', flag) ?? true;
  const isHeld = reader.take('hold', 'true or false', flag) ?? false;
  const isAutoforgotten = reader.take('autoforget', 'true or false', flag) ?? false;
  const wrapper = reader.take('wrapper', '"vw", the only wrapper', (value) => (value === 'vw' ? value : undefined)) ?? 'vw';
  reader.end(submissionMembers);
  return {
    command: command as string[],
    ...(Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<Submission>),
    isDirectoryChecked,
    hasUserPart,
    priority: priority?.priority ?? normalPriority,
    runPriority: priority?.runPriority ?? normalPriority,
    resources,
    needs: needs ?? parseResources(resources),
    environment: { kind: isSnapshot ? 'snapshot' : 'base', variables },
    dependencies,
    isHeld,
    isAutoforgotten,
    wrapper,
  };
}

const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

const text =
  (longest: number, form?: RegExp) =>
  (value: unknown): string | undefined =>
    typeof value === 'string' && value.length <= longest && (form === undefined || form.test(value)) ? value : undefined;

const seconds =
  (least: number) =>
  (value: unknown): number | undefined => {
    const read = typeof value === 'string' || typeof value === 'number' ? readTimeSpec(value) : undefined;
    return read !== undefined && read >= least && read <= longestTime ? read : undefined;
  };

function commandOf(value: unknown, isShell: boolean): string[] | undefined {
  if (typeof value === 'string' && isShell) return textsOf(['/bin/sh', '-c', value]);
  if (isShell) throw new Problem('unprocessable', '', { detail: 'for a shell it has to be one text' });
  return textsOf(typeof value === 'string' ? splitCommand(value) : value);
}

function textsOf(words: unknown): string[] | undefined {
  if (!Array.isArray(words) || words.some((word) => typeof word !== 'string')) return undefined;
  const all = words as string[];
  const fault = (detail: string) => new Problem('unprocessable', '', { detail });
  if (all.length === 0 || all[0] === '') throw fault('there is no program in it');
  if (all.some((word) => word.includes('\0'))) throw fault('a word has the character NUL in it');
  if (all.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0) > longestCommand)
    throw fault(`it has more than ${longestCommand} octets`);
  return all;
}

function variablesFrom(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  let octets = 0;
  for (const [name, content] of Object.entries(value)) {
    if (!variableName.test(name) || typeof content !== 'string' || content.includes('\0'))
      throw new Problem('unprocessable', '', { detail: `${shown(name)} is no name of a variable, or its value no text without NUL` });
    octets += Buffer.byteLength(name) + Buffer.byteLength(content) + 2;
  }
  return octets <= largestEnvironment ? (value as Record<string, string>) : undefined;
}

function propertiesOf(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const all = Object.entries(value);
  const fits =
    all.length <= 1000 && all.every(([name, content]) => propertyName.test(name) && typeof content === 'string' && content.length < 32_768);
  return fits ? (value as Record<string, string>) : undefined;
}

const usualWindow: Window = { rows: 24, columns: 80 };

/** The size of a terminal; undefined for what is none. */
export function windowOf(value: unknown): Window | undefined {
  if (value === true) return usualWindow;
  if (typeof value !== 'object' || value === null) return undefined;
  const { rows, columns, ...more } = value as Record<string, unknown>;
  const fits = [rows, columns].every((number) => Number.isInteger(number) && (number as number) >= 1 && (number as number) <= 1000);
  return fits && Object.keys(more).length === 0 ? { rows: rows as number, columns: columns as number } : undefined;
}

/** A list of paths, or one path. */
function filesFrom(value: unknown): string[] | undefined {
  const paths = typeof value === 'string' ? [value] : value;
  const isPath = (path: unknown) => typeof path === 'string' && path !== '' && path.length < 4096 && !path.includes('\0');
  return Array.isArray(paths) && paths.length <= 1000 && paths.every(isPath) ? (paths as string[]) : undefined;
}

function exitCodes(value: unknown): number[] | undefined {
  const fits = Array.isArray(value) && value.length <= 255 && value.every((code) => Number.isInteger(code) && code >= 1 && code <= 255);
  return fits ? (value as number[]) : undefined;
}

function retryOf(value: unknown): Submission['retry'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { max, delay = 0, on_exit, ...more } = value as Record<string, unknown>;
  const wait = seconds(0)(delay);
  const onExit = on_exit === undefined ? undefined : exitCodes(on_exit);
  const isCount = Number.isInteger(max) && (max as number) >= 1 && (max as number) <= 1000;
  if (!isCount || wait === undefined || (on_exit !== undefined && onExit === undefined) || Object.keys(more).length > 0) return undefined;
  return { max: max as number, delay: wait, ...(onExit !== undefined && { onExit }) };
}

function arrayOf(value: unknown, most: number): ArrayRange | undefined {
  if (typeof value !== 'string' || value.length > 10_000) return undefined;
  const range = readArrayRange(value, most);
  if (typeof range === 'string') throw new Problem('unprocessable', '', { detail: range });
  return range;
}

/** `["afterok:1138:1139", "afterany:1143"]`, or the same in one text, with commas between. */
function dependenciesOf(value: unknown): Dependency[] | undefined {
  const parts = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(parts) || parts.length > 1000) return undefined;
  return parts.flatMap((part) => {
    const [kind = '', ...ids] = String(part).split(':');
    if (!(dependencyKinds as readonly string[]).includes(kind) || ids.length === 0)
      throw new Problem('unprocessable', '', { detail: `expected ${dependencyKinds.join(', ')}, a colon and ids; got ${shown(part)}` });
    return ids.map((id) => ({ kind: kind as Dependency['kind'], job: readId(id, '/dependencies') }));
  });
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
