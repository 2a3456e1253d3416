/** Limits of the kernel for runs: a cgroup for each, where this process may make some; else a limit for each process, of memory alone. */
import { join } from 'node:path';
import type { findCgroupPlace } from '../../core/cgroup-place.ts';
import { CgroupTree } from '../../core/cgroup-tree.ts';
import type { Log } from '../../core/log.ts';
import type { Run } from '../backend.ts';
import type { Outcome } from '../job.ts';
import type { Hold } from './run-files.ts';

/** What the setting `jobs.limits` says. */
export type LimitsWish = 'auto' | 'processes' | 'none';

const mebi = 1024 * 1024;

/** The groups of the runs of one server. */
export class Cgroups {
  readonly #wish: LimitsWish;
  readonly #log: Log;
  readonly #tree: CgroupTree;

  /** `folder` is that of the runs: several servers have a group each. */
  constructor(wish: LimitsWish, folder: string, log: Log, find?: typeof findCgroupPlace) {
    this.#wish = wish;
    this.#log = log;
    this.#tree = new CgroupTree('jobs', folder, find);
  }

  open(): void {
    if (this.#wish !== 'auto') return;
    this.#tree.open();
    if (!this.#isOpen) this.#log.info({ why: this.#tree.why }, 'jobs have no cgroups');
  }

  /** Leaves no empty group behind; those of runs that go on stay. */
  close(): void {
    this.#tree.close();
  }

  /** Makes the group of a run and says what its wrapper has to do. */
  make(run: Run): Hold {
    const { CORES = 1, RAM } = run.place.takes;
    if (this.#wish === 'none') return { cgroups: [] };
    // What nobody asked for is not limited: 1 core, said or not, is what a run takes.
    const memory = RAM === undefined ? undefined : RAM * mebi;
    if (!this.#isOpen) return { cgroups: [], ...(memory !== undefined && { data: memory }) };
    const folders = this.#tree.make(run.name, { memory, cores: CORES });
    return { cgroups: folders.map((folder) => join(folder, 'cgroup.procs')) };
  }

  /** Ends what is left of a run, whatever it did to leave its group of processes. */
  kill(name: string): void {
    this.#tree.kill(name);
  }

  remove(name: string): void {
    this.#tree.remove(name);
  }

  /** Forgets the groups of all runs but these. */
  sweep(known: ReadonlySet<string>): void {
    this.#tree.sweep(known);
  }

  /** The outcome as the kernel knows it better: that a program was ended for want of memory. */
  judge(name: string, outcome: Outcome): Outcome {
    if (outcome.cause !== 'signal' && outcome.cause !== 'exit') return outcome;
    const killed = this.#tree.memoryKills(name);
    return killed === 0 ? outcome : { ...outcome, cause: 'memory', note: `the kernel ended ${killed} of its processes` };
  }

  describe(): Record<string, string> {
    if (this.#wish === 'none') return { CORES: 'counted, not enforced', RAM: 'counted, not enforced' };
    if (!this.#isOpen)
      return {
        CORES: 'counted, not enforced',
        RAM: `for each process alone, its data (RLIMIT_DATA)${this.#wish === 'auto' ? `; no cgroups: ${this.#tree.why}` : ''}`,
      };
    const version = `cgroup v${this.#tree.version}`;
    return { CORES: `by the kernel (${version}, cpu)`, RAM: `by the kernel (${version}, memory), for those that ask for some` };
  }

  get #isOpen(): boolean {
    return this.#tree.version > 0;
  }
}
