/** Short runs of the capture programs: what they say, and how they end. */
import { spawn } from 'node:child_process';

export type Outcome = { status: number | null; said: string; printed: string };

/** Octets kept of each stream, and milliseconds until a program is ended. */
const longest = 65_536;
const patienceMs = 30_000;

/** The little that the programs need to know of their surroundings. */
export const childEnvironment = (): NodeJS.ProcessEnv => ({ PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' });

/** Runs a program without a shell to its end; `status` is null where it could not be started. */
export function runShortly(command: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(),
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let [said, printed] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-longest)));
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-longest)));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, said: error.message, printed }));
    child.once('close', (status) => resolve({ status: status ?? -1, said, printed }));
  });
}
