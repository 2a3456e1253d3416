/** A session on a standalone cluster of Spark, which loses a worker during a job. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SparkCluster } from './cluster.ts';
import { House } from './house.ts';
import { pause } from './patience.ts';
import { hasSpark, quickConf, sparkHome, sparkPython } from './quick-spark.ts';

describe.skipIf(!hasSpark)('a session on a cluster', { timeout: 240_000 }, () => {
  const cluster = new SparkCluster(sparkHome, sparkPython);
  let house: House | undefined;
  beforeAll(() => cluster.start(2), 240_000);
  afterAll(async () => {
    await house?.close();
    await cluster.close();
  });

  test('runs there, and goes on when a worker is lost during a job', async () => {
    house = new House([`sessions.spark.masters=${cluster.master}`, 'sessions.startTimeout=200s', 'sessions.spark.driverHost=127.0.0.1']);
    await house.start();
    const conf = { ...quickConf, 'spark.master': cluster.master };
    const asked = { kind: 'pyspark', conf, driverMemory: '512m', executorMemory: '512m' };
    const id = await house.session(asked).catch(async (error) => Promise.reject(new Error(`${error}: ${await house?.log(0)}`)));
    const two = 'import time\nwhile sc._jsc.sc().getExecutorMemoryStatus().size() < 3: time.sleep(0.1)\nsc.master';
    expect(await house.text(id, two)).toBe(`'${cluster.master}'`);

    const { id: job } = await house.post(id, 'sc.parallelize(range(24), 24).map(lambda n: time.sleep(0.25) or n).sum()');
    while ((await house.statement(id, job)).progress === 0) await pause(30);
    cluster.killWorker();
    const { output } = await house.untilStatement(id, job, 'available');
    expect(output).toMatchObject({ status: 'ok', data: { 'text/plain': '276' } });
    expect(await house.text(id, 'sc._jsc.sc().getExecutorMemoryStatus().size()')).toBe('2');
    expect(await house.text(id, 'spark.range(7).count()')).toBe('7');
    expect((await house.ask('GET', `/sessions/${id}`)).body.appId).toMatch(/^app-\d{14}-\d{4}$/);
  });
});
