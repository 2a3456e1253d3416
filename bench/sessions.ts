/** The sessions: how long a statement takes there and back, how soon an interpreter is ready, and large results. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Benchmark, type Report, timeLimit } from './benchmark.ts';
import { median, quantile } from './rounds.ts';
import { SessionsClient } from './sessions-client.ts';
import { sqlReport } from './sessions-sql.ts';
import { WeirServer } from './weir.ts';

export const sessions: Benchmark = {
  about: 'sessions: round trip of a statement, start of an interpreter, large results; SQL beside DuckDB and Spark',
  run,
};

const trips = 300;
const inOrder = 1000;
const largeOctets = 100 * 2 ** 20;

async function run(bench: Bench): Promise<Report[]> {
  return [await pythonReport(bench), await sqlReport(bench)];
}

async function pythonReport(bench: Bench): Promise<Report> {
  mkdirSync(bench.folder, { recursive: true });
  const folder = mkdtempSync(join(bench.folder, 'sessions-'));
  try {
    await using server = await WeirServer.start(folder, ['sessions.output=200MiB', 'sessions.starting=16']);
    return await report(bench, new SessionsClient(server.url));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function report(bench: Bench, client: SessionsClient): Promise<Report> {
  const starts: number[] = [];
  const ids: number[] = [];
  try {
    for (let count = 0; count < 8; count++) {
      const begin = performance.now();
      ids.push(await client.start('python'));
      starts.push(performance.now() - begin);
    }
    const [first] = ids as [number];
    await roundTrips(client, [first], 50);
    const alone = await roundTrips(client, [first], trips);
    bench.say('  1 session');
    const together = await roundTrips(client, ids, trips);
    bench.say('  8 sessions');
    const orderMs = await ordered(client, first);
    const largeMs = await large(client, first);
    const spark = await sparkStart(client, ids);
    const figures = {
      startMs: median(starts),
      oneP50Ms: median(alone),
      oneP99Ms: quantile(alone, 0.99),
      eightP50Ms: median(together),
      eightP99Ms: quantile(together, 0.99),
      inOrderMs: orderMs,
      largeMs,
      ...('ms' in spark && { sparkStartMs: spark.ms }),
    };
    const notes = Object.entries(figures).map(([name, value]) => `${name}: ${value.toFixed(2)}`);
    return {
      title: 'Sessions of Python',
      unit: 'requests',
      standings: [],
      skipped: 'reason' in spark ? [{ name: 'PySpark', reason: spark.reason }] : [],
      targets: [timeLimit('1+1, median', figures.oneP50Ms, 3), timeLimit('python session idle', figures.startMs, 300)],
      notes,
      figures,
    };
  } finally {
    await Promise.all(ids.map((id) => client.ask('DELETE', `/sessions/${id}`)));
  }
}

/** Milliseconds of each `1+1`, one after the other in each session, all sessions at once. */
async function roundTrips(client: SessionsClient, ids: readonly number[], count: number): Promise<number[]> {
  const seen = await Promise.all(
    ids.map(async (id) => {
      const times: number[] = [];
      for (let trip = 0; trip < count; trip++) {
        const begin = performance.now();
        await client.ask('POST', `/api/v1/sessions/${id}/statements?wait=60000`, { code: '1+1' });
        times.push(performance.now() - begin);
      }
      return times;
    }),
  );
  return seen.flat();
}

/** Statements that are all posted before the first has ended. */
async function ordered(client: SessionsClient, id: number): Promise<number> {
  const begin = performance.now();
  for (let count = 1; count < inOrder; count++) await client.ask('POST', `/sessions/${id}/statements`, { code: `last = ${count}` });
  await client.ask('POST', `/api/v1/sessions/${id}/statements?wait=60000`, { code: 'last' });
  return performance.now() - begin;
}

async function large(client: SessionsClient, id: number): Promise<number> {
  const begin = performance.now();
  const text = await client.ask('POST', `/api/v1/sessions/${id}/statements?wait=60000`, { code: `print("x" * ${largeOctets})` });
  if (text.length < largeOctets) throw new Error(`the large result has ${text.length} octets only`);
  return performance.now() - begin;
}

async function sparkStart(client: SessionsClient, ids: number[]): Promise<{ ms: number } | { reason: string }> {
  const begin = performance.now();
  try {
    ids.push(await client.start('pyspark'));
    return { ms: performance.now() - begin };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
