/** A capture file to stored flows, whole processes, beside the meters that people use. */

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget } from './benchmark.ts';
import { captureInput, inScratch } from './inputs.ts';
import { findPeers, type PeerName } from './peers.ts';
import { type Command, runProcess } from './process.ts';
import { type Contender, playRounds, type Usage } from './rounds.ts';
import { weirImport, weirSummary } from './weir.ts';

export const capture: Benchmark = { about: 'capture file to stored flows; argus, nfpcapd, softflowd', run };

async function run(bench: Bench): Promise<Report[]> {
  const file = await captureInput(bench);
  const { found, skipped } = findPeers(['argus', 'nfpcapd', 'softflowd', ...(bench.slow ? (['tshark'] as const) : [])]);
  const contenders = [importer(bench, file), meter(bench, file), ...[...found].map(([name, path]) => peer(bench, { name, path, file }))];
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  const [imported, metered, ...peers] = standings;
  const fastest = Math.max(...peers.map((standing) => standing.unitsPerSecond));
  const targets = [
    ratioTarget('weir import to the fastest meter', (imported?.unitsPerSecond ?? 0) / fastest, 3),
    ratioTarget('reader and meter alone to the fastest meter', (metered?.unitsPerSecond ?? 0) / fastest, 5),
    memoryLimit('peak memory of weir import', imported?.median.peakOctets ?? Number.NaN),
  ];
  if (!bench.slow) skipped.push({ name: 'tshark', reason: 'takes minutes: --slow runs it' });
  return [{ title: `capture: ${bench.packets} packets to flows`, unit: 'packets', standings, skipped, targets }];
}

/** Says how each run went, so that a long benchmark is seen to move. */
export const tellRun =
  (bench: Bench) =>
  (name: string, round: number, usage: Usage): void =>
    bench.say(`round ${round + 1} ${name}: ${Math.round(usage.wallMs)} ms, ${Math.round(usage.peakOctets / 1e6)} MB`);

const importer = (bench: Bench, file: string): Contender => ({
  name: 'weir import',
  units: bench.packets,
  run: (round) =>
    inScratch(bench, 'capture-weir', async (folder) => {
      const usage = await runProcess(weirImport(file, folder));
      if (round > 0) return usage;
      // What is fast must also be whole.
      const { packets } = await weirSummary(folder);
      if (packets !== bench.packets) throw new Error(`${packets} of ${bench.packets} packets are in the store`);
      return usage;
    }),
});

/** With Node's cache of compiled sources, as `bin/weir` has it. */
const meter = (bench: Bench, file: string): Contender => {
  const cache = `NODE_COMPILE_CACHE=${join(bench.folder, 'node-cache')}`;
  const script = fileURLToPath(new URL('meter-process.ts', import.meta.url));
  const command = { program: 'env', args: [cache, process.execPath, script, file] };
  return { name: 'reader and meter alone', units: bench.packets, run: () => runProcess(command) };
};

type Peer = { name: PeerName; path: string; file: string };

const peer = (bench: Bench, { name, path, file }: Peer): Contender => ({
  name,
  units: bench.packets,
  run: () =>
    inScratch(bench, `capture-${name}`, (folder) =>
      name === 'softflowd' ? runSoftflowd(path, file, folder) : runProcess(peerCommand({ name, path, file }, folder)),
    ),
});

const peerCommand = ({ name, path, file }: Peer, folder: string): Command => {
  if (name === 'argus') return { program: path, args: ['-r', file, '-w', join(folder, 'argus.out')] };
  if (name === 'tshark') return { program: path, args: ['-n', '-q', '-z', 'conv,tcp', '-r', file] };
  return nfpcapdCommand(path, file, folder);
};

/** nfpcapd 1.7 names its folder with -w, 1.6 with -l. */
export function nfpcapdCommand(path: string, file: string, folder: string): Command {
  mkdirSync(folder, { recursive: true });
  const { stdout, stderr } = spawnSync(path, ['-h'], { encoding: 'utf8' });
  const folderFlag = /^-w flowdir/m.test(stdout + stderr) ? '-w' : '-l';
  return { program: path, args: ['-r', file, folderFlag, folder] };
}

/** Exports to a socket that takes everything: its records go nowhere else. More flows at once than the 8192 it has room for by default. */
async function runSoftflowd(path: string, file: string, folder: string): Promise<Usage> {
  const sink = createSocket('udp4').bind(0, '127.0.0.1');
  await once(sink, 'listening');
  const { port } = sink.address() as AddressInfo;
  // With a control socket it sleeps until somebody speaks to it before it reads a file.
  const places = ['-p', join(folder, 'pid'), '-c', 'none'];
  try {
    return await runProcess({ program: path, args: ['-r', file, '-n', `127.0.0.1:${port}`, '-d', '-m', '2000000', ...places] });
  } finally {
    sink.close();
  }
}
