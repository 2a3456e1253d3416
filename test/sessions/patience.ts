/** Waiting for what another process does: no limit of its own, so that a busy machine is only slow. */
import { TestRunner } from 'vitest';

/**
 * Looks again and again until what is seen is as wished, and answers it. Ends with the test that waits: when its time is up, what was
 * seen last is printed.
 */
export async function eventually<T>(look: () => T | Promise<T>, isWished: (seen: T) => boolean, intervalMs = 15): Promise<T> {
  const signal = TestRunner.getCurrentTest()?.context.signal;
  for (;;) {
    const seen = await look();
    if (isWished(seen)) return seen;
    if (signal?.aborted) {
      console.log(`waited in vain; seen last: ${JSON.stringify(seen)}`);
      throw new Error('waited in vain');
    }
    await pause(intervalMs);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** True while a process lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when the process has ended. */
export const gone = (pid: number): Promise<boolean> =>
  eventually(
    () => isAlive(pid),
    (lives) => !lives,
  );
