/** Finds the programs that Weir is compared with, and says how to get those that are missing. */
import { execFileSync } from 'node:child_process';
import { openSync, readSync } from 'node:fs';
import { findProgram } from '../src/core/find-program.ts';
import type { Skipped } from './benchmark.ts';

/** How each is installed on Debian and its kin. */
const installs = {
  argus: 'apt-get install argus-server',
  nfpcapd: 'apt-get install nfdump',
  nfdump: 'apt-get install nfdump',
  nfcapd: 'apt-get install nfdump',
  softflowd: 'apt-get install softflowd',
  tcpdump: 'apt-get install tcpdump',
  tshark: 'apt-get install tshark',
  sqlite3: 'apt-get install sqlite3',
  curl: 'apt-get install curl',
  duckdb: 'pip install duckdb-cli',
  etcd: 'apt-get install etcd-server',
  wrk: 'apt-get install wrk',
  parallel: 'apt-get install parallel',
  tsp: 'apt-get install task-spooler',
  python3: 'apt-get install python3 python3-venv',
  nc: 'apt-get install netcat-openbsd',
  socat: 'apt-get install socat',
} as const;

export type PeerName = keyof typeof installs;

/** Which of these programs are here, by name with their paths, and why the others are left out. */
export function findPeers<Name extends PeerName>(names: readonly Name[]): { found: Map<Name, string>; skipped: Skipped[] } {
  const found = new Map<Name, string>();
  const skipped: Skipped[] = [];
  for (const name of names) {
    const path = name === 'duckdb' ? findDuckdb() : findProgram(name);
    if (path === undefined) skipped.push({ name, reason: `not installed: ${installs[name]}` });
    else found.set(name, path);
  }
  return { found, skipped };
}

/** The path of a program without which a benchmark makes no sense; throws with the way to install it. */
export function needProgram(name: PeerName): string {
  const path = findPeers([name]).found.get(name);
  if (path === undefined) throw new Error(`${name} is needed: ${installs[name]}`);
  return path;
}

/** The program that pip's `duckdb` starts, since that wrapper spends a fifth of a second in Python first. */
function findDuckdb(): string | undefined {
  const path = findProgram('duckdb');
  if (path === undefined || !isScript(path)) return path;
  try {
    const code = 'import duckdb_cli, os; print(os.path.join(os.path.dirname(duckdb_cli.__file__), "duckdb"))';
    const inner = execFileSync('python3', ['-c', code], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return findProgram(inner) ?? path;
  } catch {
    return path;
  }
}

function isScript(path: string): boolean {
  const start = Buffer.alloc(2);
  readSync(openSync(path, 'r'), start);
  return start.toString('latin1') === '#!';
}
