/** Runs a whole process and asks the operating system what it cost. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Usage } from './rounds.ts';

/** A program with its arguments, or a pipeline for the shell. `quiet` exit codes other than 0 are faults. */
export type Command = { program: string; args: readonly string[]; cwd?: string };

/** GNU time: it asks wait4(2) for the child's own accounting, which Node does not offer. */
const timeProgram = '/usr/bin/time';
export const timeInstall = 'apt-get install time';

/**
 * Runs `command` to its end and measures it: wall clock here, processor time and peak memory by wait4(2). Of a pipeline
 * the processor time is that of all members, the memory that of the greatest. Throws with the program's own words when it
 * fails.
 */
export async function runProcess(command: Command): Promise<Usage & { output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-time-'));
  try {
    const report = join(folder, 'usage');
    const begun = performance.now();
    const output = await runToEnd(command, ['-q', '-f', '%U %S %M', '-o', report, command.program, ...command.args]);
    const wallMs = performance.now() - begun;
    const [user = 0, system = 0, kibibytes = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
    return { wallMs, cpuMs: (user + system) * 1000, peakOctets: kibibytes * 1024, output };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Standard output kept of a program: what it says, not what it makes. */
const outputOctets = 1 << 20;

function runToEnd(command: Command, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(timeProgram, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(command.cwd && { cwd: command.cwd }) });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < outputOctets) output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4096);
  });
  child.once('error', reject);
  child.once('close', (code, signal) => {
    if (code === 0) resolve(output);
    else reject(new Error(`${[command.program, ...command.args].join(' ')} ended with ${code ?? signal}: ${errors.trim()}`));
  });
  return promise;
}

/** The same for a pipeline; `set -o pipefail` makes each member's failure count. */
export const pipeline = (text: string): Command => ({ program: 'bash', args: ['-c', `set -o pipefail; ${text}`] });

/** A word as the shell takes it literally. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
