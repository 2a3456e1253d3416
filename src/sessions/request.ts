/** What somebody asks a session to be: read with every fault named, and nothing passed over in silence. */
import { Problem } from '../core/problem.ts';
import { isSpark, type Kind } from './kind.ts';

/** A request as it was read. What was not given is null, 0 or empty, as Livy shows it. */
export type SessionRequest = {
  name: string | null;
  jars: string[];
  pyFiles: string[];
  files: string[];
  archives: string[];
  driverMemory: string | null;
  driverCores: number;
  executorMemory: string | null;
  executorCores: number;
  numExecutors: number;
  queue: string | null;
  conf: Record<string, string>;
  heartbeatTimeoutInSecond: number;
  ttl: string | null;
  idleTimeout: string | null;
};

export type ReadRequest = { kind: Kind; request: SessionRequest };

const lists = ['jars', 'pyFiles', 'files', 'archives'] as const;
const sizes = ['driverMemory', 'executorMemory'] as const;
const counts = ['driverCores', 'executorCores', 'numExecutors', 'heartbeatTimeoutInSecond'] as const;
const spans = ['ttl', 'idleTimeout'] as const;
const members: ReadonlySet<string> = new Set(['kind', 'name', 'proxyUser', 'queue', 'conf', ...lists, ...sizes, ...counts, ...spans]);

/** Livy's words for a fault that the server itself found. */
export const rejected = (reason: string, pointer?: string): Problem =>
  new Problem('invalid', `Rejected, Reason: ${reason}`, pointer === undefined ? {} : { pointer });

/** Reads the body of POST /sessions. Throws `invalid`. */
export function readSessionRequest(body: unknown): ReadRequest {
  const given = objectOf(body);
  const request = readCommon(given, members);
  return { kind: kindOf(given.kind, request.conf), request };
}

/** The members that sessions and batches have in common. */
export function readCommon(given: Record<string, unknown>, known: ReadonlySet<string>): SessionRequest {
  for (const name of Object.keys(given)) {
    if (!known.has(name))
      throw new Problem('invalid', `Unrecognized field "${name}"`, { detail: `known are ${[...known].join(', ')}`, pointer: `/${name}` });
  }
  const list = (name: (typeof lists)[number]) => textsOf(given[name], name);
  const count = (name: (typeof counts)[number]) => countOf(given[name], name);
  return {
    name: nameOf(given.name),
    jars: list('jars'),
    pyFiles: list('pyFiles'),
    files: list('files'),
    archives: list('archives'),
    driverMemory: sizeOf(given.driverMemory, 'driverMemory'),
    driverCores: count('driverCores'),
    executorMemory: sizeOf(given.executorMemory, 'executorMemory'),
    executorCores: count('executorCores'),
    numExecutors: count('numExecutors'),
    queue: textOf(given.queue, 'queue'),
    conf: confOf(given.conf),
    heartbeatTimeoutInSecond: count('heartbeatTimeoutInSecond'),
    ttl: spanOf(given.ttl, 'ttl'),
    idleTimeout: spanOf(given.idleTimeout, 'idleTimeout'),
  };
}

export function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Problem('invalid', 'The body is not a JSON object.');
  // null for any member is as if it were not there.
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

const units: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a span as Livy writes it: `90s`, `10m`; without a unit milliseconds. */
export function spanMs(text: string): number {
  const [, count, unit = 'ms'] = /^(\d+)(us|ms|s|m|min|h|d)?$/.exec(text) ?? [];
  return Number(count) * (units[unit] as number);
}

const absent: ReadonlySet<string> = new Set(['spark', 'scala', 'sparkr', 'r']);

function kindOf(value: unknown, conf: Readonly<Record<string, string>>): Kind {
  const word = textOf(value, 'kind') ?? 'shared';
  if (word === 'pyspark' || word === 'pyspark3') return 'pyspark';
  if (word === 'python' || word === 'shared' || word === 'python3') return 'python';
  const wantsSpark = Object.keys(conf).some((key) => key.startsWith('spark.'));
  if (word === 'sql') return wantsSpark ? 'spark-sql' : 'sql';
  if (word === 'spark-sql') return 'spark-sql';
  if (absent.has(word))
    throw new Problem('invalid', `Rejected, Reason: there is no interpreter for ${word} here.`, {
      hint: 'kinds are python, pyspark, sql and spark-sql',
      pointer: '/kind',
    });
  throw new Problem('invalid', `Invalid kind: ${word}`, { hint: 'kinds are python, pyspark, sql and spark-sql', pointer: '/kind' });
}

/** Throws for what only Spark could do in a session without it. */
export function checkFits({ kind, request }: ReadRequest): void {
  if (isSpark(kind)) return;
  const useless = [...lists.filter((name) => request[name].length > 0 && name !== 'pyFiles')];
  if (useless.length > 0) throw rejected(`${useless.join(', ')} need a session of Spark`, `/${useless[0]}`);
}

/** A member that is not as it should be. */
export const wrong = (name: string, expected: string): Problem =>
  new Problem('invalid', `The field "${name}" is not as expected.`, { detail: `expected ${expected}`, pointer: `/${name}` });

function nameOf(value: unknown): string | null {
  const name = textOf(value, 'name');
  if (name === null) return null;
  if (name.trim() === '' || /^\d+$/.test(name)) throw rejected(`Invalid session name: ${name}`, '/name');
  if (name.length > 255 || /[\u0000-\u001f/]/.test(name))
    throw rejected('a name has at most 255 characters, and neither / nor control characters', '/name');
  return name;
}

/** Throws `invalid` for anything else. */
export function textOf(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  throw wrong(name, 'a text');
}

/** Throws `invalid` for anything else. */
function textsOf(value: unknown, name: string): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value as string[];
  throw wrong(name, 'a list of texts');
}

function sizeOf(value: unknown, name: string): string | null {
  const text = textOf(value, name);
  if (text !== null && !/^\d+[kmgt]b?$/i.test(text)) throw wrong(name, `a size as Java writes it (512m, 2g), got ${text}`);
  return text;
}

/** Airflow sends numbers as texts. */
function countOf(value: unknown, name: string): number {
  if (value === undefined) return 0;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw wrong(name, 'a whole number');
}

function spanOf(value: unknown, name: string): string | null {
  const text = textOf(value, name);
  if (text === null) return null;
  if (/^\d+(us|ms|s|m|min|h|d)?$/.test(text)) return text;
  throw rejected(`Invalid ${name}: ${text}`, `/${name}`);
}

function confOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong('conf', 'an object of texts');
  const conf: Record<string, string> = {};
  for (const [key, one] of Object.entries(value as object)) {
    if (one === null) continue;
    if (!['string', 'number', 'boolean'].includes(typeof one)) throw wrong(`conf/${key}`, 'a text, a number or a truth value');
    conf[key] = String(one);
  }
  return conf;
}
