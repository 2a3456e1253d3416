/** A capture as text: `weir packets read` beside tcpdump's lines and tshark's JSON. */
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, type Report, ratioTarget } from './benchmark.ts';
import { captureInput } from './packets-input.ts';
import { needProgram } from './peers.ts';
import { runProcess } from './process.ts';
import { type Contender, playRounds } from './rounds.ts';

export const packetsRead: Benchmark = { about: 'lines and JSON of a capture, beside tcpdump and tshark', run };

const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));
/** Packets of lines and of JSON at most: tshark needs some 100 s for a million of them. */
const sizes = { lines: 1_000_000, json: 50_000 };

async function run(bench: Bench): Promise<Report[]> {
  for (const name of ['tcpdump', 'tshark'] as const) needProgram(name);
  return [
    await compare(bench, 'lines', { ours: [], program: 'tcpdump', args: ['-n', '-r'], wanted: 1 }),
    await compare(bench, 'json', {
      ours: ['-T', 'ndjson'],
      program: 'tshark',
      args: ['-n', '-T', 'json', '--no-duplicate-keys', '-r'],
      wanted: 10,
    }),
  ];
}

type Comparison = { ours: string[]; program: string; args: string[]; wanted: number };

async function compare(bench: Bench, what: 'lines' | 'json', { ours, program, args, wanted }: Comparison): Promise<Report> {
  const packets = Math.min(sizes[what], bench.packets);
  const file = captureInput(bench, packets);
  // Into a file that nobody keeps: a pipe would measure its reader.
  const contender = (name: string, words: string[]): Contender => ({
    name,
    units: packets,
    run: () => runProcess({ program: 'sh', args: ['-c', 'exec "$@" > /dev/null 2>&1', 'sh', ...words] }),
  });
  const standings = await playRounds(
    [contender('weir', [weir, 'packets', 'read', file, ...ours]), contender(program, [program, ...args, file])],
    bench.rounds,
    (name, round, { wallMs }) => bench.say(`${what} by ${name}, round ${round + 1}: ${Math.round(wallMs)} ms`),
  );
  const [own, peer] = standings;
  if (own === undefined || peer === undefined) throw new Error('two were asked to run');
  return {
    title: `packets-read: ${what} of ${packets} packets`,
    unit: 'packets',
    standings,
    skipped: [],
    targets: [ratioTarget(`${what} beside ${program}`, own.unitsPerSecond / peer.unitsPerSecond, wanted)],
    notes: [`processor time: weir ${Math.round(own.median.cpuMs)} ms, ${program} ${Math.round(peer.median.cpuMs)} ms`],
  };
}
