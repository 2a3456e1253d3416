import { readFileSync } from 'node:fs';

/** Descriptors that are left to everything else in this process. */
const reserve = 100;
const unlimited = 1_000_000;

/** How many connections this process may have at once without starving the rest of it; read from what the kernel enforces. */
export function descriptorRoom(): number {
  return Math.max(16, softLimit() - reserve);
}

function softLimit(): number {
  try {
    // Not what the shell shows: Node raises its soft limit to the hard one at start.
    const text = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return text === undefined || text === 'unlimited' ? unlimited : Number(text);
  } catch {
    return 1024; // no /proc: what most systems give
  }
}
