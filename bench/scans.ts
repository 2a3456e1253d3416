/** All ports of loopback, by connections: `weir scans run --direct` beside `nmap -sT`, and whether both find the same ports. */
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, type Report, ratioTarget } from './benchmark.ts';
import { runProcess } from './process.ts';
import { type Contender, playRounds } from './rounds.ts';

export const scans: Benchmark = { about: 'all ports of loopback, beside nmap -sT', run };

const ports = 65_535;
const weir = fileURLToPath(new URL('../bin/weir', import.meta.url));

async function run(bench: Bench): Promise<Report[]> {
  const found = new Map<string, string>();
  const contender = (name: string, program: string, args: string[], portsOf: (output: string) => string[]): Contender => ({
    name,
    units: ports,
    run: async () => {
      const usage = await runProcess({ program, args });
      found.set(name, portsOf(usage.output).join(','));
      return usage;
    },
  });
  const ours = contender('weir', weir, ['scans', 'run', '--direct', '127.0.0.1', '-p', '-', '--csv', '-q'], (output) =>
    [...output.matchAll(/^127\.0\.0\.1,[^,]*,(\d+),open,/gm)].map(([, port]) => port as string),
  );
  const theirs = contender('nmap -sT', 'nmap', ['-n', '-Pn', '-sT', '-p-', '--', '127.0.0.1'], (output) =>
    [...output.matchAll(/^(\d+)\/tcp +open/gm)].map(([, port]) => port as string),
  );
  const standings = await playRounds([ours, theirs], bench.rounds, (name, round, { wallMs }) =>
    bench.say(`${name}, round ${round + 1}: ${Math.round(wallMs)} ms`),
  );
  const [own, peer] = standings;
  if (own === undefined || peer === undefined) throw new Error('two were asked to run');
  return [
    {
      title: `scans: ${ports} ports of loopback`,
      unit: 'ports',
      standings,
      skipped: [],
      targets: [ratioTarget('ports a second beside nmap -sT', own.unitsPerSecond / peer.unitsPerSecond, 1)],
      notes: [`open by weir: ${found.get('weir')}`, `open by nmap: ${found.get('nmap -sT')}`],
    },
  ];
}
