/** The key tree beside a real etcd 3.4 in v2 mode, on the same disk with the same promise: written means flushed. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { formatBytes, formatCount } from '../src/cli/format.ts';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget, type Skipped, type Target, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { measureFlushes } from './keys-disk.ts';
import { holdWatchers } from './keys-idle.ts';
import { connections, fill, type Load, type Loaded, measureLoad, requestsTold, valueOctets } from './keys-load.ts';
import { etcdKind, KeyServer, type ServerKind, weirKind, withServer } from './keys-servers.ts';
import { findPeers } from './peers.ts';
import { type Contender, median, playRounds, quantile, type Standing } from './rounds.ts';

export const keys: Benchmark = {
  about: 'the key tree beside etcd 3.4: writes, reads, watchers, start and memory',
  run: (bench) => benchKeys(bench),
};

type Contestants = { kinds: readonly ServerKind[]; skipped: readonly Skipped[] };

/** The reports of Weir beside the peers that were found; without one when none is given. */
export async function benchKeys(bench: Bench, { found, skipped } = findPeers(['etcd'])): Promise<Report[]> {
  const etcd = found.get('etcd');
  const contestants = { kinds: [weirKind(...bench.keySettings), ...(etcd === undefined ? [] : [etcdKind(etcd)])], skipped };
  return [
    ...(await loadReports(bench, contestants)),
    await fanOutReport(bench, contestants),
    await idleReport(bench, contestants),
    await startReport(bench, contestants),
  ];
}

/** Keys that writes are spread over, and as many that are read. */
const spread = 100_000;

type Part = Pick<Load, 'kind' | 'keys'> & { title: string; times: number };

const parts: readonly Part[] = [
  { title: 'PUT of a random key', kind: 'put', keys: spread, times: 1.5 },
  { title: 'GET of a random key', kind: 'get', keys: 10_000, times: 1.2 },
  { title: 'POST of in-order keys', kind: 'post', keys: 0, times: 1.5 },
  { title: 'compare-and-swap of one key by all', kind: 'cas', keys: 0, times: 1.5 },
];

/** Load of each kind in turn on servers that stay up: what one of them remembers of an earlier kind the other does too. */
async function loadReports(bench: Bench, { kinds, skipped }: Contestants): Promise<Report[]> {
  const reports: Report[] = [];
  const disk = await measureFlushes(bench.folder, Math.min(1, bench.seconds / 10));
  await withServers(bench, kinds, async (servers) => {
    for (const server of servers) {
      bench.say(`  ${server.name}: warming up`);
      await fill(server.url, 10_000);
      if (bench.seconds < 2) continue;
      for (const { kind, keys } of parts) await measureLoad(server, { kind, keys, seconds: 2 });
    }
    for (const part of parts) reports.push(await loadReport(bench, part, { servers, skipped }));
  });
  const [first] = reports;
  return first === undefined
    ? []
    : [{ ...first, notes: [...(first.notes ?? []), disk.note], figures: { ...first.figures, ...disk.figures } }, ...reports.slice(1)];
}

async function loadReport(
  bench: Bench,
  part: Part,
  { servers, skipped }: { servers: readonly KeyServer[]; skipped: readonly Skipped[] },
): Promise<Report> {
  const seen = new Map<string, Loaded[]>(servers.map(({ name }) => [name, []]));
  const contenders = servers.map(
    (server): Contender => ({
      name: server.name,
      units: requestsTold,
      run: async () => {
        const { loaded, ...usage } = await measureLoad(server, { kind: part.kind, keys: part.keys, seconds: bench.seconds });
        seen.get(server.name)?.push(loaded);
        return usage;
      },
    }),
  );
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  const latencies = servers.map(({ name }) => summarise(name, seen.get(name) ?? []));
  const [own, peer] = latencies;
  const targets =
    own === undefined || peer === undefined
      ? []
      : [
          ...against(`${part.kind} requests/s`, standings, part.times),
          ratioTarget(`${part.kind}: p99 of etcd to that of weir`, peer.p99 / own.p99, 2),
        ];
  return {
    title: `keys: ${part.title}, ${connections} connections, ${valueOctets} octets, told for ${formatCount(requestsTold)}`,
    unit: 'requests',
    standings,
    skipped,
    targets,
    notes: latencies.map(({ name, p50, p99, max, refused }) => {
      const failed =
        part.kind === 'cas'
          ? `, ${(refused * 100).toFixed(1)} % met another's swap`
          : refused > 0
            ? `, ${(refused * 100).toFixed(2)} % refused`
            : '';
      return `${name}: median ${p50.toFixed(1)} ms, 99 of 100 within ${p99.toFixed(1)} ms, longest ${max.toFixed(0)} ms${failed}`;
    }),
    figures: Object.fromEntries(
      latencies.flatMap(({ name, p50, p99, max }) => [
        [`${name}.p50`, p50],
        [`${name}.p99`, p99],
        [`${name}.max`, max],
      ]),
    ),
  };
}

/** Latencies of several runs: medians, but of the longest the longest. */
function summarise(name: string, runs: readonly Loaded[]): { name: string; p50: number; p99: number; max: number; refused: number } {
  return {
    name,
    p50: median(runs.map(({ p50 }) => p50)),
    p99: median(runs.map(({ p99 }) => p99)),
    max: Math.max(...runs.map(({ max }) => max)),
    refused: median(runs.map(({ refused, requests }) => refused / requests)),
  };
}

/** The target of Weir's rate beside that of the peer, when there is one. */
function against(what: string, standings: readonly Standing[], times: number): Target[] {
  const [own, peer] = standings;
  return own === undefined || peer === undefined ? [] : [ratioTarget(what, own.unitsPerSecond / peer.unitsPerSecond, times)];
}

/** Starts a server of each kind over an empty folder, all up at the same time. */
async function withServers(
  bench: Bench,
  kinds: readonly ServerKind[],
  work: (servers: KeyServer[]) => Promise<void>,
  servers: KeyServer[] = [],
): Promise<void> {
  const kind = kinds[servers.length];
  if (kind === undefined) return await work(servers);
  await withServer(kind, bench.folder, (server) => withServers(bench, kinds, work, [...servers, server]));
}

const burst = 20;
const fanOutProcess = fileURLToPath(new URL('keys-fan-out-process.ts', import.meta.url));

type FanOut = { deliveries: number; wallMs: number; single: number[] };

/** Many watchers of one key, told of each change in bursts that an etcd does not drop them for (it does at a hundred). */
async function fanOutReport(bench: Bench, { kinds, skipped }: Contestants): Promise<Report> {
  const singles = new Map<string, number[]>();
  // Few watchers are told of few changes: each of those waits for the disk.
  const bursts = Math.max(1, Math.round((bench.seconds * 2500) / Math.max(bench.watchers, 1000)));
  const events = bursts * burst;
  const contenders = kinds.map(
    (kind): Contender => ({
      name: kind.name,
      units: events * bench.watchers,
      run: () =>
        withServer(kind, bench.folder, async (server) => {
          const measure = async (changes: number): Promise<FanOut> => {
            const words = [new URL(server.url).port, bench.watchers, changes, burst].map(String);
            const { stdout } = await promisify(execFile)(process.execPath, [fanOutProcess, ...words]);
            return JSON.parse(stdout) as FanOut;
          };
          await measure(Math.ceil(bursts / 5) * burst); // warming up
          server.forgetPeak();
          const before = server.cpuMs;
          const { wallMs, single } = await measure(events);
          singles.set(kind.name, [...(singles.get(kind.name) ?? []), ...single]);
          return { wallMs, cpuMs: server.cpuMs - before, peakOctets: server.peakOctets };
        }),
    }),
  );
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  return {
    title: `keys: ${formatCount(bench.watchers)} watchers of one key, ${events} changes in bursts of ${burst}`,
    unit: 'deliveries',
    standings,
    skipped,
    targets: against('watchers told/s', standings, 2),
    notes: [...singles].map(
      ([name, ms]) =>
        `${name}: one change alone is with the last watcher after ${median(ms).toFixed(1)} ms, 95 of 100 within ${quantile(ms, 0.95).toFixed(1)} ms`,
    ),
  };
}

/** Memory of watchers that wait, ten times as many as those of the fan-out. */
async function idleReport(bench: Bench, { kinds, skipped }: Contestants): Promise<Report> {
  const watchers = bench.watchers * 10;
  const grown = new Map<string, number>();
  const standings = await playRounds(
    kinds.map(
      (kind): Contender => ({
        name: kind.name,
        units: watchers,
        run: () =>
          withServer(kind, bench.folder, async (server) => {
            const before = server.resident.own;
            server.forgetPeak();
            const begun = performance.now();
            await using _ = await holdWatchers(server.url, watchers);
            const wallMs = performance.now() - begun;
            grown.set(kind.name, Math.max(grown.get(kind.name) ?? 0, server.resident.own - before));
            return { wallMs, cpuMs: server.cpuMs, peakOctets: server.peakOctets };
          }),
      }),
    ),
    bench.rounds,
    tellRun(bench),
  );
  return {
    title: `keys: ${formatCount(watchers)} watchers that wait`,
    unit: 'watchers',
    standings,
    skipped,
    targets: [memoryLimit('memory of its own that they add', grown.get('weir') ?? 0, 100e6)],
    notes: [...grown].map(([name, octets]) => `${name}: they add ${formatBytes(octets)} of memory of its own`),
  };
}

/** A start with many keys: from the process to its first answer, and what it then keeps in memory. */
async function startReport(bench: Bench, { kinds, skipped }: Contestants): Promise<Report> {
  const notes: string[] = [];
  const folders = kinds.map(({ name }) => join(bench.folder, `keys-start-${name}-${process.pid}`));
  try {
    for (const [at, kind] of kinds.entries()) {
      bench.say(`  ${kind.name}: making ${formatCount(bench.keys)} keys`);
      await using server = await KeyServer.start(kind, folders[at] as string);
      const before = server.resident;
      await fill(server.url, bench.keys);
      const after = server.resident;
      const grown = (after.own - before.own) * (1e6 / bench.keys);
      notes.push(
        `${kind.name}: while they are made memory of its own grows by ${formatBytes(grown)} a million keys, peak ${formatBytes(server.peakOctets)}`,
      );
    }
    const standings = await playRounds(
      kinds.map((kind, at): Contender => startOf(bench, kind, folders[at] as string, notes)),
      bench.rounds,
      tellRun(bench),
    );
    const [own] = standings;
    return {
      title: `keys: start with ${formatCount(bench.keys)} keys until one of them is answered`,
      unit: 'keys',
      standings,
      skipped,
      targets: own === undefined ? [] : [timeLimit('start of weir', own.median.wallMs, 2000)],
      notes,
    };
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

const startOf = (bench: Bench, kind: ServerKind, folder: string, notes: string[]): Contender => ({
  name: kind.name,
  units: bench.keys,
  run: async (round) => {
    const last = bench.keys - 1;
    await using server = await KeyServer.start(kind, folder, `/bench/fill/${Math.floor(last / 100)}/${last % 100}`);
    const { own, files } = server.resident;
    if (round === 0) notes.push(`${kind.name}: just started it holds ${formatBytes(own)} of its own and ${formatBytes(files)} of files`);
    return { wallMs: server.startMs, cpuMs: server.cpuMs, peakOctets: server.peakOctets };
  },
});
