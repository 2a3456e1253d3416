/** Processes by their identity: an id alone may have been given to somebody else meanwhile (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** A process of this boot: its id and when it started, in clock ticks since the boot (`/proc/PID/stat`, field 22). */
export type Identity = { pid: number; start: string };

type Stat = Identity & { state: string; group: number; session: number };

/** The boot that this machine is in: process ids of another one mean nothing. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** True while the process lives; one that has ended and was not waited for does not. */
export function isAlive({ pid, start }: Identity): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.start === start && stat.state !== 'Z' && stat.state !== 'X';
}

/** Sends a signal to the process if it is still the same one. False when it is gone. */
export function signalProcess(identity: Identity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Kills what is left of a run whose wrapper is gone: the program, if it is still the same process, and those processes of its session that
 * bear the mark of the run in their environment. Answers how many there were.
 */
export function killLeftovers(program: Identity | undefined, mark: string): number {
  if (program === undefined) return 0;
  let count = signalProcess(program, 'SIGKILL') ? 1 : 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(Number(entry));
    if (stat === undefined || stat.session !== program.pid || stat.pid === program.pid || stat.state === 'Z') continue;
    if (!bears(stat.pid, mark)) continue;
    if (signalProcess(stat, 'SIGKILL')) count++;
  }
  return count;
}

function bears(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`WEIR_RUN=${mark}`);
  } catch {
    return false;
  }
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in brackets and may hold blanks and brackets itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: fields[0] ?? '', group: Number(fields[2]), session: Number(fields[3]), start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
