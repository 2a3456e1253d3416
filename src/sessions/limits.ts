import { CgroupTree } from '../core/cgroup-tree.ts';
import type { Log } from '../core/log.ts';
import type { SessionsConfig } from './config.ts';

/** What a driver is told of its limits: groups of the kernel that it joins, and the address space of each of its processes (0: any). */
export type Hold = { groups: string[]; memoryOctets: number };

/** Threads count as well for the kernel, and Java has many of them: this many for each process that is allowed. */
const tasksOfProcess = 8;

/** Holds sessions and batches to what they may take: by a cgroup for each, where this server may make some. */
export class Limits {
  readonly #config: SessionsConfig;
  readonly #log: Log;
  readonly #tree: CgroupTree;

  /** `folder` is that of the sessions: several servers have groups of their own. */
  constructor(config: SessionsConfig, folder: string, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#tree = new CgroupTree('sessions', folder);
  }

  open(): void {
    if (this.#config.limits !== 'auto') return;
    this.#tree.open();
    if (this.#tree.version === 0) this.#log.info({ why: this.#tree.why }, 'sessions have no cgroups');
  }

  /** Leaves no empty group behind; those of interpreters that go on stay. */
  close(): void {
    this.#tree.close();
  }

  /** Makes the group of a session or a batch. `sessions.memory` is for those whose engine has no limit of its own. */
  make(name: string, hasOwnMemory: boolean): Hold {
    const { memory, cores, processes } = this.#config;
    const most = hasOwnMemory ? 0 : memory;
    if (this.#tree.version === 0) return { groups: [], memoryOctets: most };
    const limits = { memory: most || undefined, cores: cores || undefined, tasks: processes * tasksOfProcess || undefined };
    try {
      return { groups: this.#tree.make(name, limits), memoryOctets: 0 };
    } catch (err) {
      this.#log.warn({ err }, `no cgroup for ${name}`);
      return { groups: [], memoryOctets: most };
    }
  }

  /** Forgets a group, and ends what is left in it. */
  remove(name: string): void {
    this.#tree.kill(name);
    this.#tree.remove(name);
  }

  /** Ends and forgets all groups but these. */
  sweep(known: ReadonlySet<string>): void {
    this.#tree.sweep(known);
  }
}
