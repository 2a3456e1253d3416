/** What bounds the other figures on this machine: reading, metering, scanning, encoding, copying, the disk; each alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Benchmark, Report } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { captureInput, inScratch, lanlInput } from './inputs.ts';
import { lanlStore } from './lanl-store.ts';
import { needProgram } from './peers.ts';
import { type Command, pipeline, quoted, runProcess } from './process.ts';
import { type Contender, playRounds, type Standing } from './rounds.ts';

export const bounds: Benchmark = { about: 'read, meter, scan, encode, copy and disk, each alone', run };

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const nodeCommand = (name: string, ...args: string[]): Command => ({ program: process.execPath, args: [script(name), ...args] });
const alone = (name: string, units: number, command: Command): Contender => ({ name, units, run: () => runProcess(command) });

async function run(bench: Bench): Promise<Report[]> {
  return [await captureBounds(bench), await streamBounds(bench)];
}

async function captureBounds(bench: Bench): Promise<Report> {
  const file = await captureInput(bench);
  const standings = await play(bench, [
    alone('reader and meter', bench.packets, nodeCommand('meter-process.ts', file)),
    alone('cat: copy from the page cache', bench.packets, pipeline(`cat ${quoted(file)} > /dev/null`)),
    alone('node -e 0: start', bench.packets, { program: process.execPath, args: ['-e', '0'] }),
  ]);
  return { title: `bounds: ${bench.packets} packets`, unit: 'packets', standings, skipped: [], targets: [] };
}

async function streamBounds(bench: Bench): Promise<Report> {
  const rows = await lanlInput(bench);
  const folder = join(await lanlStore(bench), 'flows');
  const encoded = await runProcess(nodeCommand('encode-process.ts', folder, 'json'));
  const { octets } = JSON.parse(encoded.output) as { octets: number };
  const formats = ['json', 'ndjson', 'csv', 'xml', 'arrow'];
  const standings = await play(bench, [
    alone('scan', bench.rows, nodeCommand('encode-process.ts', folder)),
    ...formats.map((format) => alone(`scan and encode ${format}`, bench.rows, nodeCommand('encode-process.ts', folder, format))),
    loopback(`loopback HTTP, ${Math.round(octets / 1e6)} MB`, bench.rows, octets),
    alone('cat: copy the rows as text', bench.rows, pipeline(`cat ${quoted(rows)} > /dev/null`)),
    toDisk(bench, rows),
  ]);
  return { title: `bounds: ${bench.rows} rows`, unit: 'rows', standings, skipped: [], targets: [] };
}

const play = (bench: Bench, contenders: Contender[]): Promise<Standing[]> => playRounds(contenders, bench.rounds, tellRun(bench));

/** As many octets as the JSON stream has, from a server that only sends. */
const loopback = (name: string, units: number, octets: number): Contender => ({
  name,
  units,
  run: async () => {
    const child = spawn(process.execPath, [script('loopback-process.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      return await runProcess({
        program: needProgram('curl'),
        args: ['-sf', '-o', '/dev/null', `http://127.0.0.1:${port.trim()}/${octets}`],
      });
    } finally {
      child.kill();
    }
  },
});

/** The rows as text onto the disk and flushed. */
const toDisk = (bench: Bench, file: string): Contender => ({
  name: 'dd: the same to the disk, flushed',
  units: bench.rows,
  run: () =>
    inScratch(bench, 'bounds-disk', (folder) =>
      runProcess({ program: 'dd', args: [`if=${file}`, `of=${join(folder, 'copy')}`, 'bs=1M', 'conv=fsync', 'status=none'] }),
    ),
});
