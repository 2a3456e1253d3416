/** What the members of a submission may be. */
import { Problem } from '../core/problem.ts';
import { type ArrayRange, readArrayRange } from './array-range.ts';
import { splitCommand } from './command-line.ts';
import { readTimeSpec } from './duration.ts';
import { type Dependency, dependencyKinds, type Job, type Window } from './job.ts';
import { readId } from './job-id.ts';
import { recipient } from './mail.ts';
import { type Kind, shown } from './members.ts';
import { readPriority } from './priority.ts';
import { type Need, parseResources } from './resources.ts';

const propertyName = /^[A-Za-z0-9_.-]{1,255}$/;
const variableName = /^[^=\0]{1,255}$/;
const groupName = /^\/?[A-Za-z0-9_.:-]+(?:\/[A-Za-z0-9_.:-]+)*$/;
const hostName = /^[A-Za-z0-9._-]+$/;
const plainText = /^[^\p{Cc}]+$/u;
const longestCommand = 128 * 1024;
const largestEnvironment = 512 * 1024;
const longestTime = 10 * 365 * 86_400;

/** Why a value is refused, where what was expected does not say it. */
const because = (detail: string): Problem => new Problem('unprocessable', '', { detail });

const text = (expected: string, longest: number, form?: RegExp): Kind<string> => ({
  expected,
  read: (value) => (typeof value === 'string' && value.length <= longest && (form === undefined || form.test(value)) ? value : undefined),
});

/** A time of so many seconds at least. */
const time = (expected: string, least: number): Kind<number> => ({
  expected,
  read: (value) => {
    const read = typeof value === 'string' || typeof value === 'number' ? readTimeSpec(value) : undefined;
    return read !== undefined && read >= least && read <= longestTime ? read : undefined;
  },
});

export const flag: Kind<boolean> = { expected: 'true or false', read: (value) => (typeof value === 'boolean' ? value : undefined) };
export const shortText = text('a text of 255 characters at most', 255, plainText);
export const className = text('the name of a job class', 64);
export const group = text('a group such as /time/users', 255, groupName);
export const host = text('a host name', 255, hostName);
export const logfile = text('a path inside of the directory', 4000, /^[^\0]+$/);
export const directory = text('an absolute path', 4095, /^\/[^\0]*$/);
export const timeLimit = time('a time of at least 1s, such as 90s or 3h30m', 1);
export const expectedTime = time('a time such as 90s or 3h30m', 0);
export const wrapper: Kind<'vw'> = { expected: '"vw", the only wrapper', read: (value) => (value === 'vw' ? value : undefined) };
export const mailUser = text('a user or an address', 254, recipient);
export const priority: Kind<ReturnType<typeof readPriority>> = {
  expected: '1 to 15, or low, normal, high or top',
  read: (value) => (typeof value === 'string' || typeof value === 'number' ? readPriority(value) : undefined),
};

/** A resource expression, and what it asks for. */
export const resources: Kind<{ resources: string; needs: Need[] }> = {
  expected: 'a text',
  read: (value) => {
    const resources = text('', 2000).read(value);
    return resources === undefined ? undefined : { resources, needs: parseResources(resources) };
  },
};

/** One text for a shell; else words, or a text that is split into words. */
export const command = (isShell: boolean): Kind<string[]> => ({
  expected: 'a list of words or a text',
  read: (value) => {
    if (isShell && typeof value !== 'string') throw because('for a shell it has to be one text');
    if (isShell) return wordsOf(['/bin/sh', '-c', value]);
    return wordsOf(typeof value === 'string' ? splitCommand(value) : value);
  },
});

function wordsOf(words: unknown): string[] | undefined {
  if (!Array.isArray(words) || words.some((word) => typeof word !== 'string')) return undefined;
  const all = words as string[];
  if (all.length === 0 || all[0] === '') throw because('there is no program in it');
  if (all.some((word) => word.includes('\0'))) throw because('a word has the character NUL in it');
  if (all.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0) > longestCommand)
    throw because(`it has more than ${longestCommand} octets`);
  return all;
}

export const variables: Kind<Record<string, string>> = {
  expected: `an object of texts, ${largestEnvironment} octets at most`,
  read: (value) => {
    if (!isObject(value)) return undefined;
    let octets = 0;
    for (const [name, content] of Object.entries(value)) {
      if (!variableName.test(name) || typeof content !== 'string' || content.includes('\0'))
        throw because(`${shown(name)} is no name of a variable, or its value no text without NUL`);
      octets += Buffer.byteLength(name) + Buffer.byteLength(content) + 2;
    }
    return octets <= largestEnvironment ? (value as Record<string, string>) : undefined;
  },
};

export const properties: Kind<Record<string, string>> = {
  expected: 'an object of texts; names of letters, digits, _ - .',
  read: (value) => {
    if (!isObject(value)) return undefined;
    const all = Object.entries(value);
    const isFit = ([name, content]: [string, unknown]) => propertyName.test(name) && typeof content === 'string' && content.length < 32_768;
    return all.length <= 1000 && all.every(isFit) ? (value as Record<string, string>) : undefined;
  },
};

const usualWindow: Window = { rows: 24, columns: 80 };

/** The size of a terminal. */
export const terminal: Kind<Window> = {
  expected: 'true, or {"rows": 24, "columns": 80}',
  read: (value) => {
    if (value === true) return usualWindow;
    if (!isObject(value)) return undefined;
    const { rows, columns, ...more } = value;
    return isCount(rows) && isCount(columns) && Object.keys(more).length === 0 ? { rows, columns } : undefined;
  },
};

/** A list of paths, or one path. */
export const files: Kind<string[]> = {
  expected: 'a list of files',
  read: (value) => {
    const paths = typeof value === 'string' ? [value] : value;
    const isPath = (path: unknown) => typeof path === 'string' && path !== '' && path.length < 4096 && !path.includes('\0');
    return Array.isArray(paths) && paths.length <= 1000 && paths.every(isPath) ? (paths as string[]) : undefined;
  },
};

export const exitCodes: Kind<number[]> = {
  expected: 'a list of exit codes, 1 to 255',
  read: (value) => {
    const isCode = (code: unknown) => isCount(code) && code <= 255;
    return Array.isArray(value) && value.length <= 255 && value.every(isCode) ? (value as number[]) : undefined;
  },
};

export const retry: Kind<NonNullable<Job['retry']>> = {
  expected: '{"max": 1 to 1000, "delay": a time, "on_exit": [codes]}',
  read: (value) => {
    if (!isObject(value)) return undefined;
    const { max, delay = 0, on_exit, ...more } = value;
    const wait = expectedTime.read(delay);
    const onExit = on_exit === undefined ? undefined : exitCodes.read(on_exit);
    if (!isCount(max) || wait === undefined || (on_exit !== undefined && onExit === undefined) || Object.keys(more).length > 0)
      return undefined;
    return { max, delay: wait, ...(onExit !== undefined && { onExit }) };
  },
};

/** A range of indexes, of so many jobs at most. */
export const array = (most: number): Kind<ArrayRange> => ({
  expected: 'a range such as 0-31:2%4',
  read: (value) => {
    if (typeof value !== 'string' || value.length > 10_000) return undefined;
    const range = readArrayRange(value, most);
    if (typeof range === 'string') throw because(range);
    return range;
  },
});

/** `["afterok:1138:1139", "afterany:1143"]`, or the same in one text, with commas between. */
export const dependencies: Kind<Dependency[]> = {
  expected: 'a list such as ["afterok:000001138"]',
  read: (value) => {
    const parts = typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(parts) || parts.length > 1000) return undefined;
    return parts.flatMap((part) => {
      const [kind = '', ...ids] = String(part).split(':');
      if (!(dependencyKinds as readonly string[]).includes(kind) || ids.length === 0)
        throw because(`expected ${dependencyKinds.join(', ')}, a colon and ids; got ${shown(part)}`);
      return ids.map((id) => ({ kind: kind as Dependency['kind'], job: readId(id, '/dependencies') }));
    });
  },
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** 1 to 1000. */
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000;
