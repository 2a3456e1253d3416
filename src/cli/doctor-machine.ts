/** What `weir doctor` checks of the machine: Node, limits, and the programs that Weir starts. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Finding } from './finding.ts';

const run = promisify(execFile);

const oldestNode = 24;

/** Whether this Node runs TypeScript as Weir needs it. */
export async function checkNode(version: string = process.versions.node): Promise<Finding> {
  const text = `Node ${version} (${process.execPath})`;
  if (Number.parseInt(version, 10) >= oldestNode) return { level: 'ok', code: 'node', text };
  return {
    level: 'error',
    code: 'node',
    text: `${text} is too old: ${oldestNode} or newer is needed`,
    fix: 'npm ci, and start Weir by bin/weir',
  };
}

// One descriptor for each client and each Parquet file a query reads.
const enoughOpenFiles = 4096;

/** The limit of open files, as Linux tells it; elsewhere nothing is found. */
export async function checkOpenFiles(): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return [];
  const isEnough = soft === 'unlimited' || Number(soft) >= enoughOpenFiles;
  if (isEnough) return [{ level: 'ok', code: 'open-files', text: `${soft} open files allowed` }];
  const fix = `ulimit -n ${enoughOpenFiles}   (for a service: LimitNOFILE=${enoughOpenFiles} in its unit)`;
  return [
    {
      level: 'warning',
      code: 'open-files',
      text: `only ${soft} open files allowed; many clients or Parquet files need ${enoughOpenFiles}`,
      fix,
    },
  ];
}

type Program = { name: string; purpose: string; package: string; versionOption?: string };

const programs: readonly Program[] = [
  { name: 'tcpdump', purpose: 'live capture', package: 'tcpdump' },
  { name: 'tshark', purpose: 'dissection of single packets', package: 'tshark' },
  { name: 'nmap', purpose: 'SYN and host discovery scans', package: 'nmap' },
  { name: 'xz', purpose: 'files compressed with xz', package: 'xz-utils' },
  { name: 'bzip2', purpose: 'files compressed with bzip2', package: 'bzip2', versionOption: '--help' },
  { name: 'lz4', purpose: 'files compressed with lz4', package: 'lz4' },
  { name: 'zstd', purpose: 'compressing captures with zstd (reading needs no program)', package: 'zstd' },
];

/** Which programs are there, in which version. A missing one is a warning: only what needs it is lost. */
export const checkPrograms = (wanted: readonly Program[] = programs): Promise<Finding[]> => Promise.all(wanted.map(checkProgram));

async function checkProgram({ name, purpose, package: packageName, versionOption = '--version' }: Program): Promise<Finding> {
  try {
    // Some write their version to standard error; none needs seconds for it.
    const { stdout, stderr } = await run(name, [versionOption], { timeout: 10_000 });
    return { level: 'ok', code: name, text: `${name} ${findVersion(stdout + stderr)}`.trim() };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return { level: 'warning', code: name, text: `${name} is there but does not run: ${message.split('\n', 1)[0]}` };
    return { level: 'warning', code: name, text: `${name} is missing: no ${purpose}`, fix: `sudo apt-get install ${packageName}` };
  }
}

const findVersion = (text: string): string => /\d+\.\d+[\w.+-]*/.exec(text)?.[0]?.replace(/[.,]+$/, '') ?? '';
