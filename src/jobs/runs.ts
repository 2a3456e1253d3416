import { isAway, type Job } from './job.ts';
import { runName } from './lives.ts';
import type { Place, Pool } from './pool.ts';

type Use = { group: string; cores: number; since: number };

/** A run of this server that is under way, and the place that it has. Times are milliseconds since 1970 UTC. */
export type OwnRun = Use & {
  id: number;
  place: Place;
  startedAt?: number;
  /** It has ended, which is not on record yet: its place is free. */
  isOver?: true;
  /** Why a back end that queues by itself lets it wait. */
  words?: string;
};

/** What runs: on this server, with what it takes of the pool, and on other servers of the same tree, whose groups have had that much. */
export class Runs {
  readonly #pool: Pool | undefined;
  readonly #own = new Map<string, OwnRun>();
  readonly #elsewhere = new Map<number, Use & { server: string }>();

  constructor(pool: Pool | undefined) {
    this.#pool = pool;
  }

  get size(): number {
    return this.#own.size;
  }

  get(name: string): OwnRun | undefined {
    return this.#own.get(name);
  }

  names(): ReadonlySet<string> {
    return new Set(this.#own.keys());
  }

  /** A run whose place is taken already. */
  add(name: string, job: Pick<Job, 'id' | 'group'>, place: Place, since: number): void {
    this.#own.set(name, { id: job.id, group: job.group, place, cores: place.takes.CORES ?? 0, since });
  }

  /** A run that an earlier server has started. */
  adopt(job: Job, now: number): void {
    const place = { host: job.host ?? '', takes: job.grabbed ?? {} };
    this.#pool?.take(place);
    this.add(runName(job), job, place, job.started ?? now);
  }

  /** Its processes are gone, so the next may have its place: that need not wait until its end is on the disk. False when it was so before. */
  vacate(name: string): boolean {
    const run = this.#own.get(name);
    if (run === undefined || run.isOver) return false;
    run.isOver = true;
    this.#pool?.give(run.place);
    return true;
  }

  remove(name: string): void {
    this.vacate(name);
    this.#own.delete(name);
  }

  /** Takes note of a job that another server has, or has no more. */
  countElsewhere(id: number, job: Job | undefined, own: string): void {
    const { server } = job ?? {};
    if (job !== undefined && isAway(job) && server !== undefined && server !== own)
      this.#elsewhere.set(id, { server, group: job.group, cores: job.grabbed?.CORES ?? 0, since: job.started ?? job.queued });
    else this.#elsewhere.delete(id);
  }

  /** Jobs that other servers have, with the names of those. */
  *elsewhere(): Generator<{ id: number; server: string }> {
    for (const [id, { server }] of this.#elsewhere) yield { id, server };
  }

  /** Core-seconds of what a group has under way; each counts a second at least, so that of two idle groups both get a turn. */
  useOf(group: string, now: number): number {
    let use = 0;
    const count = (run: Use & { isOver?: true }) => {
      if (run.group === group && run.isOver === undefined) use += run.cores * (1 + Math.max(0, now - run.since) / 1000);
    };
    for (const run of this.#own.values()) count(run);
    for (const run of this.#elsewhere.values()) count(run);
    return use;
  }
}
