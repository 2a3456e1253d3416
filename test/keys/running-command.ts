/** Commands as people run them: started, spoken to, waited for. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './operations.ts';

export const weirPath = fileURLToPath(new URL('../../bin/weir', import.meta.url));

export type Ran = { code: number | null; stdout: string; stderr: string; bytes: Buffer };
export type Running = Promise<Ran> & {
  stop: () => void;
  /** Waits until standard output is like this. */
  says: (pattern: RegExp) => Promise<void>;
};

type Surroundings = { folder: string; input?: string | Buffer | undefined; env?: NodeJS.ProcessEnv | undefined };

/** Runs a program in a folder, with what it finds on standard input. */
export function run(program: string, words: readonly string[], { folder, input = '', env = {} }: Surroundings): Running {
  const child = spawn(program, words, { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...env } });
  const out: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ran>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(out).toString(), stderr, bytes: Buffer.concat(out) })),
  );
  return Object.assign(ended, {
    stop: () => void child.kill('SIGINT'),
    says: (pattern: RegExp) => until(() => pattern.test(Buffer.concat(out).toString())),
  });
}

/** How many watch a server's keys at this moment. */
export async function watchersAt(url: string): Promise<number> {
  return ((await (await fetch(`${url}/v2/stats/store`)).json()) as { watchers: number }).watchers;
}
