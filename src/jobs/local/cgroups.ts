/** Limits of the kernel for runs: a cgroup for each, where this process may make some; else a limit for each process, of memory alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlace, findCgroupPlace, serverGroup } from '../../core/cgroup-place.ts';
import type { Log } from '../../core/log.ts';
import type { Run } from '../backend.ts';
import type { Outcome } from '../job.ts';
import type { Hold } from './run-files.ts';

/** What the setting `jobs.limits` says. */
export type LimitsWish = 'auto' | 'processes' | 'none';

const mebi = 1024 * 1024;
const periodUs = 100_000;

/** The groups of the runs of one server. */
export class Cgroups {
  readonly #wish: LimitsWish;
  readonly #log: Log;
  readonly #name: string;
  readonly #find: () => CgroupPlace | string;
  #place: CgroupPlace | undefined;
  #why = '';

  /** `folder` is that of the runs: several servers have a group each. */
  constructor(wish: LimitsWish, folder: string, log: Log, find = findCgroupPlace) {
    this.#wish = wish;
    this.#log = log;
    this.#name = `weir-jobs-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
    this.#find = find;
  }

  open(): void {
    if (this.#wish !== 'auto') return;
    const place = this.#find();
    if (typeof place === 'string') this.#why = place;
    else {
      try {
        this.#prepare(place);
        this.#place = place;
      } catch (error) {
        this.#why = (error as Error).message;
      }
    }
    if (this.#place === undefined) this.#log.info({ why: this.#why }, 'jobs have no cgroups');
  }

  /** Leaves no empty group behind; those of runs that go on stay. */
  close(): void {
    if (this.#place === undefined) return;
    for (const folder of new Set([this.#place.memory, this.#place.cpu])) removeSoon(join(folder, this.#name), 8);
  }

  /** Makes the group of a run and says what its wrapper has to do. */
  make(run: Run): Hold {
    const { CORES, RAM } = run.place.takes;
    if (this.#wish === 'none') return { cgroups: [] };
    // What nobody asked for is not limited: 1 core, said or not, is what a run takes.
    const memory = RAM === undefined ? undefined : RAM * mebi;
    if (this.#place === undefined) return { cgroups: [], ...(memory !== undefined && { data: memory }) };
    const folders = this.#foldersOf(this.#place, run.name);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    if (this.#place.version === 2) this.#limit2(folders[0] as string, memory, CORES);
    else this.#limit1(folders, memory, CORES);
    return { cgroups: folders.map((folder) => join(folder, 'cgroup.procs')) };
  }

  /** Ends what is left of a run, whatever it did to leave its group of processes. */
  kill(name: string): void {
    if (this.#place === undefined) return;
    for (const folder of this.#foldersOf(this.#place, name)) {
      if (this.#place.version === 2) {
        put(folder, 'cgroup.kill', '1');
        continue;
      }
      // Who is in the group is ours, and leaves it by its end alone; what is forked meanwhile comes next.
      for (let round = 0; round < 100; round++) {
        const pids = contentOf(folder, 'cgroup.procs')
          .split('\n')
          .filter((pid) => pid !== '');
        if (pids.length === 0) break;
        for (const pid of pids) killQuietly(Number(pid));
      }
    }
  }

  remove(name: string): void {
    if (this.#place === undefined) return;
    for (const folder of this.#foldersOf(this.#place, name)) removeSoon(folder);
  }

  /** Forgets the groups of all runs but these. */
  sweep(known: ReadonlySet<string>): void {
    if (this.#place === undefined) return;
    for (const name of foldersOf(join(this.#place.memory, this.#name))) {
      if (known.has(name)) continue;
      this.kill(name);
      this.remove(name);
    }
  }

  /** The outcome as the kernel knows it better: that a program was ended for want of memory. */
  judge(name: string, outcome: Outcome): Outcome {
    if (this.#place === undefined || (outcome.cause !== 'signal' && outcome.cause !== 'exit')) return outcome;
    const [folder] = this.#foldersOf(this.#place, name);
    const file = this.#place.version === 2 ? 'memory.events' : 'memory.oom_control';
    const killed = Number(/^oom_kill (\d+)/m.exec(contentOf(folder as string, file))?.[1] ?? 0);
    return killed === 0 ? outcome : { ...outcome, cause: 'memory', note: `the kernel ended ${killed} of its processes` };
  }

  describe(): Record<string, string> {
    if (this.#wish === 'none') return { CORES: 'counted, not enforced', RAM: 'counted, not enforced' };
    if (this.#place === undefined)
      return {
        CORES: 'counted, not enforced',
        RAM: `for each process alone, its data (RLIMIT_DATA)${this.#why === '' ? '' : `; no cgroups: ${this.#why}`}`,
      };
    const version = `cgroup v${this.#place.version}`;
    return { CORES: `by the kernel (${version}, cpu)`, RAM: `by the kernel (${version}, memory), for those that ask for some` };
  }

  #foldersOf({ version, memory, cpu }: CgroupPlace, name: string): string[] {
    const below = (folder: string) => join(folder, this.#name, name);
    return version === 2 ? [below(memory)] : [below(memory), below(cpu)];
  }

  #prepare({ version, memory, cpu }: CgroupPlace): void {
    if (version === 2) {
      const server = join(memory, serverGroup);
      mkdirSync(server, { recursive: true });
      for (const pid of contentOf(memory, 'cgroup.procs').split('\n')) if (pid !== '') writeFileSync(join(server, 'cgroup.procs'), pid);
      writeFileSync(join(memory, 'cgroup.subtree_control'), '+memory +cpu');
    }
    for (const folder of new Set([memory, cpu])) mkdirSync(join(folder, this.#name), { recursive: true });
    if (version === 2) writeFileSync(join(memory, this.#name, 'cgroup.subtree_control'), '+memory +cpu');
  }

  #limit2(folder: string, memory: number | undefined, cores = 1): void {
    if (memory !== undefined) {
      writeFileSync(join(folder, 'memory.max'), String(memory));
      put(folder, 'memory.swap.max', '0'); // there is none without swap accounting
      put(folder, 'memory.oom.group', '1');
    }
    writeFileSync(join(folder, 'cpu.max'), `${Math.round(Math.max(cores, 0.01) * periodUs)} ${periodUs}`);
  }

  #limit1([memoryFolder = '', cpuFolder = '']: readonly string[], memory: number | undefined, cores = 1): void {
    if (memory !== undefined) {
      writeFileSync(join(memoryFolder, 'memory.limit_in_bytes'), String(memory));
      put(memoryFolder, 'memory.memsw.limit_in_bytes', String(memory));
    }
    writeFileSync(join(cpuFolder, 'cpu.cfs_period_us'), String(periodUs));
    writeFileSync(join(cpuFolder, 'cpu.cfs_quota_us'), String(Math.round(Math.max(cores, 0.01) * periodUs)));
  }
}

/** Writes a file that not every kernel has. */
function put(folder: string, file: string, text: string): void {
  try {
    writeFileSync(join(folder, file), text, { flag: 'r+' });
  } catch {
    // what it asks for is more than is promised
  }
}

function contentOf(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8').trim();
  } catch {
    return '';
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/** A group is busy until its last process is gone, which takes a moment after its end is known. */
function removeSoon(folder: string, attempt = 0): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || attempt >= 8) return; // the next server sweeps it
    setTimeout(() => removeSoon(folder, attempt + 1), 10 * 2 ** attempt).unref();
  }
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
