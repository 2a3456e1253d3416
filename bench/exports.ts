/** NetFlow v9 over UDP to disk at a steady rate, beside nfcapd; and decoding alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatCount } from '../src/cli/format.ts';
import { type Bench, type Benchmark, type Report, ratioTarget, type Target } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { inScratch } from './inputs.ts';
import { findPeers } from './peers.ts';
import { runProcess } from './process.ts';
import { type Contender, median, playRounds, type Usage } from './rounds.ts';
import { cpuMsOf, peakOctetsOf, WeirServer } from './weir.ts';

export const exports: Benchmark = { about: 'flow exports over UDP to disk without loss; nfcapd', run };

const helper = fileURLToPath(new URL('exports-process.ts', import.meta.url));
/** Flows a second that have to be taken without loss. */
const rate = 300_000;
/** Flows a second that one core has to decode. */
const decodingRate = 1_000_000;
const decodingRounds = 200;

/** What a collector has after the load. */
type Outcome = Usage & { stored: number };

async function run(bench: Bench): Promise<Report[]> {
  return await inScratch(bench, 'exports', async (folder) => [await collectReport(bench, folder), await decodeReport(bench)]);
}

async function collectReport(bench: Bench, folder: string): Promise<Report> {
  const { found, skipped } = findPeers(['nfcapd', 'nfdump']);
  const sent: number[] = [];
  const lost = new Map<string, number[]>();
  const contender = (name: string, collect: (round: number, load: (port: number) => Promise<number>) => Promise<Outcome>): Contender => ({
    name,
    units: rate * bench.seconds,
    run: async (round) => {
      let flows = 0;
      const outcome = await collect(round, async (port) => {
        flows = await send(port, bench.seconds);
        return flows;
      });
      sent.push(flows / bench.seconds);
      lost.set(name, [...(lost.get(name) ?? []), flows - outcome.stored]);
      return outcome;
    },
  });
  const contenders = [contender('weir', (round, load) => collectByWeir(join(folder, `weir-${round}`), load))];
  const [nfcapd, nfdump] = [found.get('nfcapd'), found.get('nfdump')];
  if (nfcapd !== undefined && nfdump !== undefined)
    contenders.push(contender('nfcapd', (round, load) => collectByNfcapd({ nfcapd, nfdump }, join(folder, `nfcapd-${round}`), load)));
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  const lostOf = (name: string): number => Math.max(...(lost.get(name) ?? []));
  return {
    title: `exports: ${formatCount(rate)} flows/s of NetFlow v9 for ${bench.seconds} s, over UDP to disk`,
    unit: 'flows',
    standings,
    skipped,
    targets: [lossLimit('share of the flows that weir lost', lostOf('weir') / (rate * bench.seconds))],
    notes: [
      `sent: ${formatCount(Math.round(median(sent)))} flows/s (median)`,
      ...standings.map(
        ({ name, median: usage, units }) =>
          `${name}: lost ${formatCount(lostOf(name))} flows at worst, ${((usage.cpuMs / units) * 1e6).toFixed(0)} ns of processor time a flow`,
      ),
    ],
    figures: Object.fromEntries(standings.map(({ name }) => [`${name}_lost`, lostOf(name)])),
  };
}

/** None may be lost; shown as a ratio of 0. */
const lossLimit = (what: string, reached: number): Target => ({ what, reached, wanted: 0, kind: 'ratio', isLimit: true });

async function collectByWeir(folder: string, load: (port: number) => Promise<number>): Promise<Outcome> {
  mkdirSync(folder);
  await using server = await WeirServer.start(folder, ['flows.exporters.listen=udp://127.0.0.1:0']);
  const ask = async <T>(path: string): Promise<T> => (await (await fetch(`${server.url}${path}`)).json()) as T;
  type State = { listeners: { port: number }[]; stored: number };
  const { listeners } = await ask<State>('/api/v1/exporters');
  const before = server.cpuMs;
  const begun = performance.now();
  const flows = await load(listeners[0]?.port as number);
  const wallMs = performance.now() - begun;
  const stored = await settled(async () => (await ask<State>('/api/v1/exporters')).stored, flows);
  // The store's own count, and not only what the collector says of itself.
  const summary = await ask<{ flows: number }>('/api/v1/flows/summary');
  if (summary.flows !== stored) throw new Error(`the collector stored ${stored} flows, the store has ${summary.flows}`);
  return { wallMs, cpuMs: server.cpuMs - before, peakOctets: server.peakOctets, stored };
}

type Nfdump = { nfcapd: string; nfdump: string };

async function collectByNfcapd({ nfcapd, nfdump }: Nfdump, folder: string, load: (port: number) => Promise<number>): Promise<Outcome> {
  mkdirSync(folder);
  const port = await freePort();
  const child = spawn(nfcapd, ['-w', folder, '-b', '127.0.0.1', '-p', String(port), '-B', String(4 * 1024 * 1024)], { stdio: 'ignore' });
  await sleep(500); // it says nothing when it is ready
  const before = cpuMsOf(child.pid as number);
  const begun = performance.now();
  await load(port);
  const usage = {
    wallMs: performance.now() - begun,
    cpuMs: cpuMsOf(child.pid as number) - before,
    peakOctets: peakOctetsOf(child.pid as number),
  };
  await ended(child);
  const { output } = await runProcess({ program: nfdump, args: ['-R', folder, '-I'] });
  return { ...usage, stored: Number(/^Flows:\s*(\d+)/m.exec(output)?.[1]) };
}

/** Sends for so many seconds; answers how many flows that were. */
async function send(port: number, seconds: number): Promise<number> {
  const { output } = await runProcess({ program: process.execPath, args: [helper, 'send', String(port), String(rate), String(seconds)] });
  return (JSON.parse(output) as { flows: number }).flows;
}

/** Reads a count until it is `wanted`, or has not risen for two seconds. */
async function settled(read: () => Promise<number>, wanted: number): Promise<number> {
  let last = -1;
  for (let quiet = 0; quiet < 20; quiet++) {
    const now = await read();
    if (now === wanted) return now;
    if (now !== last) quiet = 0;
    last = now;
    await sleep(100);
  }
  return last;
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function decodeReport(bench: Bench): Promise<Report> {
  const contender: Contender = {
    name: 'weir, decoding alone',
    units: decodingRounds * 48_000,
    run: async () => {
      const usage = await runProcess({ program: process.execPath, args: [helper, 'decode', String(decodingRounds)] });
      const { cpu_s } = JSON.parse(usage.output) as { cpu_s: number };
      return { ...usage, wallMs: cpu_s * 1000 };
    },
  };
  const standings = await playRounds([contender], bench.rounds, tellRun(bench));
  const reached = (standings[0]?.unitsPerSecond ?? 0) / decodingRate;
  return {
    title: 'exports: NetFlow v9 decoded into columns, on one core',
    unit: 'flows',
    standings,
    skipped: [],
    targets: [ratioTarget('flows decoded a second of processor time, to a million', reached, 1)],
  };
}
