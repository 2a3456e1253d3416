/** SQL over all flows in a session, beside DuckDB's own program and Spark on the same files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatTable } from '../src/cli/table.ts';
import type { Bench, Report, Skipped, Target } from './benchmark.ts';
import { lanlStore } from './lanl-store.ts';
import { findPeers } from './peers.ts';
import { runProcess } from './process.ts';
import { median } from './rounds.ts';
import { SessionsClient } from './sessions-client.ts';
import { cpuMsOf, WeirServer } from './weir.ts';

/** Rows of the large answer. */
const largeRows = 1_000_000;

const questions = {
  'sum of all': 'select count(*) n, sum(byte_count) b from flows',
  'top ports': 'select dst_port, count(*) n, sum(byte_count) b from flows group by dst_port order by b desc, dst_port limit 10',
  'most peers': 'select src_comp, count(distinct dst_comp) n from flows group by src_comp order by n desc, src_comp limit 10',
  'one day, one host':
    "select time, dst_comp, byte_count from flows where time between 86400 and 172799 and src_comp = 'C17' order by id limit 100",
  'a million rows': `select time, src_comp, dst_comp, dst_port, byte_count from flows limit ${largeRows}`,
} as const;

/** What a question took: milliseconds by the clock, and of processors, which the kernel counts in steps of ten. */
type Cost = { ms: number; cpuMs: number };

/** By the name of the question; times in milliseconds by the clock. */
type Costs = Record<string, Cost>;
type Times = Record<string, number>;

type Name = keyof typeof questions;

const names = Object.keys(questions) as Name[];
const large: Name = 'a million rows';
const small = names.filter((name) => name !== large);

export async function sqlReport(bench: Bench): Promise<Report> {
  const folder = await lanlStore(bench);
  const duckdb = findPeers(['duckdb']);
  const settings = ['sessions.startTimeout=120s', `sessions.sql.rows=${largeRows}`, 'sessions.output=200MiB'];
  await using server = await WeirServer.start(folder, settings);
  const client = new SessionsClient(server.url);
  const { weir, bare } = await weirAndDuckdb(bench, { server, client, folder, program: duckdb.found.get('duckdb') });
  const spark = await sparkTimes(client).catch((error: Error): Skipped => ({ name: 'Spark', reason: error.message.slice(0, 300) }));
  const skipped = [...duckdb.skipped, ...('reason' in spark ? [spark as Skipped] : [])];
  return reportOf(bench, { weir, bare, spark: 'reason' in spark ? undefined : (spark as Times) }, skipped);
}

type All = { weir: Costs; bare: Costs | undefined; spark: Times | undefined };

function reportOf(bench: Bench, { weir, bare, spark }: All, skipped: Skipped[]): Report {
  const sum = (costs: Costs, asked: readonly string[], what: keyof Cost) =>
    asked.reduce((total, name) => total + (costs[name] as Cost)[what], 0);
  const ratio = (asked: readonly string[], what: keyof Cost) =>
    bare === undefined ? Number.NaN : sum(weir, asked, what) / sum(bare, asked, what);
  const shown = (cost: Cost | undefined) => (cost === undefined ? '-' : `${cost.ms.toFixed(0)} ms (${cost.cpuMs.toFixed(0)})`);
  const notes = formatTable(names, [
    { title: 'question, by the clock (and of processors)', show: (name) => name },
    { title: 'sql session', align: 'right', show: (name) => shown(weir[name]) },
    { title: 'DuckDB', align: 'right', show: (name) => shown(bare?.[name]) },
    { title: 'session/DuckDB', align: 'right', show: (name) => `${ratio([name], 'ms').toFixed(2)} (${ratio([name], 'cpuMs').toFixed(2)})` },
    { title: 'Spark local', align: 'right', show: (name) => (spark?.[name] === undefined ? '-' : `${spark[name].toFixed(0)} ms`) },
  ]);
  const limit = (what: string, asked: readonly string[]): Target => {
    return { what: `${what} to that of bare DuckDB`, reached: ratio(asked, 'ms'), wanted: 1.15, kind: 'ratio', isLimit: true };
  };
  const figures = Object.entries({ weir, duckdb: bare ?? {} }).flatMap(([who, costs]) =>
    Object.entries(costs).flatMap(([name, { ms, cpuMs }]): [string, number][] => [
      [`${who}: ${name}`, ms],
      [`${who}: ${name}, processors`, cpuMs],
    ]),
  );
  figures.push(...Object.entries(spark ?? {}).map(([name, ms]): [string, number] => [`spark: ${name}`, ms]));
  return {
    title: `SQL over ${bench.rows} flows`,
    unit: 'flows',
    standings: [],
    skipped,
    targets: [limit('time of all small answers', small), limit('time of a million rows as JSON', [large])],
    notes,
    figures: Object.fromEntries(figures),
  };
}

type Place = { server: WeirServer; client: SessionsClient; folder: string; program: string | undefined };

/** In turns, so that what else the machine does meets both alike; each question twice, of which the second time counts. */
async function weirAndDuckdb(bench: Bench, { server, client, folder, program }: Place) {
  const id = await client.start('sql');
  const place = join(folder, 'sessions', String(id));
  const driver = pidOf(place);
  const weir = new Rounds();
  const duckdb = new Rounds();
  try {
    for (let round = 0; round < bench.rounds; round++) {
      for (const name of names) {
        await client.run(id, questions[name]);
        const before = server.cpuMs + cpuMsOf(driver);
        const ms = await client.run(id, questions[name]);
        weir.add(name, { ms, cpuMs: server.cpuMs + cpuMsOf(driver) - before });
      }
      bench.say(`  sql session, round ${round + 1}`);
      if (program === undefined) continue;
      for (const [name, cost] of Object.entries(await duckdbCosts(program, join(place, 'flows')))) duckdb.add(name, cost);
      bench.say(`  DuckDB, round ${round + 1}`);
    }
  } finally {
    await client.remove(id);
  }
  return { weir: weir.costs(), bare: program === undefined ? undefined : duckdb.costs() };
}

/** The process whose command ends with a folder. */
function pidOf(folder: string): number {
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && commandOf(name).endsWith(`${folder}\0`));
  if (pid === undefined) throw new Error(`nobody works in ${folder}`);
  return Number(pid);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}

/**
 * One process, each question twice: the second time counts, as in a session that has been asked before. `folder` is where the session
 * has its files: those of the store are merged meanwhile. Small answers go nowhere, the large one is written as JSON, as a session does.
 */
async function duckdbCosts(program: string, folder: string): Promise<Costs> {
  const view = `create view flows as select * from read_parquet('${folder}/*.parquet', hive_partitioning = false);`;
  const asked = names.flatMap((name) => {
    const query = `${questions[name]};`;
    const [before, after] =
      name === large
        ? [
            ['.mode json', '.output /dev/null'],
            ['.output', '.mode trash'],
          ]
        : [[], []];
    return [...before, query, '.timer on', query, '.timer off', ...after];
  });
  const args = [
    ':memory:',
    '-cmd',
    'set threads = 2',
    '-cmd',
    '.mode trash',
    ...[view, ...asked].flatMap((line) => ['-cmd', line]),
    '-c',
    'select 1',
  ];
  const { output } = await runProcess({ program, args });
  const told = [...output.matchAll(/real ([\d.]+) user ([\d.]+) sys ([\d.]+)/g)].map((words) => words.slice(1).map(Number));
  if (told.length !== names.length) throw new Error(`DuckDB told ${told.length} times: ${output.slice(0, 500)}`);
  return Object.fromEntries(
    names.map((name, at) => {
      const [real, user, system] = told[at] as [number, number, number];
      return [name, { ms: real * 1000, cpuMs: (user + system) * 1000 }];
    }),
  );
}

/** Each question once behind one that is not counted. */
async function sparkTimes(client: SessionsClient): Promise<Times> {
  const id = await client.start('pyspark', { conf: { 'spark.master': 'local[2]' } });
  try {
    const times: Times = {};
    await client.run(id, questions['sum of all'], 'sql');
    for (const name of small) times[name] = await client.run(id, questions[name], 'sql');
    return times;
  } finally {
    await client.remove(id);
  }
}

class Rounds {
  readonly #all = new Map<string, Cost[]>();

  add(name: string, cost: Cost): void {
    this.#all.set(name, [...(this.#all.get(name) ?? []), cost]);
  }

  /** The median by the clock, and the mean of processors, since their steps are large. */
  costs(): Costs {
    return Object.fromEntries(
      [...this.#all].map(([name, all]) => [
        name,
        { ms: median(all.map(({ ms }) => ms)), cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length },
      ]),
    );
  }
}
