/** Spark on the machine of a test: whether there is one, and how it does little besides what it is asked. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Python that has it. */
export const sparkPython = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

const where = 'import importlib.util as u; print(u.find_spec("pyspark").submodule_search_locations[0])';

/** The folder of the package `pyspark`; empty where there is none, or no Java. */
export const sparkHome =
  existsSync(sparkPython) && spawnSync('java', ['-version']).status === 0
    ? spawnSync(sparkPython, ['-c', where], { encoding: 'utf8' }).stdout.trim()
    : '';

export const hasSpark = sparkHome !== '';
if (!hasSpark) console.log('skipped: no PySpark in .venv, or no Java (scripts/setup installs both)');

/** A virtual machine that lives for seconds is not worth its optimizing compiler, nor a collector for many threads: half of the processor time. */
export const quickJava = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto';

/** Properties of any session or batch: one thread, and no pages. */
export const quickConf = {
  'spark.master': 'local[1]',
  'spark.ui.enabled': 'false',
  'spark.driver.memory': '512m',
  'spark.driver.extraJavaOptions': quickJava,
  'spark.executor.extraJavaOptions': quickJava,
  'spark.sql.shuffle.partitions': '1',
};

/** The same as a setting of the server. */
export const quickSetting = `sessions.spark.conf=${Object.entries(quickConf)
  .map(([name, value]) => `${name}=${value}`)
  .join(',')}`;
