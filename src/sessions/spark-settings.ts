/** The properties of a session of Spark: what was asked for, what the server says, and what is checked before anything starts. */
import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { Problem } from '../core/problem.ts';
import type { SessionsConfig } from './config.ts';
import { rejected, type SessionRequest } from './request.ts';

/** A session may not set these, whatever the configuration says: they decide where programs of the server run. */
const alwaysForbidden = ['spark.submit.deployMode'];

/** Checks what a request says of Spark. Throws `invalid`. Answers the master. */
export function checkSpark(request: SessionRequest, config: SessionsConfig): string {
  const { spark, files } = config;
  const forbidden = new Set([...alwaysForbidden, ...spark.forbidden]);
  const named = Object.keys(request.conf).filter((key) => forbidden.has(key));
  if (named.length > 0) throw rejected(`Blacklisted configuration values in session config: ${named.join(', ')}`, '/conf');
  for (const name of ['jars', 'pyFiles', 'files', 'archives'] as const) for (const path of request[name]) checkPath(path, name, files);
  const master = request.conf['spark.master'] ?? spark.master;
  if (request.conf['spark.master'] !== undefined) checkMaster(master, spark.masters);
  checkCluster(master, request.conf, config);
  return master;
}

/** Where a driver of a cluster needs more than its address, it is asked for before it starts. */
function checkCluster(master: string, conf: Readonly<Record<string, string>>, { spark }: SessionsConfig): void {
  if (master === 'yarn') checkYarn();
  if (!master.startsWith('k8s://')) return;
  if (spark.driverHost === '' || spark.driverPort === 0 || spark.blockManagerPort === 0)
    throw lacking('executors in Kubernetes have to reach the driver here.', {
      detail: 'sessions.spark.driverHost, driverPort and blockManagerPort are not all set',
      hint: '--set sessions.spark.driverHost=NAME --set sessions.spark.driverPort=PORT --set sessions.spark.blockManagerPort=PORT',
    });
  const image = 'spark.kubernetes.container.image';
  const names = [...Object.keys(conf), ...spark.conf.map((line) => line.split('=', 1)[0] as string)];
  if (!names.some((name) => name === image || name === 'spark.kubernetes.executor.container.image'))
    throw lacking('executors in Kubernetes need an image.', {
      detail: `${image} is not set`,
      hint: `name it in conf or sessions.spark.conf`,
    });
}

/** Spark itself would say so after half a minute, in the log. */
function checkYarn(): void {
  const folder = process.env.HADOOP_CONF_DIR || process.env.YARN_CONF_DIR;
  const detail =
    folder === undefined
      ? 'neither HADOOP_CONF_DIR nor YARN_CONF_DIR is set for the server'
      : existsSync(join(folder, 'yarn-site.xml'))
        ? undefined
        : `there is no yarn-site.xml in ${folder}`;
  if (detail === undefined) return;
  throw lacking('yarn needs the configuration of its cluster.', { detail, hint: 'HADOOP_CONF_DIR=/etc/hadoop/conf weir serve' });
}

const lacking = (what: string, parts: { detail: string; hint: string }): Problem =>
  new Problem('invalid', `Rejected, Reason: ${what}`, { ...parts, pointer: '/conf/spark.master' });

function checkMaster(master: string, allowed: readonly string[]): void {
  const fits = allowed.some((one) => one === master || (one.endsWith('[N]') && numbered(one).test(master)));
  if (fits) return;
  throw new Problem('invalid', `Rejected, Reason: the master ${master} is not one that sessions may name.`, {
    detail: `allowed are ${allowed.join(', ')}`,
    hint: 'add it to sessions.spark.masters',
    pointer: '/conf/spark.master',
  });
}

const numbered = (form: string): RegExp => new RegExp(`^${form.slice(0, -3).replace(/[^\w]/g, '\\$&')}\\[\\d{1,3}\\]$`);

/** Checks a path of a request: one without a scheme is a file of this host, and these lie where the configuration says. Throws `invalid`. */
export function checkPath(path: string, name: string, allowed: readonly string[]): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(path)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file' && scheme !== 'local') return;
  const local = path.replace(/^(file|local):(\/\/)?/i, '');
  if (!local.startsWith('/')) throw rejected(`Path '${path}' is not absolute.`, `/${name}`);
  const plain = normalize(local);
  if (allowed.some((folder) => plain.startsWith(`${normalize(folder).replace(/\/$/, '')}/`))) return;
  throw rejected(`requirement failed: Local path ${plain} cannot be added to user sessions.`, `/${name}`);
}

export type SparkPlace = { id: number; folder: string; master: string };

/** The properties that the driver is started with. */
export function sparkConf(request: SessionRequest, { spark }: SessionsConfig, { id, folder, master }: SparkPlace): Record<string, string> {
  const isLocal = master.startsWith('local');
  const given: Record<string, string | number | null> = {
    'spark.driver.memory': request.driverMemory,
    'spark.driver.cores': request.driverCores || null,
    'spark.executor.memory': request.executorMemory,
    'spark.executor.cores': request.executorCores || null,
    'spark.executor.instances': request.numExecutors || null,
    'spark.yarn.queue': request.queue,
    'spark.jars': joined(request.jars, request.conf['spark.jars']),
    'spark.submit.pyFiles': joined(request.pyFiles, request.conf['spark.submit.pyFiles']),
    'spark.files': joined(request.files, request.conf['spark.files']),
    'spark.archives': joined(request.archives, request.conf['spark.archives']),
  };
  const own = Object.fromEntries(Object.entries(given).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])));
  return {
    'spark.app.name': request.name ?? `livy-session-${id}`,
    'spark.ui.showConsoleProgress': 'false',
    'spark.sql.warehouse.dir': `file://${folder}/warehouse`,
    // A database of its own for each session, in its folder.
    'spark.hadoop.javax.jdo.option.ConnectionURL': `jdbc:derby:;databaseName=${folder}/metastore;create=true`,
    ...(isLocal && { 'spark.driver.host': '127.0.0.1', 'spark.driver.bindAddress': '127.0.0.1' }),
    ...(!isLocal && spark.driverHost !== '' && { 'spark.driver.host': spark.driverHost, 'spark.driver.bindAddress': '0.0.0.0' }),
    ...(!isLocal && spark.driverPort > 0 && { 'spark.driver.port': String(spark.driverPort) }),
    ...(!isLocal && spark.blockManagerPort > 0 && { 'spark.blockManager.port': String(spark.blockManagerPort) }),
    ...Object.fromEntries(spark.conf.map((line) => [line.split('=', 1)[0] as string, line.slice(line.indexOf('=') + 1)])),
    ...request.conf,
    ...own,
    'spark.master': master,
    'spark.submit.deployMode': 'client',
  };
}

/** A list stands in front of the same property in `conf`. */
const joined = (list: readonly string[], more: string | undefined): string | null =>
  list.length === 0 ? null : [...list, ...(more ? [more] : [])].join(',');
