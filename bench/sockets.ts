/** Files over loopback beside nc and sha256sum, echo beside socat, and how fast streams are cut into frames. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, type Report, ratioTarget } from './benchmark.ts';
import { measureFraming } from './framing.ts';
import { needProgram } from './peers.ts';
import { pipeline, quoted, runProcess } from './process.ts';
import { type Contender, playRounds, type Standing, type Usage } from './rounds.ts';

export const sockets: Benchmark = { about: 'a file of 1 GiB beside nc and sha256sum, echo beside socat, framing', run };

const octets = 2 ** 30;
const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));

async function run(bench: Bench): Promise<Report[]> {
  for (const name of ['nc', 'socat'] as const) needProgram(name);
  // In memory where there is enough of it: it is not the disk that is compared.
  const home = existsSync('/dev/shm') ? '/dev/shm' : bench.folder;
  mkdirSync(home, { recursive: true });
  const folder = mkdtempSync(join(home, 'weir-bench-sockets-'));
  try {
    return [...(await transferReports(bench, folder)), await echoReport(bench), framingReport()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function transferReports(bench: Bench, folder: string): Promise<Report[]> {
  const file = join(folder, 'file');
  bench.say('1 GiB of noise');
  await runProcess(pipeline(`head -c ${octets} /dev/urandom > ${quoted(file)}`));
  const out = join(folder, 'out');
  const copy = join(folder, 'nc');
  // A receiver that has to take the file of the round before away pays for it before it listens (nc), or at its end.
  const begin = () => {
    for (const path of [out, copy]) rmSync(path, { recursive: true, force: true });
    mkdirSync(out);
  };
  const byWeir = (digest: string) => async () => {
    begin();
    const port = await freePort();
    const receive = ['sockets', 'transfer', 'receive', `tcp://127.0.0.1:${port}`, '--into', out, '--once', '-q'];
    const send = ['sockets', 'transfer', 'send', file, '--to', `tcp://127.0.0.1:${port}`, '--digest', digest, '-q'];
    return await both(port, { program: weir, args: receive }, { program: weir, args: send });
  };
  const byNc = async () => {
    begin();
    const port = await freePort();
    return await both(port, pipeline(`nc -l 127.0.0.1 ${port} > ${quoted(copy)}`), pipeline(`nc -N 127.0.0.1 ${port} < ${quoted(file)}`));
  };
  const sum = () => runProcess({ program: 'sha256sum', args: [file] });
  const plain = await play(bench, [
    { name: 'weir, no checksum', units: octets, run: byWeir('none') },
    { name: 'nc', units: octets, run: byNc },
  ]);
  const checked = await play(bench, [
    { name: 'weir, SHA-256', units: octets, run: byWeir('sha256') },
    { name: 'sha256sum alone', units: octets, run: sum },
  ]);
  return [
    report('sockets: 1 GiB over loopback, from the start of the sender', plain, 'speed beside nc, without a checksum', 1 / 1.3),
    report('sockets: 1 GiB over loopback, checked on both sides', checked, 'speed beside sha256sum alone, with SHA-256', 1 / 1.2),
  ];
}

const play = (bench: Bench, contenders: readonly Contender[]): Promise<Standing[]> =>
  playRounds(contenders, bench.rounds, (name, round, { wallMs }) => bench.say(`${name}, round ${round + 1}: ${Math.round(wallMs)} ms`));

function report(title: string, standings: Standing[], what: string, wanted: number): Report {
  const [own, peer] = standings as [Standing, Standing];
  return { title, unit: 'octets', standings, skipped: [], targets: [ratioTarget(what, own.unitsPerSecond / peer.unitsPerSecond, wanted)] };
}

type Command = Parameters<typeof runProcess>[0];

/** Starts the receiver, waits until it listens, and measures from the start of the sender to the end of both. */
async function both(port: number, receiver: Command, sender: Command): Promise<Usage> {
  const receiving = runProcess(receiver);
  receiving.catch(() => {}); // told below
  await Promise.race([untilListening(port), receiving]);
  const begun = performance.now();
  const sent = await runProcess(sender);
  const received = await receiving;
  const wallMs = performance.now() - begun;
  return { wallMs, cpuMs: sent.cpuMs + received.cpuMs, peakOctets: Math.max(sent.peakOctets, received.peakOctets) };
}

/** By the kernel's table: a connection to find out would be the one that nc waits for. */
async function untilListening(port: number): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  for (let tries = 0; tries < 3000; tries++) {
    if (readFileSync('/proc/net/tcp', 'latin1').includes(local)) return;
    await pause(10);
  }
  throw new Error(`nobody listens on port ${port}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const messages = 2000;

async function echoReport(bench: Bench): Promise<Report> {
  const found = new Map<string, { p50: number[]; p99: number[] }>();
  const contender = (name: string, argsOf: (port: number) => [string, string[]]): Contender => ({
    name,
    units: 1,
    run: async () => {
      const port = await freePort();
      const [program, args] = argsOf(port);
      const server = spawn(program, args, { stdio: 'ignore' });
      try {
        await untilListening(port);
        const usage = await runProcess({
          program: weir,
          args: ['sockets', 'echo', 'check', `tcp://127.0.0.1:${port}`, '-c', String(messages), '--json'],
        });
        const { p50_us, p99_us } = JSON.parse(usage.output) as { p50_us: number; p99_us: number };
        const { p50, p99 } = found.get(name) ?? { p50: [], p99: [] };
        found.set(name, { p50: [...p50, p50_us], p99: [...p99, p99_us] });
        return { ...usage, wallMs: p50_us / 1000 };
      } finally {
        server.kill('SIGKILL');
      }
    },
  });
  const standings = await playRounds(
    [
      contender('weir', (port) => [weir, ['sockets', 'echo', 'serve', `tcp://127.0.0.1:${port}`]]),
      contender('socat', (port) => ['socat', [`TCP-LISTEN:${port},bind=127.0.0.1,fork,nodelay`, 'PIPE']]),
    ],
    bench.rounds,
    (name, round, { wallMs }) => bench.say(`${name}, round ${round + 1}: p50 ${Math.round(wallMs * 1000)} us`),
  );
  return {
    title: `sockets: an echo of 64 octets over TCP, p50 of ${messages}, asked by weir`,
    unit: 'requests',
    standings,
    skipped: [],
    targets: [],
    notes: [...found].map(([name, { p50, p99 }]) => `${name}: p50 ${p50.join(', ')} us; p99 ${p99.join(', ')} us`),
  };
}

function framingReport(): Report {
  const measured = measureFraming();
  return {
    title: 'sockets: cutting streams into frames, one core, chunks of 64 KiB',
    unit: 'frames',
    standings: [],
    skipped: [],
    targets: [],
    notes: measured.map(
      ({ name, framesPerSecond, octetsPerSecond }) =>
        `${name}: ${(framesPerSecond / 1e6).toFixed(2)} M frames/s, ${(octetsPerSecond / 1e9).toFixed(2)} GB/s`,
    ),
    figures: Object.fromEntries(measured.map(({ name, framesPerSecond }) => [name, framesPerSecond])),
  };
}
