/** Weir as the benchmarks run it: the command of this checkout, as a whole process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Command, runProcess } from './process.ts';

const program = fileURLToPath(new URL('../bin/weir', import.meta.url));

/** `weir import FILE --data FOLDER`. */
export const weirImport = (file: string, folder: string): Command => weirCommand('import', file, '--data', folder, '--quiet');

export const weirCommand = (...args: string[]): Command => ({ program, args });

/** What a data directory holds: packets and flows, from `weir flows summary`. */
export async function weirSummary(folder: string): Promise<{ packets: number; flows: number }> {
  const { output } = await runProcess(weirCommand('flows', 'summary', '--data', folder, '--json'));
  return JSON.parse(output) as { packets: number; flows: number };
}

/** A running `weir serve`, with what the kernel knows about it. */
export class WeirServer implements AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `https://…`. */
  readonly url: string;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(child: ReturnType<typeof spawn>, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Starts a server over `folder` on a free port, with settings as `--set` takes them; resolves when it is ready. Throws with what it said when it ends first. */
  static async start(folder: string, settings: readonly string[] = []): Promise<WeirServer> {
    const more = settings.flatMap((setting) => ['--set', setting]);
    const args = ['serve', '--data', folder, '--listen', '127.0.0.1:0', '--log-level', 'warn', ...more];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /https?:\/\/[\d.]+:\d+/.exec(line)?.[0];
      if (url === undefined) continue;
      child.stdout.resume();
      return new WeirServer(child, url);
    }
    throw new Error(`weir ${args.join(' ')} did not start`);
  }

  /** Lets the peak begin anew from what is resident now (proc(5), clear_refs). */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
  }

  /** Largest resident memory since the last `forgetPeak`, octets. */
  get peakOctets(): number {
    return peakOctetsOf(this.#child.pid as number);
  }

  /** Resident memory that is its own, without files that are mapped: RssAnon (proc(5)), octets. */
  get ownOctets(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** User and system time so far, to a hundredth of a second. */
  get cpuMs(): number {
    return cpuMsOf(this.#child.pid as number);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
  }
}

/** VmHWM of a process in octets (proc(5)). */
export function peakOctetsOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** User and system time of a process: fields 14 and 15 of its stat, in ticks of 10 ms (proc(5)). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
