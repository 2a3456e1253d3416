/** LANL rows into the store, beside DuckDB's own CSV reader and sqlite3's. */
import { join } from 'node:path';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { lanlTable } from './duckdb.ts';
import { inScratch, lanlInput } from './inputs.ts';
import { findPeers } from './peers.ts';
import { runProcess } from './process.ts';
import { type Contender, playRounds, type Standing } from './rounds.ts';
import { weirImport, weirSummary } from './weir.ts';

export const lanl: Benchmark = { about: 'LANL rows to stored flows; DuckDB COPY, sqlite3 .import', run };

async function run(bench: Bench): Promise<Report[]> {
  const file = await lanlInput(bench);
  const { found, skipped } = findPeers(['duckdb', 'sqlite3']);
  const peers = [...found].map(([name, path]) => peer(bench, name, (folder) => ({ program: path, args: peerArgs[name](file, folder) })));
  const standings = await playRounds([importer(bench, file), ...peers], bench.rounds, tellRun(bench));
  const weir = standings[0] as Standing;
  const over = (name: string) => weir.unitsPerSecond / (standings.find((standing) => standing.name === name)?.unitsPerSecond ?? Number.NaN);
  const targets = [
    ...(found.has('duckdb') ? [ratioTarget('weir import to DuckDB COPY into a bare table', over('duckdb'), 0.8)] : []),
    ...(found.has('sqlite3') ? [ratioTarget('weir import to sqlite3 .import', over('sqlite3'), 8)] : []),
    memoryLimit('peak memory of weir import', weir.median.peakOctets),
  ];
  return [{ title: `lanl: ${bench.rows} rows to flows`, unit: 'rows', standings, skipped, targets }];
}

const importer = (bench: Bench, file: string): Contender => ({
  name: 'weir import',
  units: bench.rows,
  run: (round) =>
    inScratch(bench, 'lanl-weir', async (folder) => {
      const usage = await runProcess(weirImport(file, folder));
      if (round > 0) return usage;
      const { flows } = await weirSummary(folder);
      if (flows !== bench.rows) throw new Error(`${flows} of ${bench.rows} rows are in the store`);
      return usage;
    }),
});

type Start = (folder: string) => { program: string; args: string[] };

const peer = (bench: Bench, name: string, start: Start): Contender => ({
  name,
  units: bench.rows,
  run: () => inScratch(bench, `lanl-${name}`, (folder) => runProcess(start(folder))),
});

const peerArgs = {
  duckdb: (file: string, folder: string) => [join(folder, 'flows.duckdb'), '-c', lanlTable(file)],
  sqlite3: (file: string, folder: string) => [
    join(folder, 'flows.sqlite'),
    'CREATE TABLE flows (time INTEGER, duration INTEGER, src_comp TEXT, src_port TEXT, dst_comp TEXT, dst_port TEXT, protocol INTEGER, packet_count INTEGER, byte_count INTEGER)',
    `.import --csv "${file}" flows`,
  ],
};
