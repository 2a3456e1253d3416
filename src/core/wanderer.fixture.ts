/** A process that is hard to end, for tests of those who have to. */
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The words of a program that forks and ends over and over: it is somebody else, in a session of its own, every hundredth of a second, and
 * ends by itself in a minute. It touches the folder that it works in.
 */
export const wanderer: readonly [string, ...string[]] = [
  'perl',
  '-MPOSIX',
  '-e',
  'for (1 .. 6000) { exit if fork; POSIX::setsid(); utime undef, undef, "."; select undef, undef, undef, 0.01 }',
];

/** True when it still goes about in this folder. */
export async function wanders(folder: string): Promise<boolean> {
  const before = statSync(folder).mtimeMs;
  await pause(300);
  return statSync(folder).mtimeMs > before;
}
