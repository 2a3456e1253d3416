/** How the interpreter of a session is started: everything that can be checked is checked before. */
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { SessionsConfig } from './config.ts';
import type { Start } from './driver-process.ts';
import { environmentOf } from './environment.ts';
import type { Interpreters, SparkHome } from './interpreters.ts';
import { isSpark } from './kind.ts';
import { checkFits, type ReadRequest } from './request.ts';
import { checkSpark, sparkConf } from './spark-settings.ts';

/** What is known of a session before it has an id. */
export type Launch = {
  startOf(id: number, folder: string): Omit<Start, 'folder'>;
  /** What its driver is told, but for its limits: the content of `start.json`. */
  settingsOf(id: number, folder: string): object;
  /** True for an engine that has a limit of its own for memory. */
  hasOwnMemory: boolean;
};

/** Finds the interpreter and checks the request. Throws `invalid` with what is missing and how to get it. */
export async function launchOf(asked: ReadRequest, config: SessionsConfig, interpreters: Interpreters): Promise<Launch> {
  checkFits(asked);
  if (isSpark(asked.kind)) return await sparkLaunch(asked, config, interpreters);
  if (asked.kind === 'sql') return sqlLaunch(config);
  const program = await interpreters.python();
  return {
    startOf: (id, folder) => ({ engine: 'python', program, environment: environmentOf(folder, id) }),
    settingsOf: () => ({ ...pythonSettings(config), kind: 'python' }),
    hasOwnMemory: false,
  };
}

/** What every keeper is told. */
export const pythonSettings = (config: SessionsConfig) => ({
  graceSeconds: config.grace / 1000,
  reconnectSeconds: config.reconnect / 1000,
  processes: config.processes,
  logOctets: config.log,
  outputOctets: config.output,
});

async function sparkLaunch({ request }: ReadRequest, config: SessionsConfig, interpreters: Interpreters): Promise<Launch> {
  const master = checkSpark(request, config);
  const home = await interpreters.spark();
  return {
    startOf: (id, folder) => ({
      engine: 'python',
      program: home.python,
      environment: environmentOf(folder, id, sparkVariables(home, master, folder)),
    }),
    settingsOf: (id, folder) => ({
      ...pythonSettings(config),
      kind: 'pyspark',
      spark: { conf: sparkConf(request, config, { id, folder, master }), rows: config.sql.rows, hasFlows: isHere(master) },
    }),
    hasOwnMemory: true,
  };
}

/** The variables of a driver of Spark. */
export const sparkVariables = ({ python, java }: SparkHome, master: string, folder: string): Record<string, string> => ({
  SPARK_LOCAL_DIRS: join(folder, 'tmp'),
  PYSPARK_PYTHON: python,
  PYSPARK_DRIVER_PYTHON: python,
  ...(java !== '' && { JAVA_HOME: java }),
  // The pages of Spark are for this machine alone; a driver of a cluster listens where executors reach it.
  ...(master.startsWith('local') && { SPARK_LOCAL_IP: '127.0.0.1' }),
});

/** Executors elsewhere have none of the files of this host. */
export const isHere = (master: string): boolean => /^(local|spark:\/\/(localhost|127\.))/.test(master);

function sqlLaunch(config: SessionsConfig): Launch {
  const { memory, threads, rows, timeout } = config.sql;
  return {
    startOf: (id, folder) => ({ engine: 'sql', program: execPath, environment: environmentOf(folder, id) }),
    settingsOf: () => ({
      memory,
      threads,
      rows,
      timeoutMs: timeout,
      outputOctets: config.output,
      reconnectMs: config.reconnect,
    }),
    hasOwnMemory: true,
  };
}
