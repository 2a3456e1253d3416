/** A real server in a process of its own, on a data directory that outlives it, and a client of its Livy door. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './patience.ts';

const weir = fileURLToPath(new URL('../../bin/weir', import.meta.url));

export type Output = {
  status: 'ok' | 'error';
  execution_count: number;
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
};
export type Shown = {
  id: number;
  code: string;
  state: string;
  output: Output | null;
  progress: number;
  started: number;
  completed: number;
};
export type ShownSession = { id: number; state: string; kind: string; name: string | null; log: string[]; [member: string]: unknown };
export type Answer<T = Record<string, unknown>> = { status: number; headers: Headers; body: T; text: string };

export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-sessions-'));
  readonly data = join(this.folder, 'data');
  readonly #settings: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  url = '';
  /** What the server has said. */
  said = '';

  constructor(settings: readonly string[] = [], environment: NodeJS.ProcessEnv = {}) {
    this.#settings = ['log.level=info', 'sessions.starting=16', 'sessions.grace=500ms', ...settings];
    this.#environment = environment;
  }

  async start(): Promise<void> {
    this.said = '';
    const set = this.#settings.flatMap((setting) => ['--set', setting]);
    const child = spawn(weir, ['serve', '--listen', '127.0.0.1:0', '--data', this.data, ...set], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WEIR_CONFIG: '', ...this.#environment },
    });
    this.#child = child;
    this.url = await new Promise<string>((resolve, reject) => {
      const take = (text: unknown) => {
        this.said += String(text);
        const url = /listening on (\S+),/.exec(this.said)?.[1];
        if (url !== undefined) resolve(url);
      };
      child.stdout?.on('data', take);
      child.stderr?.on('data', take);
      child.once('exit', () => reject(new Error(`the server did not come up: ${this.said}`)));
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

  /** Ends the sessions as well: they would wait for the next server. */
  async close(): Promise<void> {
    if (this.#child !== undefined && this.url !== '') {
      const { body } = await this.ask<{ sessions: ShownSession[] }>('GET', '/sessions');
      await Promise.all(body.sessions.map(({ id }) => this.ask('DELETE', `/sessions/${id}`)));
      const batches = (await this.ask<{ sessions: { id: number }[] }>('GET', '/batches')).body.sessions;
      await Promise.all(batches.map(({ id }) => this.ask('DELETE', `/batches/${id}`)));
    }
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async ask<T = Record<string, unknown>>(
    method: string,
    path: string,
    json?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const body = json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) };
    const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: { accept: 'application/json', ...type, ...headers },
      ...body,
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (/^[{["]/.test(text) ? JSON.parse(text) : {}) as T, text };
  }

  /** A session that is idle. */
  async session(request: Record<string, unknown> = { kind: 'python' }): Promise<number> {
    const { status, body } = await this.ask<ShownSession>('POST', '/sessions', request);
    if (status !== 201) throw new Error(`refused: ${JSON.stringify(body)}`);
    await this.until(body.id, 'idle');
    return body.id;
  }

  /** Waits until the session is in one of the states. */
  async until(id: number, ...states: string[]): Promise<ShownSession> {
    const ends = ['dead', 'error', 'killed', 'success'];
    const look = async () => (await this.ask<ShownSession>('GET', `/sessions/${id}`)).body;
    const last = await eventually(look, ({ state }) => states.includes(state) || ends.includes(state));
    if (states.includes(last.state)) return last;
    throw new Error(`session ${id} did not become ${states.join(' or ')}: ${JSON.stringify(last)}`);
  }

  async post(id: number, code: string, kind?: string): Promise<Shown> {
    const { status, body } = await this.ask<Shown>('POST', `/sessions/${id}/statements`, kind === undefined ? { code } : { code, kind });
    if (status !== 201) throw new Error(`refused: ${JSON.stringify(body)}`);
    return body;
  }

  async statement(id: number, statement: number): Promise<Shown> {
    return (await this.ask<Shown>('GET', `/sessions/${id}/statements/${statement}`)).body;
  }

  /** Waits until the statement is in one of the states. */
  untilStatement(id: number, statement: number, ...states: string[]): Promise<Shown> {
    return eventually(
      () => this.statement(id, statement),
      ({ state }) => states.includes(state),
      10,
    );
  }

  /** Runs a statement to its end. */
  async run(id: number, code: string, kind?: string): Promise<Output> {
    const { id: statement } = await this.post(id, code, kind);
    return (await this.untilStatement(id, statement, 'available', 'cancelled')).output as Output;
  }

  /** What a statement shows as text. */
  async text(id: number, code: string, kind?: string): Promise<unknown> {
    return (await this.run(id, code, kind)).data?.['text/plain'];
  }

  async log(id: number): Promise<string> {
    return (await this.ask<{ log: string[] }>('GET', `/sessions/${id}/log?size=-1`)).body.log.join('\n');
  }
}
