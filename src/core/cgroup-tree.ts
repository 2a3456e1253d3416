/** Groups of processes that the kernel holds to limits (cgroups(7)): one for each name, below a folder of one server. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupPlace, findCgroupPlace, serverGroup } from './cgroup-place.ts';

/** What a group may take: memory in octets, cores, processes with their threads. What is not said is not limited. */
export type GroupLimits = { memory?: number | undefined; cores?: number | undefined; tasks?: number | undefined };

const periodUs = 100_000;

/** The groups of one part of one server. Where this process may make none, `why` says why, and nothing else may be called but `close`. */
export class CgroupTree {
  readonly #name: string;
  readonly #find: () => CgroupPlace | string;
  #place: CgroupPlace | undefined;
  why = 'not opened';

  /** `folder` tells the groups of several servers on one host apart; `part` those of the parts of one server. */
  constructor(part: string, folder: string, find = findCgroupPlace) {
    this.#name = `weir-${part}-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
    this.#find = find;
  }

  /** The version of cgroups, 0 where there are none. */
  get version(): 0 | 1 | 2 {
    return this.#place?.version ?? 0;
  }

  open(): void {
    const place = this.#find();
    if (typeof place === 'string') this.why = place;
    else {
      try {
        this.#prepare(place);
        this.#place = place;
      } catch (error) {
        this.why = (error as Error).message;
      }
    }
  }

  /** Leaves no empty group behind; those of processes that go on stay. */
  close(): void {
    if (this.#place === undefined) return;
    for (const folder of this.#controllers(this.#place)) removeSoon(join(folder, this.#name), 8);
  }

  /** Makes a group; answers its folders. A process joins by writing its id to `cgroup.procs` in each. Throws what the system throws. */
  make(name: string, limits: GroupLimits): string[] {
    const folders = this.foldersOf(name);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    if (this.version === 2) limit2(folders[0] as string, limits);
    else limit1(folders, limits);
    return folders;
  }

  /** Ends what is left in a group, whatever it did to leave its group of processes. */
  kill(name: string): void {
    for (const folder of this.foldersOf(name)) {
      if (this.version === 2) {
        put(folder, 'cgroup.kill', '1');
        continue;
      }
      // Who is in the group is ours, and leaves it by its end alone; what is forked meanwhile comes next.
      for (let round = 0; round < 100; round++) {
        const pids = pidsOf(folder);
        if (pids.length === 0) break;
        for (const pid of pids) killQuietly(Number(pid));
      }
    }
  }

  remove(name: string): void {
    for (const folder of this.foldersOf(name)) removeSoon(folder);
  }

  /** Ends and forgets all groups but these. */
  sweep(known: ReadonlySet<string>): void {
    if (this.#place === undefined) return;
    for (const name of foldersIn(join(this.#place.memory, this.#name))) {
      if (known.has(name)) continue;
      this.kill(name);
      this.remove(name);
    }
  }

  /** How many processes of a group the kernel has ended for want of memory. */
  memoryKills(name: string): number {
    const [folder] = this.foldersOf(name);
    if (folder === undefined) return 0;
    const file = this.version === 2 ? 'memory.events' : 'memory.oom_control';
    return Number(/^oom_kill (\d+)/m.exec(contentOf(folder, file))?.[1] ?? 0);
  }

  /** The folders of a group: one, or in version 1 those of memory, of cores and, where there is one, of tasks. */
  foldersOf(name: string): string[] {
    return this.#place === undefined ? [] : this.#controllers(this.#place).map((folder) => join(folder, this.#name, name));
  }

  #controllers({ version, memory, cpu, pids }: CgroupPlace): string[] {
    return version === 2 ? [memory] : [memory, cpu, ...(pids === undefined ? [] : [pids])];
  }

  #prepare(place: CgroupPlace): void {
    const { version, memory } = place;
    if (version === 2) {
      const server = join(memory, serverGroup);
      mkdirSync(server, { recursive: true });
      for (const pid of pidsOf(memory)) writeFileSync(join(server, 'cgroup.procs'), pid);
      handDown(memory);
    }
    for (const folder of this.#controllers(place)) mkdirSync(join(folder, this.#name), { recursive: true });
    if (version === 2) handDown(join(memory, this.#name));
  }
}

/** Lets the children of a folder have limits of their own. */
function handDown(folder: string): void {
  const hasPids = contentOf(folder, 'cgroup.controllers').split(/\s+/).includes('pids');
  writeFileSync(join(folder, 'cgroup.subtree_control'), `+memory +cpu${hasPids ? ' +pids' : ''}`);
}

function limit2(folder: string, { memory, cores, tasks }: GroupLimits): void {
  if (memory !== undefined) {
    writeFileSync(join(folder, 'memory.max'), String(memory));
    put(folder, 'memory.swap.max', '0'); // there is none without swap accounting
    put(folder, 'memory.oom.group', '1');
  }
  if (cores !== undefined) writeFileSync(join(folder, 'cpu.max'), `${quotaUs(cores)} ${periodUs}`);
  if (tasks !== undefined) put(folder, 'pids.max', String(tasks));
}

function limit1([memoryFolder = '', cpuFolder = '', pidsFolder]: readonly string[], { memory, cores, tasks }: GroupLimits): void {
  if (memory !== undefined) {
    writeFileSync(join(memoryFolder, 'memory.limit_in_bytes'), String(memory));
    put(memoryFolder, 'memory.memsw.limit_in_bytes', String(memory));
  }
  if (cores !== undefined) {
    writeFileSync(join(cpuFolder, 'cpu.cfs_period_us'), String(periodUs));
    writeFileSync(join(cpuFolder, 'cpu.cfs_quota_us'), String(quotaUs(cores)));
  }
  if (tasks !== undefined && pidsFolder !== undefined) put(pidsFolder, 'pids.max', String(tasks));
}

const quotaUs = (cores: number): number => Math.round(Math.max(cores, 0.01) * periodUs);

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

const pidsOf = (folder: string): string[] =>
  contentOf(folder, 'cgroup.procs')
    .split('\n')
    .filter((pid) => pid !== '');

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

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
