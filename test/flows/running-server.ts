/** A server as people run it: `weir serve` in a process of its own, with a data directory that goes when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** What the wire tells of an import; the fields that these tests look at. */
export type Import = {
  id: number;
  state: string;
  format: string;
  packets: number;
  packets_metered: number;
  flows: number;
  rows_bad: number;
  skipped: Record<string, number>;
  problem: Problem | null;
  warnings: string[];
  bad_rows: { line: number; reason: string }[];
};
export type Problem = Record<string, unknown> & { code: string; title: string; detail?: string; hint?: string };
export type Summary = { flows: number; packets: number; bytes: number };

/** Parameters of a question or an import. */
export type Words = Record<string, string | number | boolean>;

export class RunningServer implements AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** How it ended, once it has. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(url: string, folder: string, { child, ended }: Pick<Command, 'child' | 'ended'>) {
    this.url = url;
    this.folder = folder;
    this.ended = ended;
    this.#child = child;
  }

  /** Starts one on a free port; `settings` as `--set` takes them. */
  static async start(settings: string[] = []): Promise<RunningServer> {
    const folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
    const command = runWeir(['serve', ...settings.flatMap((setting) => ['--set', setting])], folder);
    return new RunningServer(/listening on (\S+),/.exec(await command.line)?.[1] ?? '', folder, command);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it as an operator would; throws when it had ended before, or ends badly. Its folder is gone afterwards. */
  async stop(): Promise<void> {
    const wasAlive = this.isAlive;
    this.#child.kill('SIGTERM');
    const { code, stderr } = await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
    if (!wasAlive || code !== 0) throw new Error(`the server ended ${wasAlive ? 'badly' : 'by itself'} (${code}): ${stderr}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** An address with parameters. */
  address(path: string, words: Words = {}): string {
    const query = new URLSearchParams(Object.entries(words).map(([name, value]): [string, string] => [name, String(value)])).toString();
    return `${this.url}${path}${query === '' ? '' : `?${query}`}`;
  }

  get(path: string, words: Words = {}, init: RequestInit = {}): Promise<Response> {
    return fetch(this.address(path, words), init);
  }

  async json<T>(path: string, words: Words = {}): Promise<T> {
    const answer = await this.get(path, words);
    if (!answer.ok) throw new Error(`${answer.status} ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async text(path: string, words: Words = {}): Promise<string> {
    return (await this.get(path, words)).text();
  }

  summary = (filter = ''): Promise<Summary> => this.json('/api/v1/flows/summary', { filter });

  /** Sends a file and waits for its import to end. A refusal while it is sent becomes a failed import as well. */
  async import(body: Uint8Array | string, words: Words = {}): Promise<Import> {
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await fetch(this.address('/api/v1/imports', words), {
      method: 'POST',
      headers,
      body: body as Uint8Array<ArrayBuffer> | string,
    });
    const told = (await answer.json()) as Import | Problem;
    if (answer.status === 202) return this.importOver((told as Import).id);
    const type = answer.headers.get('content-type') ?? '';
    if (!type.startsWith('application/problem+json')) throw new Error(`${answer.status} ${type}: ${JSON.stringify(told)}`);
    return { id: Number.NaN, state: 'failed', problem: told as Problem } as Import;
  }

  /** The record of an import once it is over. */
  async importOver(id: number): Promise<Import> {
    for (;;) {
      const record = await this.json<Import>(`/api/v1/imports/${id}`);
      if (record.state === 'done' || record.state === 'failed') return record;
      await sleep(10);
    }
  }

  /** One that must go well. */
  async imported(body: Uint8Array | string, words: Words = {}): Promise<Import> {
    const record = await this.import(body, words);
    if (record.state !== 'done') throw new Error(`import failed: ${JSON.stringify(record.problem)}`);
    return record;
  }

  /** What lies in the staging folder, the folders of spilled queries aside. */
  staged(): string[] {
    return readdirSync(join(this.folder, 'staging')).filter((name) => name !== 'spill');
  }

  /** Sealed files, below the data directory. */
  sealed(): string[] {
    return readdirSync(join(this.folder, 'flows'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
  }

  /** A gauge or counter of /metrics. */
  async metric(name: string): Promise<number> {
    const line = new RegExp(`^${name} (\\S+)$`, 'm').exec(await this.text('/metrics'));
    return Number(line?.[1]);
  }

  /** Octets of memory at their peak; undefined where there is no /proc. */
  peakMemory(): number | undefined {
    return octetsOf(`/proc/${this.pid}/status`, 'VmHWM');
  }

  /** Milliseconds of processor time that it has used so far; undefined where there is no /proc. */
  processorTime(): number | undefined {
    try {
      const fields = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime, in ticks of 1/100 s
    } catch {
      return undefined;
    }
  }
}

const octetsOf = (file: string, name: string): number | undefined => {
  try {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'latin1'));
    return kilobytes === null ? undefined : Number(kilobytes[1]) * 1024;
  } catch {
    return undefined;
  }
};

export type Ended = { code: number | null; stdout: string; stderr: string };
export type Command = { child: ChildProcess; line: Promise<string>; ended: Promise<Ended> };

/** The real command on a data directory; `line` is the first line that it prints, `ended` how it ended. */
export const runWeir = (words: readonly string[], folder: string): Command => {
  const listen = words[0] === 'serve' ? ['--listen', '127.0.0.1:0', '--log-level', 'error'] : [];
  const args = ['--disable-warning=ExperimentalWarning', main, ...words, '--data', folder, ...listen];
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, NO_COLOR: '1' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const line = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<Ended>();
  child.stdout.on('data', (data) => {
    stdout += String(data);
    if (stdout.includes('\n')) line.resolve(stdout.slice(0, stdout.indexOf('\n')));
  });
  child.stderr.on('data', (data) => {
    stderr += String(data);
  });
  child.once('close', (code) => {
    line.reject(new Error(`ended without a line: ${stderr}`));
    ended.resolve({ code, stdout, stderr });
  });
  line.promise.catch(() => undefined);
  return { child, line: line.promise, ended: ended.promise };
};
