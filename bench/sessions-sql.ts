/** SQL over all flows in a session, beside DuckDB's own program and Spark on the same files. */
import { join } from 'node:path';
import { formatTable } from '../src/cli/table.ts';
import type { Bench, Report, Skipped } from './benchmark.ts';
import { lanlStore } from './lanl-store.ts';
import { findPeers } from './peers.ts';
import { runProcess } from './process.ts';
import { median } from './rounds.ts';
import { SessionsClient } from './sessions-client.ts';
import { WeirServer } from './weir.ts';

const questions = {
  'sum of all': 'select count(*) n, sum(byte_count) b from flows',
  'top ports': 'select dst_port, count(*) n, sum(byte_count) b from flows group by dst_port order by b desc, dst_port limit 10',
  'most peers': 'select src_comp, count(distinct dst_comp) n from flows group by src_comp order by n desc, src_comp limit 10',
  'one day, one host':
    "select time, dst_comp, byte_count from flows where time between 86400 and 172799 and src_comp = 'C17' order by id limit 100",
} as const;

/** Milliseconds of each question, by its name. */
type Times = Record<string, number>;

const names = Object.keys(questions) as (keyof typeof questions)[];

export async function sqlReport(bench: Bench): Promise<Report> {
  const folder = await lanlStore(bench);
  const duckdb = findPeers(['duckdb']);
  await using server = await WeirServer.start(folder, ['sessions.startTimeout=120s']);
  const client = new SessionsClient(server.url);
  const program = duckdb.found.get('duckdb');
  const { weir, bare } = await weirAndDuckdb(bench, client, program === undefined ? undefined : { program, folder });
  const spark = await sparkTimes(client).catch((error: Error): Skipped => ({ name: 'Spark', reason: error.message.slice(0, 300) }));
  const skipped = [...duckdb.skipped, ...('reason' in spark ? [spark as Skipped] : [])];
  return reportOf(bench, { weir, bare, spark: 'reason' in spark ? undefined : (spark as Times) }, skipped);
}

type All = { weir: Times; bare: Times | undefined; spark: Times | undefined };

function reportOf(bench: Bench, { weir, bare, spark }: All, skipped: Skipped[]): Report {
  const ratioOf = (peer: Times | undefined, name: string) =>
    peer === undefined ? Number.NaN : (weir[name] as number) / (peer[name] as number);
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(0)} ms`);
  const notes = formatTable(names, [
    { title: 'question', show: (name) => name },
    { title: 'sql session', align: 'right', show: (name) => ms(weir[name]) },
    { title: 'DuckDB', align: 'right', show: (name) => ms(bare?.[name]) },
    { title: 'session/DuckDB', align: 'right', show: (name) => ratioOf(bare, name).toFixed(2) },
    { title: 'Spark local', align: 'right', show: (name) => ms(spark?.[name]) },
  ]);
  const total = (times: Times) => names.reduce((sum, name) => sum + (times[name] as number), 0);
  const reached = bare === undefined ? Number.NaN : total(weir) / total(bare);
  const figures = [weir, bare, spark].flatMap((times, at) =>
    times === undefined
      ? []
      : names.map((name): [string, number] => [`${['weir', 'duckdb', 'spark'][at]}: ${name}`, times[name] as number]),
  );
  return {
    title: `SQL over ${bench.rows} flows`,
    unit: 'flows',
    standings: [],
    skipped,
    targets: [{ what: 'time of all questions to that of bare DuckDB', reached, wanted: 1.15, kind: 'ratio', isLimit: true }],
    notes,
    figures: Object.fromEntries(figures),
  };
}

/** In turns, so that what else the machine does meets both alike. */
async function weirAndDuckdb(bench: Bench, client: SessionsClient, bare: { program: string; folder: string } | undefined) {
  const id = await client.start('sql');
  const weir = new Rounds();
  const duckdb = new Rounds();
  try {
    for (const name of names) await client.run(id, questions[name]);
    for (let round = 0; round < bench.rounds; round++) {
      for (const name of names) weir.add(name, await client.run(id, questions[name]));
      bench.say(`  sql session, round ${round + 1}`);
      if (bare === undefined) continue;
      for (const [name, time] of Object.entries(await duckdbTimes(bare.program, join(bare.folder, 'sessions', String(id), 'flows'))))
        duckdb.add(name, time);
      bench.say(`  DuckDB, round ${round + 1}`);
    }
  } finally {
    await client.remove(id);
  }
  return { weir: weir.medians(), bare: bare && duckdb.medians() };
}

/**
 * One process, each question twice: the second time counts, as in a session that has been asked before. `folder` is where the session
 * has its files: those of the store are merged meanwhile.
 */
async function duckdbTimes(program: string, folder: string): Promise<Times> {
  const view = `create view flows as select * from read_parquet('${folder}/*.parquet', hive_partitioning = false);`;
  const asked = names.flatMap((name) => ['.print', `${questions[name]};`, '.print', '.timer on', `${questions[name]};`, '.timer off']);
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
  const seconds = [...output.matchAll(/real ([\d.]+)/g)].map(([, text]) => Number(text));
  if (seconds.length !== names.length) throw new Error(`DuckDB told ${seconds.length} times: ${output.slice(0, 500)}`);
  return Object.fromEntries(names.map((name, at) => [name, (seconds[at] as number) * 1000]));
}

/** Each question once behind one that is not counted. */
async function sparkTimes(client: SessionsClient): Promise<Times> {
  const id = await client.start('pyspark', { conf: { 'spark.master': 'local[2]' } });
  try {
    const times: Times = {};
    await client.run(id, questions['sum of all'], 'sql');
    for (const name of names) times[name] = await client.run(id, questions[name], 'sql');
    return times;
  } finally {
    await client.remove(id);
  }
}

class Rounds {
  readonly #times = new Map<string, number[]>();

  add(name: string, ms: number): void {
    this.#times.set(name, [...(this.#times.get(name) ?? []), ms]);
  }

  medians(): Times {
    return Object.fromEntries([...this.#times].map(([name, times]) => [name, median(times)]));
  }
}
