/** Processes by their identity: an id alone may have been given to somebody else meanwhile (proc(5)). */
import { readFileSync } from 'node:fs';

/** A process: its id and when it started, in clock ticks since the boot (`/proc/PID/stat`, field 22); where it is kept for longer, also which boot. */
export type ProcessIdentity = { pid: number; start: string; boot?: string };

let boot: string | undefined;

/** The boot that this machine is in: process ids of another one mean nothing. */
export function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    boot = 'unknown';
  }
  return boot;
}

/** The process that has this id now; undefined when nobody lives under it, and for one that has ended and was not waited for. */
export function processOf(pid: number): ProcessIdentity | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in brackets and may hold blanks and brackets itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** True while the process lives. */
export const isAlive = (identity: ProcessIdentity): boolean =>
  (identity.boot ?? bootId()) === bootId() && processOf(identity.pid)?.start === identity.start;

/** Sends a signal to the process, or to the group that it leads. False when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals, reach: 'process' | 'group' = 'process'): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(reach === 'group' ? -identity.pid : identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
