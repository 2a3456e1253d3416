/** What somebody asks a batch to be: read with every fault named. */
import { extname } from 'node:path';
import { Problem } from '../../core/problem.ts';
import { objectOf, readCommon, rejected, textOf, wrong } from '../request.ts';
import { type BatchKind, type BatchRequest, batchKinds } from './batch.ts';

/** Livy's members, and `kind`, which only Weir's own API has. */
const livyMembers = [
  ...['file', 'className', 'args', 'name', 'proxyUser', 'queue', 'conf', 'jars', 'pyFiles', 'files', 'archives'],
  ...['driverMemory', 'executorMemory', 'driverCores', 'executorCores', 'numExecutors'],
];
const known: Record<'livy' | 'weir', ReadonlySet<string>> = { livy: new Set(livyMembers), weir: new Set([...livyMembers, 'kind']) };

/** The property by which a client of Livy says what runs its batch. */
const kindProperty = 'weir.kind';

/** What was asked for; `wish` is the kind where somebody named one. */
export type ReadBatch = { request: BatchRequest; wish: BatchKind | undefined };

/** Reads the body of POST /batches. Throws `invalid`. */
export function readBatchRequest(body: unknown, wire: keyof typeof known): ReadBatch {
  const given = objectOf(body);
  const { heartbeatTimeoutInSecond: _beat, ttl: _ttl, idleTimeout: _idle, ...common } = readCommon(given, known[wire]);
  const { [kindProperty]: named, ...conf } = common.conf;
  const file = textOf(given.file, 'file');
  if (file === null || file === '') throw rejected('requirement failed: File is required.', '/file');
  const request = { ...common, conf, file, className: classOf(given.className), args: argsOf(given.args) };
  return { request, wish: kindOf(given.kind ?? named) };
}

function kindOf(value: unknown): BatchKind | undefined {
  const word = textOf(value, 'kind');
  if (word === null) return undefined;
  const kind = batchKinds.find((one) => one === word);
  if (kind === undefined)
    throw new Problem('invalid', `Invalid kind: ${word}`, { hint: `kinds are ${batchKinds.join(', ')}`, pointer: '/kind' });
  return kind;
}

/** It becomes a word behind an option of a program, and never an option itself. */
function classOf(value: unknown): string | null {
  const name = textOf(value, 'className');
  if (name === null || /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(name)) return name;
  throw wrong('className', 'the name of a class');
}

function argsOf(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrong('args', 'a list of texts');
  return value.map((one) => {
    if (!['string', 'number', 'boolean'].includes(typeof one)) throw wrong('args', 'a list of texts, numbers and truth values');
    if (typeof one === 'string' && one.includes('\0')) throw wrong('args', 'texts without the character 0');
    return String(one);
  });
}

/** What a batch asks of Spark. */
export const asksForSpark = ({ conf, className, jars, archives }: BatchRequest): boolean =>
  className !== null || jars.length > 0 || archives.length > 0 || Object.keys(conf).some((key) => key.startsWith('spark.'));

/** What runs a batch, by its file, by what it asks for, and by what is here. Throws `invalid`. */
export function batchKindOf({ request, wish }: ReadBatch, hasSpark: boolean): BatchKind {
  const suffix = extname(request.file.replace(/[?#].*$/s, '')).toLowerCase();
  const wantsSpark = asksForSpark(request);
  const fits: Record<string, readonly BatchKind[]> = {
    '.py': wantsSpark || hasSpark ? ['pyspark', 'python'] : ['python', 'pyspark'],
    '.jar': ['pyspark'],
    '.sql': wantsSpark ? ['spark-sql', 'sql'] : ['sql', 'spark-sql'],
  };
  const choice = fits[suffix];
  if (choice === undefined) throw rejected(`${request.file} is no file that runs here: .py, .jar or .sql`, '/file');
  const kind = wish ?? (choice[0] as BatchKind);
  if (!choice.includes(kind)) throw rejected(`${kind} does not run a file ${suffix}`, '/kind');
  checkFits(kind, request, wantsSpark);
  return kind;
}

function checkFits(kind: BatchKind, { args, pyFiles, files }: BatchRequest, wantsSpark: boolean): void {
  const isPlain = kind === 'python' || kind === 'sql';
  if (isPlain && wantsSpark) throw rejected(`className, jars, archives and properties of Spark need Spark, and ${kind} has none`, '/kind');
  if (kind.endsWith('sql') && args.length + pyFiles.length > 0) throw rejected('args and pyFiles are not for files of SQL', '/args');
  if (kind === 'sql' && files.length > 0) throw rejected('files are not for SQL over the flows', '/files');
}
