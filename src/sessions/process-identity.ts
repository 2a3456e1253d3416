/** Processes by their identity: an id alone may have been given to somebody else meanwhile (proc(5)). */
import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from './session.ts';

let boot: string | undefined;

/** The boot that this machine is in. */
export function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    boot = 'unknown';
  }
  return boot;
}

/** The identity of a process that lives now; undefined when it is gone. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : { pid, start: fields[19] ?? '', boot: bootId() };
}

/** True while it lives; one that has ended and was not waited for does not. */
export function isAlive({ pid, start, boot }: ProcessIdentity): boolean {
  const fields = statOf(pid);
  return boot === bootId() && fields !== undefined && fields[19] === start && fields[0] !== 'Z' && fields[0] !== 'X';
}

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

/** The fields of `/proc/PID/stat` behind the name, which stands in brackets and may hold blanks and brackets itself. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
