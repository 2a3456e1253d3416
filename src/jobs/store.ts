import { type Change, KeyFault, type KeyNode, nameOf, type Operation, type Path, type Tree, textValue } from '../keys/index.ts';
import type { Job } from './job.ts';
import { formatId } from './job-id.ts';
import { readJob, writeJob } from './job-record.ts';

const folder: Path = '/jobs/items';

/** Jobs of one page when the server starts: what is read of them is thrown away page by page, so all of it together is never there. */
const readAtOnce = 2000;

type Kept = { job: Job; index: number };

/** Hears of each change of a job: what it was and what it is; a new one was undefined, a forgotten one is. */
export type JobListener = (job: Job | undefined, before: Job | undefined) => void;

/** What a write finds when somebody else was faster. */
const races: ReadonlySet<string> = new Set(['compare-failed', 'not-found']);

/**
 * The jobs, one key each at `/jobs/items/000001138` of the system space, and all of them in memory. What others on the same cluster
 * write arrives by the feed of the tree.
 */
export class JobStore {
  readonly #tree: Tree;
  readonly #listener: JobListener;
  readonly #kept = new Map<number, Kept>();
  /** Index of the last removal of a name, so that old news never brings it back. */
  readonly #gone = new Map<number, number>();
  /** All of them by rising id: a list with a filter walks over this, which costs a tenth of looking each one up. */
  #sorted: Kept[] | undefined;
  #unfollow: (() => void) | undefined;

  constructor(tree: Tree, listener: JobListener) {
    this.#tree = tree;
    this.#listener = listener;
  }

  async start(): Promise<void> {
    this.#unfollow = this.#tree.follow((changes) => this.take(changes));
    for await (const page of this.#tree.pages(folder, readAtOnce))
      for (const node of page) if (!this.#isGoneSince(node)) this.#keep(readJob(textValue(node)), node.modified);
  }

  stop(): void {
    this.#unfollow?.();
  }

  get size(): number {
    return this.#kept.size;
  }

  get(id: number): Job | undefined {
    return this.#kept.get(id)?.job;
  }

  /** Index of the last write of a job: its version. */
  versionOf(id: number): number {
    return this.#kept.get(id)?.index ?? 0;
  }

  /** All jobs, by rising id. Valid until the next write. */
  sorted(): readonly { readonly job: Job }[] {
    this.#sorted ??= [...this.#kept.values()].sort((a, b) => a.job.id - b.job.id);
    return this.#sorted;
  }

  *all(): Generator<Job> {
    for (const { job } of this.#kept.values()) yield job;
  }

  /** Makes new jobs, all or none, with what else belongs to it. */
  async create(jobs: readonly Job[], more: readonly Operation[] = []): Promise<void> {
    const operations = jobs.map((job): Operation => ({ action: 'create', path: pathOf(job.id), value: writeJob(job) }));
    this.take(await this.#tree.transact([...operations, ...more]));
  }

  /**
   * Replaces a job by what `change` makes of it, however many others write it meanwhile; `change` answers undefined to leave it.
   * Answers the job as it is then, or undefined when there is none. What else is written with it comes from `more`.
   */
  async update(id: number, change: (job: Job) => Job | undefined, more: () => readonly Operation[] = () => []): Promise<Job | undefined> {
    for (;;) {
      const kept = this.#kept.get(id);
      if (kept === undefined) return undefined;
      const job = change(kept.job);
      if (job === undefined) return kept.job;
      const swap: Operation = { action: 'compare-and-swap', path: pathOf(id), value: writeJob(job), prevIndex: BigInt(kept.index) };
      try {
        this.take(await this.#tree.transact([swap, ...more()]));
        return job;
      } catch (error) {
        if (!(error instanceof KeyFault) || !races.has(error.kind)) throw error;
        await this.#refresh(id);
      }
    }
  }

  /** Removes a job when `mayGo` says so of it as it is then. Answers whether it is gone. */
  async remove(id: number, mayGo: (job: Job) => boolean): Promise<boolean> {
    for (;;) {
      const kept = this.#kept.get(id);
      if (kept === undefined) return true;
      if (!mayGo(kept.job)) return false;
      try {
        this.take(await this.#tree.transact([{ action: 'compare-and-delete', path: pathOf(id), prevIndex: BigInt(kept.index) }]));
        return true;
      } catch (error) {
        if (!(error instanceof KeyFault) || !races.has(error.kind)) throw error;
        await this.#refresh(id);
      }
    }
  }

  /** Takes changes of the tree, once each, whoever made them. */
  take(changes: readonly Change[]): void {
    for (const { node, index, action } of changes) {
      if (!node.path.startsWith(`${folder}/`)) continue;
      const id = Number(nameOf(node.path));
      if (index <= (this.#kept.get(id)?.index ?? this.#gone.get(id) ?? 0)) continue;
      if (action === 'delete' || action === 'compare-and-delete' || action === 'expire') this.#drop(id, index);
      else {
        const before = this.#kept.get(id)?.job;
        const job = readJob(textValue(node));
        this.#keep(job, index);
        this.#listener(job, before);
      }
    }
  }

  /** Reads one job again, past what other servers have written. */
  async #refresh(id: number): Promise<void> {
    const node = await this.#tree.get(pathOf(id), { isLinearizable: true });
    const kept = this.#kept.get(id);
    if (node === undefined) {
      if (kept !== undefined) this.#drop(id, kept.index);
    } else if (kept === undefined || node.modified > kept.index) {
      const job = readJob(textValue(node));
      this.#keep(job, node.modified);
      this.#listener(job, kept?.job);
    }
  }

  /** True of a node that was read before news of its removal came, and is looked at behind it. */
  #isGoneSince({ path, modified }: KeyNode): boolean {
    return (this.#gone.get(Number(nameOf(path))) ?? 0) > modified;
  }

  #keep(job: Job, index: number): void {
    const known = this.#kept.get(job.id);
    if (known !== undefined && known.index >= index) return;
    if (known !== undefined) {
      known.job = job;
      known.index = index;
      return;
    }
    const kept = { job, index };
    this.#kept.set(job.id, kept);
    // Ids rise, so a new one nearly always goes to the end.
    if ((this.#sorted?.at(-1)?.job.id ?? 0) < job.id) this.#sorted?.push(kept);
    else this.#sorted = undefined;
  }

  #drop(id: number, index: number): void {
    const before = this.#kept.get(id)?.job;
    this.#kept.delete(id);
    this.#sorted = undefined;
    this.#gone.set(id, index);
    if (this.#gone.size > 10_000) this.#gone.delete(this.#gone.keys().next().value as number);
    if (before !== undefined) this.#listener(undefined, before);
  }
}

/** Where the jobs are in the tree. */
export const jobsFolder: Path = folder;
const pathOf = (id: number): Path => `${folder}/${formatId(id)}`;
