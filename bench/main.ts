/**
 * Runs the benchmarks: makes their input once, lets Weir and each peer work on it in turn, and prints medians, ratios and
 * peak memory. What is to be reached stands below each table; docs/82-performance.md says why.
 *
 *   npm run bench -- [NAME...] [--packets N] [--rows N] [--flows N] [--seed-rows N] [--keys N] [--rounds N] [--dir DIR]
 *                    [--json FILE] [--fresh] [--slow]
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { access } from './access.ts';
import type { Bench, Benchmark, BenchOptions, Report } from './benchmark.ts';
import { bounds } from './bounds.ts';
import { capture } from './capture.ts';
import { captureLive } from './capture-live.ts';
import { clients } from './clients.ts';
import { exports } from './exports.ts';
import { jobs } from './jobs.ts';
import { keys } from './keys.ts';
import { lanl } from './lanl.ts';
import { packetsRead } from './packets-read.ts';
import { formatReport, isReached } from './report.ts';
import { scans } from './scans.ts';
import { sessions } from './sessions.ts';
import { sockets } from './sockets.ts';
import { stream } from './stream.ts';
import { top } from './top.ts';
import { window } from './window.ts';

const benchmarks: Record<string, Benchmark> = {
  capture,
  lanl,
  stream,
  window,
  clients,
  top,
  exports,
  keys,
  jobs,
  sessions,
  access,
  scans,
  'packets-read': packetsRead,
  'capture-live': captureLive,
  sockets,
  bounds,
};

const usage = `npm run bench -- [NAME...] [OPTION...]

${Object.entries(benchmarks)
  .map(([name, { about }]) => `  ${name.padEnd(16)}${about}`)
  .join('\n')}

  --packets N     packets of the capture (5000000)
  --rows N        LANL rows (10000000)
  --flows N       flows that are ranked (10000000)
  --seed-rows N   rows that the Flask listing is asked for (1000000)
  --formats LIST  of the stream, with commas between them (all)
  --keys N        keys of the tree that is started (1000000)
  --watchers N    watchers of one key (1000)
  --seconds N     how long each load on the keys or the exports lasts (10)
  --set NAME=VALUE  a setting of the Weir whose keys are measured; may be repeated
  --rounds N      runs of each program (3)
  --dir DIR       where inputs are kept (weir-bench in the folder for temporary files)
  --json FILE     also write all figures there
  --fresh         make the inputs anew
  --slow          also run peers that take minutes
`;

function readOptions(): { names: string[]; options: BenchOptions; json: string | undefined } | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packets: { ...text, default: '5000000' },
      rows: { ...text, default: '10000000' },
      flows: { ...text, default: '10000000' },
      'seed-rows': { ...text, default: '1000000' },
      formats: text,
      keys: { ...text, default: '1000000' },
      watchers: { ...text, default: '1000' },
      seconds: { ...text, default: '10' },
      set: { ...text, multiple: true, default: [] as string[] },
      rounds: { ...text, default: '3' },
      dir: { ...text, default: join(tmpdir(), 'weir-bench') },
      json: text,
      fresh: flag,
      slow: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const unknown = positionals.find((name) => !(name in benchmarks));
  if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}, only ${Object.keys(benchmarks).join(', ')}`);
  const count = (name: 'packets' | 'rows' | 'flows' | 'seed-rows' | 'keys' | 'watchers' | 'seconds' | 'rounds'): number => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new Error(`--${name} takes a whole number above 0, not ${values[name]}`);
  };
  return {
    names: positionals.length > 0 ? positionals : Object.keys(benchmarks),
    json: values.json,
    options: {
      packets: count('packets'),
      rows: count('rows'),
      flows: count('flows'),
      seedRows: Math.min(count('seed-rows'), count('rows')),
      formats: values.formats?.split(','),
      keys: count('keys'),
      watchers: count('watchers'),
      seconds: count('seconds'),
      keySettings: values.set,
      rounds: count('rounds'),
      folder: values.dir,
      fresh: values.fresh,
      slow: values.slow,
    },
  };
}

async function main(): Promise<void> {
  const wanted = readOptions();
  if (wanted === undefined) return void process.stdout.write(usage);
  const bench: Bench = { ...wanted.options, say: (line) => process.stderr.write(`${line}\n`) };
  console.log(
    `${cpus().length} x ${cpus()[0]?.model ?? 'processor'}, ${Math.round(totalmem() / 1e9)} GB, load ${loadavg()[0]?.toFixed(1)}`,
  );
  const reports: Report[] = [];
  for (const name of wanted.names) {
    bench.say(`benchmark ${name}`);
    for (const report of await (benchmarks[name] as Benchmark).run(bench)) {
      reports.push(report);
      console.log(formatReport(report).join('\n'));
    }
  }
  if (wanted.json !== undefined) writeFileSync(wanted.json, `${JSON.stringify({ options: wanted.options, reports }, null, 2)}\n`);
  const targets = reports.flatMap((report) => report.targets);
  const missed = targets.filter((target) => !isReached(target)).length;
  if (targets.length > 0) console.log(`\n${targets.length - missed} of ${targets.length} targets reached`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
