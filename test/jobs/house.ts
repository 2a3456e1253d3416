/** A real server in a process of its own, on a data directory that outlives it: it can be killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFailed } from 'vitest';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));

export type Shown = {
  id: string;
  state: string;
  cause?: string;
  reason: string;
  runs: number;
  exit_code?: number;
  logfile: string;
  [member: string]: unknown;
};
export type Answer<T = Record<string, unknown>> = { status: number; headers: Headers; body: T };

export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-jobs-'));
  readonly work = join(this.folder, 'work');
  readonly #settings: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  url = '';

  constructor(settings: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    mkdirSync(this.work);
    this.#environment = environment;
    this.#settings = ['jobs.cores=4', 'jobs.grace=500ms', 'log.level=error', ...settings];
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const set = this.#settings.flatMap((setting) => ['--set', setting]);
    const child = spawn(weir, ['serve', '--listen', '127.0.0.1:0', '--data', join(this.folder, 'data'), ...set], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WEIR_CONFIG: '', ...this.#environment },
    });
    this.#child = child;
    this.url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (text) => {
        said += String(text);
        const url = /listening on (\S+),/.exec(said)?.[1];
        if (url !== undefined) resolve(url);
      });
      child.once('exit', () => reject(new Error(`the server did not come up: ${said}`)));
    });
    child.once('exit', (code, signal) => {
      if (this.#child === child) console.log(`the server has ended by itself: code ${code}, signal ${signal}`);
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    json?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const init = json === undefined ? {} : { body: JSON.stringify(json) };
    const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}${path}`, { method, headers: { accept: 'application/json', ...type, ...headers }, ...init });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text.startsWith('{') ? JSON.parse(text) : { text }) as T };
  }

  /** Submits and answers the job; throws when it is refused. */
  async submit(submission: Record<string, unknown>): Promise<Shown> {
    const { status, body } = await this.ask<Shown>('POST', '/api/v1/jobs', { directory: this.work, ...submission });
    if (status !== 201) throw new Error(`refused: ${JSON.stringify(body)}`);
    return body;
  }

  async job(id: string): Promise<Shown> {
    return (await this.ask<Shown>('GET', `/api/v1/jobs/${id}`)).body;
  }

  /** Waits until the job is in one of the states, as long as its test has time. */
  async until(id: string, ...states: string[]): Promise<Shown> {
    return await this.untilJob(id, ({ state }) => states.includes(state), states.join(' or '));
  }

  /** Waits until the job is as wanted; a test that ends before that is told how it stands. */
  async untilJob(id: string, isSo: (job: Shown) => boolean, wanted: string): Promise<Shown> {
    let job = await this.job(id);
    onTestFailed(() => console.log(`job ${id} was to become ${wanted}: ${JSON.stringify(job)}`));
    while (!isSo(job)) {
      await pause(25);
      job = await this.job(id);
    }
    return job;
  }

  async log(id: string): Promise<string> {
    return await (await fetch(`${this.url}/api/v1/jobs/${id}/log`)).text();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
