/**
 * Loopback at rate: datagrams are sent as fast as one process can while Weir captures them to a file, and then while tcpdump
 * does. What each of them has, and what the kernel dropped, is told beside the other. Then how soon live flows can be asked for.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, type Report, ratioTarget } from './benchmark.ts';
import { delayReport } from './capture-delay.ts';
import { inScratch } from './inputs.ts';
import { needProgram } from './peers.ts';
import { type Contender, playRounds } from './rounds.ts';
import { cpuMsOf, peakOctetsOf } from './weir.ts';

export const captureLive: Benchmark = { about: 'loopback captured at rate, with drops, beside tcpdump; delay of live flows', run };

const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));
/** Datagrams at most. */
const mostDatagrams = 300_000;
const recordOctets = 16 + 14 + 20 + 8 + 64;
const bufferKib = 16_384;

async function run(bench: Bench): Promise<Report[]> {
  needProgram('tcpdump');
  return [await inScratch(bench, 'capture-live', (folder) => rateReport(bench, folder)), await delayReport(bench)];
}

type Got = { packets: number; dropped: string };

async function rateReport(bench: Bench, folder: string): Promise<Report> {
  const datagrams = Math.min(mostDatagrams, bench.packets);
  const got = new Map<string, Got>();
  const contender = (name: string, words: (file: string) => string[]): Contender => ({
    name,
    units: datagrams,
    run: async (round) => {
      const file = join(folder, `${name}-${round}.pcap`);
      const { usage, ...found } = await capture(words(file), file, datagrams);
      got.set(name, found);
      return usage;
    },
  });
  const ours = (file: string) => [weir, 'packets', 'capture', '-i', 'lo', '--no-immediate', '-B', `${bufferKib}KiB`, '-w', file];
  const theirs = (file: string) => ['tcpdump', '-i', 'lo', '-n', '-p', '-B', String(bufferKib), '-Z', 'root', '-w', file];
  const standings = await playRounds([contender('weir', ours), contender('tcpdump', theirs)], bench.rounds, (name, round) =>
    bench.say(`${name}, round ${round + 1}: ${got.get(name)?.packets} of ${datagrams}, ${got.get(name)?.dropped} dropped`),
  );
  const [own, peer] = [got.get('weir'), got.get('tcpdump')];
  return {
    title: `capture-live: ${datagrams} datagrams over loopback, as they are sent`,
    unit: 'packets',
    standings,
    skipped: [],
    targets: [ratioTarget('packets captured beside tcpdump', (own?.packets ?? 0) / (peer?.packets ?? 1), 0.99)],
    notes: [
      ...[...got].map(([name, { packets, dropped }]) => `${name}: ${packets} captured, ${dropped} dropped by the kernel`),
      'processor time and memory are of the program alone: Weir has a tcpdump beside it',
    ],
  };
}

/** Lets a program capture while datagrams are sent. */
async function capture([program, ...args]: string[], file: string, datagrams: number) {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address();
  const child = spawn(program as string, [...args, 'udp', 'dst', 'port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const pid = child.pid as number;
  const ended = once(child, 'close');
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  try {
    while (!/listening on|capturing on/.test(said)) {
      if (child.exitCode !== null) throw new Error(`${program} has ended: ${said}`);
      await pause(20);
    }
    const before = cpuMsOf(pid);
    const begun = performance.now();
    await send(port, datagrams);
    const wallMs = performance.now() - begun;
    await pause(1000);
    const usage = { wallMs, cpuMs: cpuMsOf(pid) - before, peakOctets: peakOctetsOf(pid) };
    child.kill('SIGINT');
    await ended;
    const packets = Math.round((statSync(file).size - 24) / recordOctets);
    return { usage, packets, dropped: /(\d+)(?: packets)? dropped by/.exec(said)?.[1] ?? 'unknown' };
  } finally {
    child.kill('SIGKILL');
    receiver.close();
  }
}

/** As fast as one process sends, a hundred at a time. */
async function send(port: number, datagrams: number): Promise<void> {
  const socket = createSocket('udp4');
  const payload = Buffer.alloc(64, 1);
  for (let sent = 0; sent < datagrams; sent += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () => new Promise<void>((resolve) => socket.send(payload, port, '127.0.0.1', () => resolve()))),
    );
  }
  socket.close();
}
