/** Programs that were written for Livy, unchanged: pylivy, sparkmagic's client library, Airflow's hook, and the seed's program. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House } from './house.ts';
import { hasSpark, quickSetting } from './quick-spark.ts';

const run = promisify(execFile);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const has = (python: string, module: string): boolean =>
  existsSync(python) &&
  spawnSync(python, ['-c', `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`]).status === 0;

const python = here('.venv/bin/python');
const hasLivy = has(python, 'livy');
const hasSparkmagic = has(python, 'sparkmagic') && has(python, 'ipywidgets');
const hasAirflow = has(python, 'airflow.providers.apache.livy');
if (!hasLivy) console.log('skipped: no pylivy in test/sessions/.venv (scripts/setup installs it)');
if (!hasSparkmagic) console.log('skipped: no sparkmagic in test/sessions/.venv (scripts/setup installs it)');
if (!hasAirflow) console.log('skipped: no Livy hook of Airflow in test/sessions/.venv (scripts/setup installs it)');

const shelf = mkdtempSync(join(tmpdir(), 'weir-clients-'));
const house = new House([`sessions.files=${shelf}`, 'sessions.startTimeout=200s', quickSetting]);
beforeAll(async () => {
  await house.start();
  await fetch(`${house.url}/api/v1/imports`, { method: 'POST', body: '1,9,C1,N1,C2,443,6,10,5000\n2,0,C3,N2,C2,53,17,1,99\n' });
});
afterAll(async () => {
  await house.close();
  rmSync(shelf, { recursive: true, force: true });
});

const put = (name: string, text: string): string => {
  const path = join(shelf, name);
  writeFileSync(path, text);
  return path;
};

const answer = async (program: string, words: readonly string[], options = {}): Promise<Record<string, unknown>> => {
  const { stdout } = await run(program, words, { cwd: shelf, timeout: 240_000, ...options });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Record<string, unknown>;
};

test.skipIf(!hasLivy)('pylivy makes sessions, runs code and SQL, and batches [needs pylivy]', { timeout: 240_000 }, async () => {
  const file = put('batch.sql', 'select 1 a');
  const said = await answer(python, [here('clients/pylivy.py'), `${house.url}/livy`, file]).catch((error: Error) => ({ error }));
  expect(said).toMatchObject({
    legacy: false,
    text: '2',
    error: expect.stringContaining('ZeroDivisionError'),
    idle: 'idle',
    sql: [
      ['C1', 5000],
      ['C3', 99],
    ],
  });
});

test.skipIf(!hasSparkmagic)('sparkmagic holds a session and reads its outputs [needs sparkmagic]', { timeout: 240_000 }, async () => {
  const home = { env: { ...process.env, HOME: shelf, SPARKMAGIC_CONF_DIR: shelf } };
  const said = await answer(python, [here('clients/sparkmagic_client.py'), house.url, hasSpark ? 'pyspark' : 'sql'], home);
  expect(said).toMatchObject({ status: 'idle', logs: true, end: 'dead' });
  if (hasSpark) expect(said).toMatchObject({ text: [true, '42', 'text/plain'], error: [false, expect.stringContaining('NameError')] });
});

test.skipIf(!hasAirflow)("Airflow's hook runs a batch and reads its log [needs its provider for Livy]", { timeout: 240_000 }, async () => {
  const { hostname, port } = new URL(house.url);
  const file = put('hook.py', 'import sys\nprint(*sys.argv[1:])');
  const said = await answer(python, [here('clients/airflow_hook.py'), hostname, port, file], {
    env: { ...process.env, PYTHONPATH: here('clients/airflow-core') },
  });
  expect(said).toMatchObject({ state: 'success', log: ['1 b'], entry: expect.arrayContaining(['appId', 'id', 'state']) });
});

const seeds = process.env.WEIR_SEEDS;
describe.skipIf(!seeds)(
  "the seed's program [needs WEIR_SEEDS: the folder with the texts that the house began with]",
  { timeout: 240_000 },
  () => {
    beforeAll(() => {
      const text = readFileSync(join(seeds as string, '000_674e4c3cbda5355f.txt'), 'utf8');
      const blocks = [...text.slice(text.indexOf('### Livy Server')).matchAll(/```python\n([\s\S]*?)```/g)].map(
        ([, code]) => code as string,
      );
      const [client = '', sample = ''] = blocks;
      // It asks twenty times: the interval decides how long Spark may take to start.
      for (const seconds of [1, 8]) {
        put(
          `client-${seconds}.py`,
          client.replace('http://localhost:8998', house.url).replace('retry_interval = 10', `retry_interval = ${seconds}`),
        );
      }
      put('job.py', sample.replace('time.sleep(30)', 'time.sleep(1)'));
    });
    const caller = hasLivy ? python : 'python3';

    test('takes the session of Python that is idle, and runs a job with its arguments', async () => {
      const id = await house.session({ kind: 'python' });
      const mine = put('mine.py', 'print("sum", count_of + 1, the_name)');
      const { stdout } = await run(caller, ['client-1.py', mine, '--count-of', '41', '--the-name', 'x y'], {
        cwd: shelf,
        timeout: 200_000,
      });
      expect(stdout).toContain(`Using existing non-busy session with ID: ${id}`);
      expect(stdout).toContain('Job Result:\nsum 42 x y\nJob completed successfully');
      await expect(run(caller, ['client-1.py', put('bad.py', 'nobody')], { cwd: shelf })).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining("NameError: name 'nobody' is not defined"),
      });
      await house.ask('DELETE', `/sessions/${id}`);
    });

    test.skipIf(!hasSpark)('makes a session of PySpark and runs its sample job', async () => {
      const { stdout } = await run(caller, ['client-8.py', 'job.py'], { cwd: shelf, timeout: 230_000 });
      expect(stdout).toContain('Created new session with ID');
      expect(stdout).toContain('|   A|2021-02-10|2021-06-10|');
      expect(stdout).toContain('Job completed successfully');
    });
  },
);
