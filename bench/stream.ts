/** All rows out again, in every format, over loopback HTTP; beside DuckDB writing the same rows into a pipe. */
import { fileURLToPath } from 'node:url';
import { type Bench, type Benchmark, memoryLimit, type Report, ratioTarget, type Skipped, timeLimit } from './benchmark.ts';
import { tellRun } from './capture.ts';
import { copyOut, streamedRows } from './duckdb.ts';
import { countLines, fetching } from './fetching.ts';
import { lanlDatabase, lanlStore } from './lanl-store.ts';
import { findPeers } from './peers.ts';
import { type Command, pipeline, quoted, runProcess } from './process.ts';
import { pythonWith } from './python-peers.ts';
import { type Contender, playRounds, type Standing } from './rounds.ts';
import { startSeedListing } from './seed-listing.ts';
import { WeirServer } from './weir.ts';

export const stream: Benchmark = { about: 'all rows as JSON, XML, ... over HTTP; DuckDB COPY into a pipe, a Flask listing', run };

/** How DuckDB is asked for a format, and how much of its speed is to be reached. */
type Format = { name: string; copy?: string; wanted: number };

const formats: readonly Format[] = [
  { name: 'json', copy: 'FORMAT json, ARRAY true', wanted: 1.2 },
  { name: 'ndjson', copy: 'FORMAT json', wanted: 1.2 },
  { name: 'csv', copy: 'FORMAT csv, HEADER true', wanted: 1.2 },
  // DuckDB writes no XML: its JSON, the nearest in kind, is what it is held against.
  { name: 'xml', copy: 'FORMAT json', wanted: 1.2 },
  { name: 'parquet', copy: 'FORMAT parquet, COMPRESSION zstd', wanted: 0.9 },
  { name: 'arrow', wanted: 0.9 },
];

const pathOf = (format: string, more = ''): string => `/api/v1/stream/flows?format=${format}${more}`;

async function run(bench: Bench): Promise<Report[]> {
  const folder = await lanlStore(bench);
  await using server = await WeirServer.start(folder);
  const lines = await countLines(server, pathOf('ndjson'));
  if (lines !== bench.rows) throw new Error(`the stream has ${lines} of ${bench.rows} rows`);
  const reports: Report[] = [];
  for (const format of chosen(bench)) reports.push(await runFormat(bench, server, format));
  if (bench.formats !== undefined) return reports;
  for (const format of ['json', 'xml']) reports.push(await runSeed(bench, server, format));
  return reports;
}

/** The formats that were asked for; without the slow listing where it was for some. */
function chosen({ formats: names }: Bench): readonly Format[] {
  const unknown = names?.find((name) => !formats.some((format) => format.name === name));
  if (unknown !== undefined) throw new Error(`the stream has no format ${unknown}, only ${formats.map(({ name }) => name).join(', ')}`);
  return names === undefined ? formats : formats.filter(({ name }) => names.includes(name));
}

async function runFormat(bench: Bench, server: WeirServer, format: Format): Promise<Report> {
  const skipped: Skipped[] = [];
  const peer = await peerOf(bench, format);
  if ('reason' in peer) skipped.push(peer);
  const contenders = [fetching(`weir ${format.name}`, bench.rows, { server, path: pathOf(format.name) })];
  if ('run' in peer) contenders.push(peer);
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  const [weir, other] = standings as [Standing, Standing?];
  const targets = [
    ...(other ? [ratioTarget(`weir ${format.name} to ${other.name}`, weir.unitsPerSecond / other.unitsPerSecond, format.wanted)] : []),
    memoryLimit(`peak memory of the server, ${format.name}`, weir.median.peakOctets),
    ...(format.name === 'parquet' ? [] : [timeLimit(`first octet, ${format.name}`, weir.median.firstMs ?? Number.NaN, 100)]),
  ];
  return { title: `stream: ${bench.rows} rows as ${format.name}`, unit: 'rows', standings, skipped, targets };
}

async function peerOf(bench: Bench, format: Format): Promise<Contender | Skipped> {
  const name = format.copy === undefined ? 'duckdb + pyarrow' : `duckdb ${format.copy}`;
  const { found, skipped } = findPeers(['duckdb']);
  const duckdb = found.get('duckdb');
  if (duckdb === undefined) return skipped[0] as Skipped;
  const database = await lanlDatabase(bench, duckdb);
  if (format.copy !== undefined) return piped(name, bench.rows, [duckdb, '-readonly', database, '-c', copyOut(format.copy)]);
  const environment = await pythonWith(bench, ['duckdb', 'pyarrow']);
  if ('reason' in environment) return { name, reason: environment.reason };
  const script = fileURLToPath(new URL('arrow-stream.py', import.meta.url));
  return piped(name, bench.rows, [environment.python, script, database, streamedRows]);
}

/** A peer that writes into a pipe, from which somebody must read. */
const piped = (name: string, units: number, words: readonly string[]): Contender => {
  const command: Command = pipeline(`${words.map(quoted).join(' ')} | cat > /dev/null`);
  return { name, units, run: () => runProcess(command) };
};

/** The first rows by Weir and all rows by a listing that has no more: the same rows. */
async function runSeed(bench: Bench, server: WeirServer, format: string): Promise<Report> {
  const title = `stream: ${bench.seedRows} rows as ${format}, beside a Flask listing`;
  const listing = await startSeedListing(bench);
  if ('reason' in listing) {
    return { title, unit: 'rows', standings: [], targets: [], skipped: [{ name: 'Flask listing', reason: listing.reason }] };
  }
  await using seed = listing;
  const contenders = [
    fetching(`weir ${format}`, bench.seedRows, { server, path: pathOf(format, `&limit=${bench.seedRows}`) }),
    fetching(`Flask ${format}`, bench.seedRows, { server: seed, path: pathOf(format) }),
  ];
  const standings = await playRounds(contenders, bench.rounds, tellRun(bench));
  const [weir, flask] = standings as [Standing, Standing];
  const ratio = weir.unitsPerSecond / flask.unitsPerSecond;
  return { title, unit: 'rows', standings, skipped: [], targets: [ratioTarget(`weir ${format} to the Flask listing`, ratio, 25)] };
}
