/**
 * A back end for jobs in one file, the smallest that keeps the promises of `src/jobs/backend.ts`: each run is a child process of the server. It
 * goes on when the server ends, but the next server cannot know how it ends; what comes with Weir keeps that in files.
 *
 *     weir serve --set jobs.backend=/path/to/child-backend.ts
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, linkSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants, hostname } from 'node:os';
import { join } from 'node:path';
import type { Backend, BackendDependencies, Outcome, Run, RunEvent, Signal } from '../src/jobs/index.ts';

const signals: Partial<Record<Signal, NodeJS.Signals>> = { stop: 'SIGTERM', kill: 'SIGKILL', suspend: 'SIGSTOP', resume: 'SIGCONT' };

/** The one thing that the file has to export. The first argument is the part `jobs` of the configuration. */
export const createBackend = (_config: unknown, { folder, clock, log }: BackendDependencies): Backend => {
  const children = new Map<string, { child: ChildProcess; run: Run; cause?: 'stopped' | 'timeout' }>();
  let tell: (event: RunEvent) => void = () => {};
  const mark = (name: string) => join(folder, `${name}.claimed`);

  // Whoever makes the file first decides: a start, or the promise that there will be none. So no run ever starts twice.
  const claim = (name: string): boolean => {
    const fresh = `${mark(name)}.${process.pid}`;
    writeFileSync(fresh, '');
    try {
      linkSync(fresh, mark(name));
      return true;
    } catch {
      return false;
    } finally {
      rmSync(fresh, { force: true });
    }
  };

  const end = (name: string, outcome: Outcome): void => {
    children.delete(name);
    tell({ kind: 'ended', name, outcome });
  };

  const signalTo = (name: string, signal: NodeJS.Signals): boolean => {
    const { child } = children.get(name) ?? {};
    // A child that was not waited for keeps its id, and so does its group.
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return false;
    return process.kill(-child.pid, signal);
  };

  const stop = (name: string, cause: 'stopped' | 'timeout'): void => {
    const entry = children.get(name);
    if (entry === undefined || entry.cause !== undefined) return;
    entry.cause = cause;
    signalTo(name, 'SIGTERM');
    signalTo(name, 'SIGCONT');
    setTimeout(() => signalTo(name, 'SIGKILL'), entry.run.grace).unref();
  };

  const launch = (run: Run): void => {
    const { name, command, directory, logfile, timeLimit } = run;
    const out = openSync(logfile, 'a', 0o644);
    const child = spawn(command[0] as string, command.slice(1), {
      cwd: directory,
      env: run.variables,
      stdio: ['ignore', out, out],
      detached: true, // a group of its own, which signals go to
    });
    closeSync(out);
    children.set(name, { child, run });
    child.once('error', (error) => end(name, { cause: 'start', note: `${command[0]}: ${error.message}`, ended: clock.now() }));
    child.once('spawn', () => tell({ kind: 'started', name, at: clock.now() }));
    child.once('exit', (code, signal) => {
      const cause = children.get(name)?.cause ?? (signal !== null ? 'signal' : code === 0 ? 'done' : 'exit');
      end(name, {
        cause,
        ended: clock.now(),
        ...(code !== null && { code }),
        ...(signal !== null && { signal: constants.signals[signal] }),
      });
    });
    if (timeLimit !== undefined) setTimeout(() => stop(name, 'timeout'), timeLimit * 1000).unref();
  };

  return {
    name: 'child',
    offers: () => [{ host: hostname(), amounts: { CORES: availableParallelism() }, tags: [] }],
    listen: (listener) => {
      tell = listener;
    },
    open: async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    },
    close: async () => {
      tell = () => {};
    },
    start: (run) => {
      if (children.has(run.name) || !claim(run.name)) return;
      try {
        launch(run);
      } catch (error) {
        log.error({ err: error, run: run.name }, 'a job could not be started');
        end(run.name, { cause: 'start', note: (error as Error).message, ended: clock.now() });
      }
    },
    adopt: (name) => {
      if (claim(name)) tell({ kind: 'unstarted', name, why: 'it never started' });
      else end(name, { cause: 'lost', note: 'the server that had it is gone', ended: clock.now() });
    },
    signal: async (name, signal) => {
      if (signal !== 'stop') return signalTo(name, signals[signal] ?? 'SIGCONT');
      const isThere = children.has(name);
      stop(name, 'stopped');
      return isThere;
    },
    discard: (name) => rmSync(mark(name), { force: true }),
    sweep: (known) => {
      // Those of a server before this one are not its children any more, and it cannot be sure of their ids.
      for (const name of children.keys()) if (!known.has(name)) signalTo(name, 'SIGKILL');
      if (!existsSync(folder)) return;
      for (const file of readdirSync(folder)) if (!known.has(file.replace(/\.claimed$/, ''))) rmSync(join(folder, file), { force: true });
    },
    limits: () => ({ CORES: 'counted, not enforced' }),
  };
};
