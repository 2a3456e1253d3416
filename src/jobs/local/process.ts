/** Processes by their identity: an id alone may have been given to somebody else meanwhile (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

/** A process of this boot: its id and when it started, in clock ticks since the boot (`/proc/PID/stat`, field 22). */
export type Identity = { pid: number; start: string };

type Stat = Identity & { state: string };

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
 * Kills what is left of a run whose wrapper is gone: the program, if it is still the same process, and those that bear the mark of the wrapper
 * in their environment, in whatever session they are now. Answers how many there were.
 */
export function killLeftovers(program: Identity | undefined, wrapper: Identity): number {
  if (program === undefined) return 0;
  const mark = `WEIR_WRAPPER=${wrapper.pid} ${wrapper.start}`;
  let count = signalProcess(program, 'SIGKILL') ? 1 : 0;
  let candidates = allProcesses();
  for (let round = 0; round < mostRounds && candidates.pids.length > 0; round++) {
    for (const pid of candidates.pids) {
      if (pid !== program.pid && killBearer(pid, mark)) count++;
    }
    candidates = processesSince(candidates.newest);
  }
  return count;
}

/** A tree that forks faster than it is read is given up. */
const mostRounds = 1000;

/** Ids to look at, and the newest that the kernel had given when they were listed. */
type Candidates = { pids: number[]; newest: number };

function allProcesses(): Candidates {
  const newest = newestProcess();
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return { pids: pids.map(Number), newest };
}

/**
 * What was forked while a list was read: the kernel gives ids in rising order and starts again at the bottom. A short list is read much sooner
 * than a long one, so a process that forks and ends over and over, to be always somebody else, is caught up with.
 */
function processesSince(before: number): Candidates {
  const newest = newestProcess();
  if (newest < before) return allProcesses();
  return { pids: Array.from({ length: newest - before }, (_, index) => before + 1 + index), newest };
}

/** The id given last (proc_loadavg(5)). */
function newestProcess(): number {
  return Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1));
}

function killBearer(pid: number, mark: string): boolean {
  // Who it is, before what it bears: the id may change hands in between, and then the start time does not fit.
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && bears(pid, mark) && signalProcess(stat, 'SIGKILL');
}

function bears(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    return false;
  }
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in brackets and may hold blanks and brackets itself.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { pid, state: fields[0] ?? '', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
