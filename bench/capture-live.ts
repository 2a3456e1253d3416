/**
 * Loopback at rate: datagrams are sent as fast as one process can while Weir captures them to a file, and then while tcpdump
 * does. What each of them has, and what the kernel dropped, is told beside the other.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, type Report, ratioTarget } from './benchmark.ts';
import { type Contender, playRounds } from './rounds.ts';

export const captureLive: Benchmark = { about: 'loopback captured at rate, with drops, beside tcpdump', run };

const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));
const datagrams = 300_000;
const recordOctets = 16 + 14 + 20 + 8 + 64;

async function run(bench: Bench): Promise<Report[]> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-capture-'));
  const got = new Map<string, { packets: number; dropped: string }>();
  const buffer = 16_384;
  try {
    const contender = (name: string, program: string, args: (file: string, filter: string[]) => string[]): Contender => ({
      name,
      units: datagrams,
      run: async (round) => {
        const receiver = createSocket('udp4');
        await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
        const { port } = receiver.address();
        const file = join(folder, `${name}-${round}.pcap`);
        const child = spawn(program, args(file, ['udp', 'dst', 'port', String(port)]), { stdio: ['ignore', 'ignore', 'pipe'] });
        let said = '';
        child.stderr.on('data', (text) => (said += text));
        const ended = new Promise((resolve) => child.once('close', resolve));
        while (!/listening on|capturing on/.test(said)) await pause(20);
        const begun = performance.now();
        await send(port);
        const wallMs = performance.now() - begun;
        await pause(1000);
        child.kill('SIGINT');
        await ended;
        receiver.close();
        const packets = Math.round((statSync(file).size - 24) / recordOctets);
        got.set(name, { packets, dropped: /(\d+)(?: packets)? dropped by/.exec(said)?.[1] ?? 'unknown' });
        return { wallMs, cpuMs: 0, peakOctets: 0 };
      },
    });
    const standings = await playRounds(
      [
        contender('weir', weir, (file, filter) => [
          'packets',
          'capture',
          '-i',
          'lo',
          '--no-immediate',
          '-B',
          `${buffer}KiB`,
          '-w',
          file,
          ...filter,
        ]),
        contender('tcpdump', 'tcpdump', (file, filter) => [
          '-i',
          'lo',
          '-n',
          '-p',
          '-B',
          String(buffer),
          '-Z',
          'root',
          '-w',
          file,
          ...filter,
        ]),
      ],
      bench.rounds,
      (name, round) =>
        bench.say(`${name}, round ${round + 1}: ${got.get(name)?.packets} of ${datagrams}, ${got.get(name)?.dropped} dropped`),
    );
    const [own, peer] = [got.get('weir'), got.get('tcpdump')];
    return [
      {
        title: `capture-live: ${datagrams} datagrams over loopback`,
        unit: 'packets',
        standings,
        skipped: [],
        targets: [ratioTarget('packets captured beside tcpdump', (own?.packets ?? 0) / (peer?.packets ?? 1), 0.99)],
        notes: ['weir', 'tcpdump'].map(
          (name) => `${name}: ${got.get(name)?.packets} captured, ${got.get(name)?.dropped} dropped by the kernel`,
        ),
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As fast as one process sends, a hundred at a time. */
async function send(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const payload = Buffer.alloc(64, 1);
  for (let sent = 0; sent < datagrams; sent += 100) {
    await Promise.all(
      Array.from({ length: 100 }, () => new Promise<void>((resolve) => socket.send(payload, port, '127.0.0.1', () => resolve()))),
    );
  }
  socket.close();
}
