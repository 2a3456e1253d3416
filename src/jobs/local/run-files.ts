/** The files of runs in the folder of the local back end; what they hold stands on top of `launcher.pl`. */
import { linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../../core/process-identity.ts';
import type { Run } from '../backend.ts';
import type { Cause, Outcome, Window } from '../job.ts';

/** What the start file says: nobody has started, nobody may start any more, or who did and when. */
export type Start = 'none' | 'sealed' | Started;

/** Who started a run, and when. In a batch system also on which node, and the id there. */
export type Started = {
  wrapper: ProcessIdentity;
  boot: string;
  program: ProcessIdentity | undefined;
  at: number;
  node?: string;
  batchId?: string;
};

/** What the kernel is to hold a run to: the cgroup files that it writes itself into, and octets of data for each of its processes. */
export type Hold = { cgroups: readonly string[]; data?: number };

export class RunFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Writes what the wrapper has to know. Readable by the owner alone: environments hold secrets. */
  writeSpec(run: Run, { cgroups, data = 0 }: Hold = { cgroups: [] }): void {
    const variables = Object.entries(run.variables).map(([name, value]) => `${name}=${value}`);
    const head = [
      run.timeLimit ?? 0,
      Math.ceil(run.grace),
      run.directory,
      run.logfile,
      cgroups.join(' '),
      data,
      sizeOf(run.terminal),
      variables.length,
    ];
    writeFileSync(this.#path(run.name, 'spec'), `${[...head, ...variables, ...run.command].join('\0')}\0`, { mode: 0o600 });
  }

  /** Makes sure that the run never starts. False when it has. */
  seal(name: string): boolean {
    const fresh = this.#path(name, 'seal');
    writeFileSync(fresh, 'sealed\n');
    try {
      linkSync(fresh, this.#path(name, 'start'));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return this.start(name) === 'sealed';
    } finally {
      rmSync(fresh, { force: true });
    }
  }

  start(name: string): Start {
    const path = this.#path(name, 'start');
    const text = read(path);
    if (text === undefined) return 'none';
    if (text.startsWith('sealed')) return 'sealed';
    const [wrapper = '', program = ''] = text.split('\n');
    const [pid, start = '', boot = '', node, batchId] = wrapper.split(' ');
    const [programPid, programStart = ''] = program.split(' ');
    // The program is noted by a second write; until then only the wrapper knows it.
    const isNoted = programStart !== '';
    return {
      wrapper: { pid: Number(pid), start },
      boot,
      program: isNoted ? { pid: Number(programPid), start: programStart } : undefined,
      at: Math.floor(statSync(path).birthtimeMs || statSync(path).mtimeMs),
      ...(node !== undefined && { node }),
      ...(batchId !== undefined && batchId !== '-' && { batchId }),
    };
  }

  /** How the run ended, by its own account; undefined while there is none. */
  exit(name: string): Outcome | undefined {
    const path = this.#path(name, 'exit');
    const text = read(path);
    if (text === undefined) return undefined;
    const [first = '', words = ''] = text.split('\n');
    const [code, signal, word = '-', user, system, maxKb] = first.split(' ');
    const cause: Outcome['cause'] = word !== '-' ? (word as Cause) : signal !== '0' ? 'signal' : code !== '0' ? 'exit' : 'done';
    return {
      cause,
      ...(signal === '0' ? (word === 'start' ? {} : { code: Number(code) }) : { signal: Number(signal) }),
      ...(words !== '' && { note: words }),
      cpuMs: Number(user) + Number(system),
      maxRamMb: Math.ceil(Number(maxKb) / 1024),
      ended: Math.floor(statSync(path).mtimeMs),
    };
  }

  discard(name: string): void {
    for (const kind of ['spec', 'start', 'exit', 'exit.tmp', 'seal', 'tty']) rmSync(this.#path(name, kind), { force: true });
  }

  /** The socket of its terminal (see `terminal.pl`). */
  terminal(name: string): string {
    return this.#path(name, 'tty');
  }

  /** Runs that there are files of. */
  names(): Set<string> {
    const names = readdirSync(this.folder).map((file) => runOf(file));
    return new Set(names.filter((name) => name !== undefined));
  }

  /** Forgets all runs but these, with what wrappers that were killed have left half done. */
  sweep(known: ReadonlySet<string>): void {
    for (const file of readdirSync(this.folder)) {
      const name = runOf(file);
      if (name !== undefined && !known.has(name)) rmSync(join(this.folder, file), { force: true });
    }
  }

  #path(name: string, kind: string): string {
    return join(this.folder, `${name}.${kind}`);
  }
}

const sizeOf = (window: Window | undefined): string => (window === undefined ? '' : `${window.rows} ${window.columns}`);

const runOf = (file: string): string | undefined => /^(\d+\.\d+)\./.exec(file)?.[1];

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
