/** One hour out of 58 days: how long a poller waits for a small answer from a large store. */
import { type Bench, type Benchmark, type Report, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { fetching } from './fetching.ts';
import { lanlStore } from './lanl-store.ts';
import { median, playRounds, quantile, type Standing, type Usage } from './rounds.ts';
import { WeirServer } from './weir.ts';

export const window: Benchmark = { about: 'one hour out of 58 days; latency', run };

const requests = 20;
const hours = 58 * 24;

async function run(bench: Bench): Promise<Report[]> {
  await using server = await WeirServer.start(await lanlStore(bench));
  const standings = await playRounds([fetching('weir, all days', bench.rows, { server, path: '/api/v1/stream/flows' })], 1, tellRun(bench));
  const { usages, rows } = await askHours(server);
  const times = usages.map((usage) => usage.wallMs);
  const units = rows / requests;
  const middle = median(times);
  const hour: Standing = {
    name: 'weir, one hour',
    units,
    rounds: usages,
    median: {
      wallMs: middle,
      cpuMs: Number.NaN,
      peakOctets: server.peakOctets,
      firstMs: median(usages.map((usage) => usage.firstMs ?? 0)),
    },
    unitsPerSecond: units / (middle / 1000),
  };
  return [
    {
      title: `window: one hour (about ${Math.round(units)} rows) out of 58 days (${bench.rows} rows)`,
      unit: 'rows',
      standings: [hour, ...standings],
      skipped: [],
      targets: [timeLimit(`one hour, median of ${requests}`, middle, 20)],
      notes: [`of ${requests} requests: p95 ${quantile(times, 0.95).toFixed(1)} ms, longest ${Math.max(...times).toFixed(1)} ms`],
      figures: { p50: middle, p95: quantile(times, 0.95), max: Math.max(...times) },
    },
  ];
}

/** Asks for different hours, all over the days, over one connection as a poller does; one more beforehand warms it up. */
async function askHours(server: WeirServer): Promise<{ usages: Usage[]; rows: number }> {
  const usages: Usage[] = [];
  let rows = 0;
  for (let request = 0; request <= requests; request++) {
    const hour = (17 + request * 661) % hours;
    const path = `/api/v1/stream/flows.ndjson?scanned_after=${hour * 3600}&scanned_before=${(hour + 1) * 3600}`;
    const begun = performance.now();
    // As curl asks: to pack 600 kB would take the server longer than to find them.
    const response = await fetch(server.url + path, { headers: { 'accept-encoding': 'identity' } });
    const firstMs = performance.now() - begun;
    const text = await response.text();
    const wallMs = performance.now() - begun;
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    if (request === 0) continue;
    rows += text.split('\n').length - 1;
    usages.push({ wallMs, cpuMs: 0, peakOctets: 0, firstMs });
  }
  return { usages, rows };
}
