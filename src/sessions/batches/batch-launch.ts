/** How a batch is started: everything that can be checked is checked before there is one. */
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { SessionsConfig } from '../config.ts';
import type { FlowsWish } from '../driver-link.ts';
import type { Start } from '../driver-process.ts';
import { environmentOf } from '../environment.ts';
import type { Interpreters, SparkHome } from '../interpreters.ts';
import { isHere, pythonSettings, sparkVariables } from '../launch.ts';
import type { Limits } from '../limits.ts';
import { rejected } from '../request.ts';
import { checkPath, checkSpark, sparkConf } from '../spark-settings.ts';
import { type BatchKind, type BatchRequest, groupOfBatch } from './batch.ts';
import { asksForSpark, batchKindOf, type ReadBatch } from './batch-request.ts';
import { propertiesText } from './properties.ts';
import { statementsOf } from './sql-text.ts';
import { type Uploads, uploadOf } from './uploads.ts';

const duckProgram = fileURLToPath(new URL('../sql-driver/file.ts', import.meta.url));
const sparkSqlProgram = fileURLToPath(new URL('../driver/sql_file.py', import.meta.url));
/** A file of SQL is read at once. */
const largestSql = 16 * 2 ** 20;

/** What the launch of a batch needs of the room. */
export type LaunchDependencies = {
  config: SessionsConfig;
  interpreters: Interpreters;
  uploads: Uploads;
  limits: Limits;
  /** Answers what a batch asks of the flows. */
  flows(wish: FlowsWish, folder: string): Promise<object>;
};

/** What is known of a batch before it has an id. */
export type BatchLaunch = {
  kind: BatchKind;
  /** Fills the folder of the batch with what it needs; answers what is started there. */
  prepare(id: number, folder: string): Promise<Omit<Start, 'folder'>>;
};

/** Finds the interpreters and checks the request. Throws `invalid` with what is missing and how to get it. */
export async function batchLaunchOf(asked: ReadBatch, owner: string, deps: LaunchDependencies): Promise<BatchLaunch> {
  const { request } = asked;
  const spark = await findSpark(asked, deps.interpreters);
  const kind = batchKindOf(asked, spark !== undefined);
  await checkFiles(request, owner, deps);
  const master = kind === 'pyspark' || kind === 'spark-sql' ? checkSpark(asSession(request), deps.config) : '';
  const python = await deps.interpreters.python();
  return {
    kind,
    prepare: async (id, folder) => {
      const place = { id, folder, master, owner };
      await mkdir(join(folder, 'work'), { recursive: true, mode: 0o700 });
      await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
      const own = await withUploads(request, place, deps.uploads);
      const { words, variables } = await programOf(kind, own, { ...place, spark, python }, deps);
      const settings = {
        ...pythonSettings(deps.config),
        ...deps.limits.make(groupOfBatch(id), kind !== 'python'),
        words,
        environment: variables,
      };
      await writeFile(join(folder, 'start.json'), JSON.stringify(settings), { mode: 0o600 });
      return { engine: 'batch', program: python, environment: variablesOf(id, folder) };
    },
  };
}

type Place = { id: number; folder: string; master: string; owner: string };
type Host = Place & { spark: SparkHome | undefined; python: string };
type Program = { words: string[]; variables: Record<string, string> };

function variablesOf(id: number, folder: string): Record<string, string> {
  const { WEIR_SESSION_ID: _, ...variables } = environmentOf(folder, id, { WEIR_BATCH_ID: String(id) });
  return variables;
}

/** Who asks for Spark is told what is missing; who does not can do without. */
async function findSpark({ request, wish }: ReadBatch, interpreters: Interpreters): Promise<SparkHome | undefined> {
  if (wish === 'python' || wish === 'sql') return undefined;
  const mustHave = wish !== undefined || asksForSpark(request) || /\.jar$/i.test(request.file);
  if (!mustHave && /\.sql$/i.test(request.file)) return undefined;
  return mustHave ? await interpreters.spark() : await interpreters.spark().catch(() => undefined);
}

async function checkFiles(request: BatchRequest, owner: string, { config, uploads }: LaunchDependencies): Promise<void> {
  const paths = (['jars', 'pyFiles', 'files', 'archives'] as const).flatMap((name) => request[name].map((path) => ({ path, name })));
  for (const { path, name } of [{ path: request.file, name: 'file' }, ...paths]) {
    const upload = uploadOf(path);
    if (upload !== undefined)
      await uploads.get(owner, upload).catch(() => Promise.reject(rejected(`there is no uploaded file ${upload}`, `/${name}`)));
    else checkPath(path, name, config.files);
    const local = localPath(path);
    if (local !== undefined && !(await isFile(local))) throw rejected(`there is no file ${local}`, `/${name}`);
  }
}

/** The path of a file of this host, or undefined for one elsewhere and for an upload. */
function localPath(path: string): string | undefined {
  const local = path.replace(/^(file|local):(\/\/)?/i, '').replace(/#.*$/s, '');
  return local.startsWith('/') ? local : undefined;
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false;

const asSession = (request: BatchRequest) => ({ ...request, heartbeatTimeoutInSecond: 0, ttl: null, idleTimeout: null });

/** The request with the paths that uploaded files have in the folder of the batch. */
async function withUploads(request: BatchRequest, { folder, owner }: Place, uploads: Uploads): Promise<BatchRequest> {
  const taken = async (path: string): Promise<string> => {
    const upload = uploadOf(path);
    return upload === undefined ? path : await uploads.lend(owner, upload, join(folder, 'uploads'));
  };
  const all = (paths: string[]) => Promise.all(paths.map(taken));
  const { file, jars, pyFiles, files, archives } = request;
  return {
    ...request,
    file: await taken(file),
    jars: await all(jars),
    pyFiles: await all(pyFiles),
    files: await all(files),
    archives: await all(archives),
  };
}

async function programOf(kind: BatchKind, request: BatchRequest, host: Host, deps: LaunchDependencies): Promise<Program> {
  if (kind === 'python') return await pythonProgram(request, host);
  if (kind === 'sql') return await duckProgramOf(request, host, deps);
  if (kind === 'pyspark') return await sparkProgram(request, host, deps.config, { file: request.file, args: request.args });
  await writeSql(request, host, deps, isHere(host.master));
  return await sparkProgram(request, host, deps.config, { file: sparkSqlProgram, args: [host.folder] });
}

async function pythonProgram({ file, args, pyFiles, files }: BatchRequest, { folder, python }: Host): Promise<Program> {
  const modules = join(folder, 'modules');
  await mkdir(modules, { mode: 0o700 });
  const path = [modules];
  for (const one of pyFiles.map(here)) {
    if (extname(one) === '.py') await symlink(one, join(modules, basename(one)));
    else path.push(one);
  }
  for (const one of files.map(here)) await symlink(one, join(folder, 'work', basename(one)));
  return { words: [python, here(file), ...args], variables: { PYTHONPATH: path.join(':') } };
}

/** Throws for a file elsewhere: only Spark fetches those. */
function here(path: string): string {
  const local = localPath(path);
  if (local === undefined) throw rejected(`only Spark reads ${path}`, '/file');
  return local;
}

/** Properties go by a file that nobody else reads: words of a command can be seen by everybody. */
async function sparkProgram(
  request: BatchRequest,
  { id, folder, master, spark }: Host,
  config: SessionsConfig,
  { file, args }: { file: string; args: readonly string[] },
): Promise<Program> {
  const home = spark as SparkHome;
  const name = request.name ?? request.conf['spark.app.name'] ?? `livy-batch-${id}`;
  const conf = { ...sparkConf(asSession(request), config, { id, folder, master }), 'spark.app.name': name };
  const properties = join(folder, 'spark.properties');
  await writeFile(properties, propertiesText(conf), { mode: 0o600 });
  const options = ['--properties-file', properties, ...(request.className === null ? [] : ['--class', request.className])];
  return {
    words: [join(home.folder, 'bin', 'spark-submit'), ...options, file, ...args],
    variables: {
      ...sparkVariables(home, master, folder),
      SPARK_HOME: home.folder,
      SPARK_SUBMIT_OPTS: `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

async function duckProgramOf(request: BatchRequest, host: Host, deps: LaunchDependencies): Promise<Program> {
  await writeSql(request, host, deps, true);
  return { words: [execPath, '--disable-warning=ExperimentalWarning', duckProgram, host.folder], variables: {} };
}

/** Puts the statements and the flows of now where the program of the batch finds them. */
async function writeSql(
  request: BatchRequest,
  { folder, master }: Host,
  { config, flows }: LaunchDependencies,
  hasFlows: boolean,
): Promise<void> {
  const path = here(request.file);
  const { size } = await stat(path);
  if (size > largestSql) throw rejected(`${path} has ${size} octets, and a file of SQL at most ${largestSql}`, '/file');
  const statements = statementsOf(await readFile(path, 'utf8'), master === '' ? 'duckdb' : 'spark');
  const loan = hasFlows ? await flows({ format: 'files' }, folder) : undefined;
  const { memory, threads, rows, timeout } = config.sql;
  const limits = { memory, threads, rows, outputOctets: config.output, timeoutMs: timeout };
  const task = { statements, rows, limits, ...(loan !== undefined && { loan }) };
  await writeFile(join(folder, 'sql.json'), JSON.stringify(task), { mode: 0o600 });
}
