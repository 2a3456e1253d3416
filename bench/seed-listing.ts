/** Starts the Flask listing over a sqlite3 table of LANL rows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './benchmark.ts';
import type { Measurable } from './fetching.ts';
import { lanlInput } from './inputs.ts';
import { needProgram } from './peers.ts';
import { runProcess } from './process.ts';
import { pythonWith } from './python-peers.ts';
import { cpuMsOf, peakOctetsOf } from './weir.ts';

const columns =
  'id INTEGER PRIMARY KEY, time INTEGER, duration INTEGER, src_comp TEXT, src_port TEXT, dst_comp TEXT, dst_port TEXT, protocol INTEGER, packet_count INTEGER, byte_count INTEGER';

/** The listing over `bench.seedRows` rows, or the reason why there is none. */
export async function startSeedListing(bench: Bench): Promise<(Measurable & AsyncDisposable) | { reason: string }> {
  const environment = await pythonWith(bench, ['flask']);
  if ('reason' in environment) return environment;
  const database = await listingTable(bench);
  const script = fileURLToPath(new URL('seed-listing.py', import.meta.url));
  const child = spawn(environment.python, [script, database], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = child.pid as number;
  return {
    url: `http://127.0.0.1:${port.trim()}`,
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
    get peakOctets() {
      return peakOctetsOf(pid);
    },
    get cpuMs() {
      return cpuMsOf(pid);
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function listingTable(bench: Bench): Promise<string> {
  const file = await lanlInput(bench, bench.seedRows);
  const path = join(bench.folder, `lanl-${bench.seedRows}.sqlite`);
  if (bench.fresh) rmSync(path, { force: true });
  if (existsSync(path)) return path;
  bench.say(`making ${path}`);
  const statements = [
    `CREATE TABLE flows (${columns})`,
    'CREATE TABLE rows (time, duration, src_comp, src_port, dst_comp, dst_port, protocol, packet_count, byte_count)',
    `.import --csv "${file}" rows`,
    'INSERT INTO flows SELECT rowid, * FROM rows',
    'DROP TABLE rows',
  ];
  await runProcess({ program: needProgram('sqlite3'), args: [path, ...statements] });
  return path;
}
