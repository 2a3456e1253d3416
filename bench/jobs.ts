/** The job queue beside Slurm, GNU parallel and task-spooler: dispatches, latency, and what many queued jobs cost. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { formatBytes, formatCount } from '../src/cli/format.ts';
import { noSlurm, SlurmCluster } from '../test/jobs/slurm-cluster.ts';
import { type Bench, type Benchmark, type Report, ratioTarget, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { inScratch } from './inputs.ts';
import { findPeers } from './peers.ts';
import { type Contender, median, playRounds, quantile, type Usage } from './rounds.ts';
import { WeirServer } from './weir.ts';

export const jobs: Benchmark = { about: 'jobs: dispatches, latency and 100,000 queued, beside Slurm, GNU parallel, task-spooler', run };

const runProgram = promisify(execFile);
/** Programs that run at once, with everybody: what the node of the Slurm cluster offers. */
const atOnce = 4;
const settings = [`jobs.cores=${atOnce}`, 'server.rateLimit.local=0', 'jobs.array=10000'];
const connections = 16;

async function run(bench: Bench): Promise<Report[]> {
  return await inScratch(bench, 'jobs', async (folder) => [await dispatchReport(bench, folder), await queueReport(bench, folder)]);
}

/** A Weir whose jobs are spoken to over kept-alive connections. */
class JobServer implements AsyncDisposable {
  readonly server: WeirServer;
  readonly #work: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections });

  private constructor(server: WeirServer, work: string) {
    this.server = server;
    this.#work = work;
  }

  static async start(folder: string): Promise<JobServer> {
    const work = join(folder, 'work');
    mkdirSync(work, { recursive: true });
    return new JobServer(await WeirServer.start(folder, settings), work);
  }

  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    return await new Promise((resolve, reject) => {
      const outgoing = request(`${this.server.url}${path}`, { method, agent: this.#agent, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () =>
          (answer.statusCode ?? 500) < 300 ? resolve(JSON.parse(text) as T) : reject(new Error(`${method} ${path}: ${text}`)),
        );
      });
      outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async submit(more: object): Promise<{ id: string }> {
    return await this.ask('POST', '/api/v1/jobs', { command: ['true'], directory: this.#work, ...more });
  }

  /** Submits that many, each by a request of its own, and waits until all are over. */
  async runAll(count: number): Promise<void> {
    let left = count;
    const before = await this.#over();
    const submitter = async () => {
      while (left-- > 0) await this.submit({});
    };
    await Promise.all(Array.from({ length: connections }, submitter));
    while ((await this.#over()) < before + count) await sleep(10);
  }

  async #over(): Promise<number> {
    const { states } = await this.ask<{ states: Record<string, number> }>('GET', '/api/v1/jobs/queue');
    return (states.Done ?? 0) + (states.Failed ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.server[Symbol.asyncDispose]();
  }
}

async function dispatchReport(bench: Bench, folder: string): Promise<Report> {
  const count = 1000;
  const slurmCount = 100; // it takes its time
  const { found, skipped } = findPeers(['parallel', 'tsp']);
  await using server = await JobServer.start(folder);
  await server.runAll(100); // warming up
  const cluster = noSlurm === undefined ? new SlurmCluster() : undefined;
  try {
    await cluster?.start();
    const contenders: Contender[] = [
      {
        name: 'weir',
        units: count,
        run: () =>
          timed(
            () => server.runAll(count),
            () => server.server.cpuMs,
          ),
      },
    ];
    if (cluster !== undefined)
      contenders.push({ name: 'slurm (one array)', units: slurmCount, run: () => timed(() => runArray(cluster, slurmCount)) });
    const parallel = found.get('parallel');
    if (parallel !== undefined)
      contenders.push({ name: 'parallel', units: count, run: () => timed(() => runProgram('sh', ['-c', parallelLine(parallel, count)])) });
    const tsp = found.get('tsp');
    if (tsp !== undefined)
      contenders.push({ name: 'tsp', units: count, run: (round) => timed(() => spool(tsp, join(folder, `tsp.${round}`), count)) });
    contenders.push({
      name: 'fork and exec alone',
      units: count,
      run: () => timed(() => runProgram('perl', ['-e', forkLoop, String(count), String(atOnce)])),
    });
    const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
    const rateOf = (name: string) => standings.find((one) => one.name.startsWith(name))?.unitsPerSecond ?? Number.NaN;
    const waits = await latencies(server, 200);
    const bound = rateOf('fork');
    return {
      title: `jobs: dispatches of true, ${atOnce} at once; weir by one HTTP request each from ${connections} connections`,
      unit: 'jobs',
      standings,
      skipped: cluster === undefined ? [...skipped, { name: 'slurm', reason: noSlurm as string }] : skipped,
      targets: [
        ...(cluster === undefined ? [] : [ratioTarget('dispatches/s beside Slurm', rateOf('weir') / rateOf('slurm'), 10)]),
        timeLimit('submit to start, median', quantile(waits, 0.5), 10),
      ],
      notes: [
        `submit to start: median ${quantile(waits, 0.5).toFixed(1)} ms, 99 of 100 within ${quantile(waits, 0.99).toFixed(1)} ms`,
        `the kernel's bound, fork and exec of true ${atOnce} at once: ${bound.toFixed(0)}/s; weir reaches ${((rateOf('weir') / bound) * 100).toFixed(0)} % of it`,
      ],
      figures: { 'submit-to-start.p50': quantile(waits, 0.5), 'submit-to-start.p99': quantile(waits, 0.99), bound },
    };
  } finally {
    await cluster?.close();
  }
}

/** Milliseconds from before the request to the start that the wrapper notes, one job after the other. */
async function latencies(server: JobServer, count: number): Promise<number[]> {
  const waits: number[] = [];
  for (let at = 0; at < count; at++) {
    const before = performance.timeOrigin + performance.now();
    const { id } = await server.submit({});
    for (;;) {
      const { state, started } = await server.ask<{ state: string; started?: string }>('GET', `/api/v1/jobs/${id}`);
      if (state === 'Done' && started !== undefined) {
        waits.push(Math.max(0, Date.parse(started) - before));
        break;
      }
      await sleep(2);
    }
  }
  return waits;
}

/** The whole array by one sbatch, which spares Slurm its slowest part: a process for each submission. */
async function runArray(cluster: SlurmCluster, count: number): Promise<void> {
  const words = ['--parsable', `--array=1-${count}`, '--output=/dev/null', '--error=/dev/null', '--chdir=/tmp', '--wrap=true'];
  const id = await cluster.ask('sbatch', ...words);
  while ((await cluster.ask('squeue', '--noheader', '--array', `--jobs=${id}`, '--states=PD,R,CG', '--format=%i')) !== '') await sleep(50);
}

const parallelLine = (program: string, count: number): string => `seq ${count} | '${program}' --will-cite -n1 -j${atOnce} true`;

/** One client for each submission, as task-spooler is used; its server is one of our own and ends with the last job. */
async function spool(program: string, socket: string, count: number): Promise<void> {
  const env = { ...process.env, TS_SOCKET: socket, TS_MAXFINISHED: '10' };
  const loop = `i=0; while [ $i -lt ${count} ]; do '${program}' -n true >/dev/null; i=$((i+1)); done; '${program}' -w; '${program}' -K`;
  await runProgram('sh', ['-c', `'${program}' -S ${atOnce}; ${loop}`], { env }).catch(() => {});
}

/** Nothing but what every queue has to do: fork, exec, wait. */
const forkLoop = `my ($n, $most) = @ARGV; my $live = 0;
for (1 .. $n) { if ($live == $most) { wait; $live-- } my $pid = fork; if (!$pid) { exec '/bin/true' } $live++ } 1 while wait > 0;`;

async function timed(work: () => Promise<unknown>, cpuMs?: () => number): Promise<Usage> {
  const cpu = cpuMs?.() ?? childCpuMs();
  const from = performance.now();
  await work();
  return { wallMs: performance.now() - from, cpuMs: (cpuMs?.() ?? childCpuMs()) - cpu, peakOctets: 0 };
}

/** Processor time of children that have ended: fields 16 and 17 of our own stat, in ticks of 10 ms (proc(5)). */
function childCpuMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** Many jobs that wait: memory, pages of the list, and a start of the server. */
async function queueReport(bench: Bench, folder: string): Promise<Report> {
  const queued = 100_000;
  const place = join(folder, 'many');
  const took: number[] = [];
  let grown = 0;
  {
    await using server = await JobServer.start(place);
    const before = server.server.ownOctets;
    const array = 9999;
    for (let made = 0; made < queued; made += array + 1) await server.submit({ array: `0-${array - 1}`, hold: true, logfile: 'log' });
    grown = server.server.ownOctets - before;
    bench.say(`  ${formatCount(queued)} jobs are queued`);
    for (let at = 0; at < 200; at++) {
      const page = 1 + Math.floor((at * 7919) % (queued / 100));
      const filter = ['', '&state=Idle', '&user=local', '&sort=-id'][at % 4];
      const from = performance.now();
      const { items } = await server.ask<{ items: unknown[] }>('GET', `/api/v1/jobs?per_page=100&page=${page}${filter}`);
      took.push(performance.now() - from);
      if (items.length !== 100) throw new Error(`page ${page} has ${items.length} jobs`);
    }
  }
  const starts: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    const from = performance.now();
    await using server = await JobServer.start(place);
    await server.ask('GET', '/api/v1/jobs?per_page=1');
    starts.push(performance.now() - from);
  }
  const worst = Math.max(...took);
  const wallMs = median(starts);
  return {
    title: `jobs: start with ${formatCount(queued)} queued jobs until one of them is answered`,
    unit: 'jobs',
    standings: [
      { name: 'weir', units: queued, rounds: [], median: { wallMs, cpuMs: 0, peakOctets: 0 }, unitsPerSecond: queued / (wallMs / 1000) },
    ],
    skipped: [],
    targets: [timeLimit('a page of 100 of them, 99 of 100', quantile(took, 0.99), 50)],
    notes: [
      `a page of 100 takes ${median(took).toFixed(1)} ms (median), ${worst.toFixed(1)} ms at worst, with filters and without`,
      `they take ${formatBytes(grown)} of memory`,
    ],
    figures: { 'page.p50': median(took), 'page.max': worst, 'queued.octets': grown, 'start.ms': wallMs },
  };
}
