/**
 * Processes by a mark in their environment: whoever starts a program marks it, all that this starts inherits the mark, and is found by it
 * whatever group or session it is in and whoever its parent is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessIdentity, processOf, signalProcess } from './process-identity.ts';

/** A tree that forks faster than it is read is given up. */
const mostRounds = 1000;

/** Kills all that bear the mark (`NAME=VALUE`) `but` one, and answers how many there were. */
export function killMarked(mark: string, but?: ProcessIdentity): number {
  let count = 0;
  let candidates = allProcesses();
  for (let round = 0; round < mostRounds && candidates.pids.length > 0; round++) {
    for (const pid of candidates.pids) if (pid !== but?.pid && killBearer(pid, mark)) count++;
    candidates = processesSince(candidates.newest);
  }
  return count;
}

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
  const identity = processOf(pid);
  return identity !== undefined && bears(pid, mark) && signalProcess(identity, 'SIGKILL');
}

function bears(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    return false;
  }
}
