/** Sessions of Spark: a real JVM, the flows as a view, progress, cancel, and what is said where Spark is missing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { House, type Shown, type ShownSession } from './house.ts';
import { isAlive, pause } from './patience.ts';
import { hasSpark, quickConf } from './quick-spark.ts';

describe.skipIf(!hasSpark)('a session of Spark', { timeout: 240_000 }, () => {
  let house: House;
  let id: number;
  beforeAll(async () => {
    house = new House(['sessions.startTimeout=200s']);
    await house.start();
    await fetch(`${house.url}/api/v1/imports`, { method: 'POST', body: '1,9,C1,N1,C2,443,6,10,5000\n2,0,C3,N2,C2,53,17,1,99\n' });
    const conf = { ...quickConf, 'spark.master': 'local[2]' };
    id = await house.session({ kind: 'pyspark', name: 'sparks', conf, driverMemory: '512m', executorCores: 1, numExecutors: '3' });
  }, 240_000);
  afterAll(() => house.close());

  test('is idle once Spark is there, and shows its application', async () => {
    const { body } = await house.ask<ShownSession>('GET', '/sessions/sparks');
    expect(body).toMatchObject({ kind: 'pyspark', appId: expect.stringMatching(/^local-\d+$/), driverMemory: '512m', numExecutors: 3 });
    expect(await house.text(id, 'spark')).toContain('SparkSession');
    expect(await house.text(id, 'sc.master, sc.appName, sqlContext is not None, HiveContext is not None, cloudpickle is not None')).toBe(
      "('local[2]', 'sparks', True, True, True)",
    );
  });

  test('runs SQL beside Python on the same Spark', async () => {
    await house.run(id, "spark.createDataFrame([(1, 'a'), (2, None)], 'n int, t string').createOrReplaceTempView('mine')");
    expect(
      (await house.run(id, 'select n, t, cast(n as decimal(5,2)) d, date"2020-01-02" e, 9007199254740993 f from mine order by n;', 'sql'))
        .data,
    ).toEqual({
      'application/json': {
        schema: {
          type: 'struct',
          fields: [
            { name: 'n', type: 'integer', nullable: true, metadata: {} },
            { name: 't', type: 'string', nullable: true, metadata: {} },
            { name: 'd', type: 'decimal(5,2)', nullable: true, metadata: {} },
            { name: 'e', type: 'date', nullable: false, metadata: {} },
            { name: 'f', type: 'long', nullable: false, metadata: {} },
          ],
        },
        data: [
          [1, 'a', 1, '2020-01-02', 9007199254740992],
          [2, null, 2, '2020-01-02', 9007199254740992],
        ],
      },
    });
    expect(await house.run(id, 'select nobody from mine', 'sql')).toMatchObject({
      status: 'error',
      ename: 'Error',
      evalue: expect.stringContaining('nobody'),
    });
  });

  test('finds the flows, with the columns that they have everywhere', async () => {
    expect((await house.run(id, 'select src_comp, byte_count, dst_port_num from flows order by id', 'sql')).data).toMatchObject({
      'application/json': {
        data: [
          ['C1', 5000, 443],
          ['C3', 99, 53],
        ],
      },
    });
    expect(
      await house.text(
        id,
        "names = spark.table('flows').columns\nnames == list(next(flows.rows(limit=1))), flows().count(), len(flows(filter='port 53'))",
      ),
    ).toBe('(True, 2, 1)');
  });

  test('shows tables of rows, and how far its jobs are', async () => {
    expect((await house.run(id, 'rows = spark.sql(\'select 1 a, "x" b\').collect()\n%table rows')).data).toMatchObject({
      'application/vnd.livy.table.v1+json': { data: [[1, 'x']] },
    });
    const { id: statement } = await house.post(id, 'import time\nsc.parallelize(range(6), 6).map(lambda n: time.sleep(0.5) or n).sum()');
    const seen = new Set<number>();
    let shown: Shown | undefined;
    while (shown?.state !== 'available') {
      shown = await house.statement(id, statement);
      seen.add(shown.progress);
      await pause(50);
    }
    expect(shown).toMatchObject({ progress: 1, output: { data: { 'text/plain': '15' } } });
    expect([...seen].some((progress) => progress > 0 && progress < 1)).toBe(true);
    const stages = (await house.ask<{ stages: { tasks: number }[] }>('GET', `/api/v1/sessions/${id}/statements/${statement}`)).body.stages;
    expect(stages[0]?.tasks).toBe(6);
  });

  test('is cancelled with its jobs, and goes on', async () => {
    const { id: statement } = await house.post(id, 'import time\nsc.parallelize(range(4), 4).map(lambda n: time.sleep(120)).sum()');
    for (let shown = await house.statement(id, statement); shown.progress === 0 && shown.state !== 'running'; )
      shown = await house.statement(id, statement);
    await pause(500);
    await house.ask('POST', `/sessions/${id}/statements/${statement}/cancel`);
    await house.untilStatement(id, statement, 'cancelled');
    while ((await house.text(id, 'len(sc.statusTracker().getActiveJobsIds())')) !== '0') await pause(100);
    expect(await house.text(id, 'spark.range(5).count()')).toBe('5');
  });

  test('whose JVM is killed is dead, with the reason', async () => {
    const pid = Number(await house.text(id, 'sc._gateway.proc.pid'));
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await house.until(id, 'dead');
    expect(await house.log(id)).toContain('the JVM of Spark has ended');
  });
});

test('where Spark is missing it is refused with what is missing, and the rest works', async () => {
  const house = new House(['sessions.spark.python=/usr/bin/false'], {});
  try {
    await house.start();
    const { status, body } = await house.ask<{ msg: string }>('POST', '/sessions', { kind: 'pyspark' });
    expect(status).toBe(400);
    expect(body.msg).toMatch(/PySpark is not installed here.*scripts\/setup/);
    expect((await house.ask<{ msg: string }>('POST', '/sessions', { kind: 'sql', conf: { 'spark.master': 'yarn' } })).body.msg).toMatch(
      /yarn is not one that sessions may name/,
    );
    await house.session();
  } finally {
    await house.close();
  }
});
