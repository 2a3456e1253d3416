/** Eight clients at once: whether they get together what one gets alone, and whether the server still answers others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { lanlStore } from './lanl-store.ts';
import { needProgram } from './peers.ts';
import { pipeline, quoted, runProcess } from './process.ts';
import { type Contender, playRounds, quantile, type Standing } from './rounds.ts';
import { WeirServer } from './weir.ts';

export const clients: Benchmark = { about: 'eight clients at once; their sum, and the latency of /healthz meanwhile', run };

const atOnce = 8;
const seconds = 58 * 86_400;
const betweenPingsMs = 10;

async function run(bench: Bench): Promise<Report[]> {
  await using server = await WeirServer.start(await lanlStore(bench));
  const latencies = { one: [] as number[], eight: [] as number[] };
  const one = contender('one client', bench, { server, parts: 1, latencies: latencies.one });
  // Who comes first would pay for what the server compiles and for the threads that it starts.
  await contender('', bench, { server, parts: 1, latencies: [] }).run(0);
  const standings = await playRounds(
    [contender('eight clients', bench, { server, parts: atOnce, latencies: latencies.eight }), one],
    bench.rounds,
    tellRun(bench),
  );
  const [eight, alone] = standings as [Standing, Standing];
  return [
    {
      title: `clients: ${bench.rows} rows as JSON, by one client or a part to each of ${atOnce}`,
      unit: 'rows',
      standings,
      skipped: [],
      targets: [
        ratioTarget('eight clients together to one', eight.unitsPerSecond / alone.unitsPerSecond, 1),
        timeLimit('/healthz beside eight clients, 99 of 100', quantile(latencies.eight, 0.99), 20),
        memoryLimit('peak memory of the server', eight.median.peakOctets),
      ],
      notes: [describe('one client', latencies.one), describe('eight clients', latencies.eight)],
      figures: { p50: quantile(latencies.eight, 0.5), p99: quantile(latencies.eight, 0.99), max: Math.max(...latencies.eight) },
    },
  ];
}

const describe = (name: string, latencies: readonly number[]): string => {
  const [p50, p99, max] = [0.5, 0.99, 1].map((part) => quantile(latencies, part).toFixed(1));
  return `/healthz beside ${name}: median ${p50} ms, 99 of 100 within ${p99} ms, longest ${max} ms (${latencies.length} requests)`;
};

type Plan = { server: WeirServer; parts: number; latencies: number[] };

/** Clients that fetch equal parts of the days at the same time. */
const contender = (name: string, bench: Bench, { server, parts, latencies }: Plan): Contender => ({
  name,
  units: bench.rows,
  run: async () => {
    const curl = quoted(needProgram('curl'));
    const fetches = Array.from({ length: parts }, (_, part) => {
      const bounds = `scanned_after=${Math.floor((part * seconds) / parts)}&scanned_before=${Math.floor(((part + 1) * seconds) / parts)}`;
      return `${curl} -sf -o /dev/null ${quoted(`${server.url}/api/v1/stream/flows?${bounds}`)} & fetches="$fetches $!"`;
    });
    server.forgetPeak();
    const before = server.cpuMs;
    // Each fetch is waited for by itself: a plain `wait` would not tell of one that failed.
    const working = runProcess(pipeline(`${fetches.join('\n')}\nfor fetch in $fetches; do wait $fetch || exit 1; done`));
    const ping = new AbortController();
    const pinging = pingUntil(ping.signal, server, latencies);
    const usage = await working.finally(() => ping.abort());
    await pinging;
    return { ...usage, cpuMs: usage.cpuMs + server.cpuMs - before, peakOctets: server.peakOctets };
  },
});

async function pingUntil(signal: AbortSignal, { url }: WeirServer, latencies: number[]): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    const response = await fetch(`${url}/healthz`);
    await response.text();
    if (!response.ok) throw new Error(`/healthz answers ${response.status}`);
    latencies.push(performance.now() - begun);
    await sleep(betweenPingsMs);
  }
}
