import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootId, isAlive, type ProcessIdentity, processOf, signalProcess } from '../core/process-identity.ts';
import { killMarked } from '../core/process-mark.ts';
import { markOf } from './environment.ts';

const pythonStart = fileURLToPath(new URL('driver/session.py', import.meta.url));
const batchStart = fileURLToPath(new URL('driver/batch.py', import.meta.url));
const sqlStart = fileURLToPath(new URL('sql-driver/main.ts', import.meta.url));

/** How a process ended: by an exit code or a signal, and the keeper's words where it ended it itself. */
export type ProcessEnd = { code: number | null; signal: number | null; reason: string | null };

/** What is started: the program of a session or a batch, in its folder, where `start.json` lies. */
export type Start = { engine: 'python' | 'sql' | 'batch'; program: string; folder: string; environment: Record<string, string> };

const starts = {
  python: [pythonStart],
  batch: [batchStart],
  sql: ['--disable-warning=ExperimentalWarning', sqlStart],
};

/** How often a process that is not a child of this server is looked at, in milliseconds. */
const lookMs = 50;

/** How long a keeper may take to end what is left, and itself. */
const keeperMs = 3000;

/**
 * The process of a session, in a group of its own so that no signal of a terminal reaches it. It outlives the server, and a
 * later one finds it again by its identity.
 */
export class DriverProcess {
  readonly identity: ProcessIdentity;
  /** Resolves once, when it has ended. */
  readonly ended: Promise<ProcessEnd>;
  #isOver = false;

  /** `keeping` is the folder of a keeper; an engine that is its own process starts no others. */
  private constructor(identity: ProcessIdentity, keeping: string | undefined, ended: Promise<ProcessEnd>) {
    this.identity = { ...identity, boot: bootId() };
    this.ended = ended.then((end) => {
      this.#isOver = true;
      if (keeping !== undefined) endLeftovers(keeping);
      return end;
    });
  }

  /** Starts it; resolves when its socket is open. Rejects with the reason when it ends before. */
  static async start({ engine, program, folder, environment }: Start): Promise<DriverProcess> {
    const log = openSync(join(folder, 'log'), 'a', 0o600);
    const child = spawn(program, [...starts[engine], folder], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', log, log, 'pipe'],
      detached: true,
    });
    closeSync(log);
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: null, reason: error.message }));
      child.once('exit', (code) => resolve(noted(folder) ?? { code, signal: null, reason: null }));
    });
    const ready = child.stdio[3] as NodeJS.ReadableStream;
    const said = new Promise<boolean>((resolve) => {
      ready.once('data', () => resolve(true)).once('end', () => resolve(false));
      ready.once('error', () => resolve(false));
    });
    const outcome = await Promise.race([said, ended]);
    (ready as unknown as { destroy(): void }).destroy();
    const identity = child.pid === undefined ? undefined : processOf(child.pid);
    child.unref();
    if (outcome !== true || identity === undefined) {
      const end = typeof outcome === 'object' ? outcome : await ended;
      throw new Error(`the interpreter did not start: ${wordsOf(end)}`);
    }
    return new DriverProcess(identity, engine === 'sql' ? undefined : folder, ended);
  }

  /** Takes up a process that a server before this one has started. Undefined when it is gone. */
  static adopt(identity: ProcessIdentity, folder: string): DriverProcess | undefined {
    if (!isAlive(identity)) return void endLeftovers(folder);
    const ended = new Promise<ProcessEnd>((resolve) => {
      const timer = setInterval(() => {
        if (isAlive(identity)) return;
        clearInterval(timer);
        resolve(noted(folder) ?? { code: null, signal: null, reason: null });
      }, lookMs);
      timer.unref();
    });
    return new DriverProcess(identity, folder, ended);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it and all that it has started: TERM, and KILL after the grace. Resolves when it is gone. `driver` is whom it keeps, once that is known. */
  async end(graceMs: number, driver: ProcessIdentity | undefined): Promise<ProcessEnd> {
    signalProcess(this.identity, 'SIGTERM');
    return await this.#endWithin(graceMs + keeperMs, driver);
  }

  /** Kills the interpreter at once, with its group. */
  async kill(driver: ProcessIdentity | undefined): Promise<ProcessEnd> {
    // The keeper sees to the rest, and notes the end.
    if (driver === undefined) signalProcess(this.identity, 'SIGTERM');
    else signalProcess(driver, 'SIGKILL', 'group');
    return await this.#endWithin(keeperMs, driver);
  }

  /** For a keeper that cannot do its work any more. */
  async #endWithin(ms: number, driver: ProcessIdentity | undefined): Promise<ProcessEnd> {
    const timer = setTimeout(() => {
      if (driver !== undefined) signalProcess(driver, 'SIGKILL', 'group');
      signalProcess(this.identity, 'SIGKILL', 'group');
    }, ms);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A keeper ends all that it keeps before it notes the end; one that was killed has ended nobody. */
function endLeftovers(folder: string): void {
  if (noted(folder) === undefined) killMarked(markOf(folder));
}

/** The keeper's note of how the interpreter ended; it outlives the server that would have been told. */
export function noted(folder: string): ProcessEnd | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'end.json'), 'utf8')) as ProcessEnd;
  } catch {
    return undefined;
  }
}

/** How it ended, in words. */
export function wordsOf({ code, signal, reason }: ProcessEnd): string {
  if (reason !== null) return reason;
  if (signal !== null) return signal === 9 ? 'it was killed (signal 9)' : `signal ${signal}`;
  return code === null ? 'it ended while no server looked on' : `exit code ${code}`;
}
