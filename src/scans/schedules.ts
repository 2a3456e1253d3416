import { randomText } from '../core/ids.ts';
import { Problem } from '../core/problem.ts';
import { Mirror, onKeys, type Tree } from '../keys/index.ts';
import { nextStart, type Schedule } from './schedule.ts';

const place = '/scans/schedules';
const tickMs = 500;

/** What the schedules need: how many there may be, the time, and who runs one. `run` answers the id of the scan, or nothing. */
export type SchedulesNeeds = { most: number; now(): number; run(schedule: Schedule): Promise<number | undefined> };

/**
 * Scans that come again and again, kept in the key tree. Of several servers on one tree the one that moves the next start in time runs
 * the scan: each start belongs to one of them.
 */
export class Schedules {
  readonly #needs: SchedulesNeeds;
  readonly #kept: Mirror<Schedule>;
  #ticking: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(tree: Tree, needs: SchedulesNeeds) {
    this.#needs = needs;
    this.#kept = new Mirror(tree, place);
  }

  /** Reads them; runs them only where scans are run. */
  async start(isRunning: boolean): Promise<void> {
    await this.#kept.start();
    if (isRunning) this.#ticking = setInterval(() => void this.#tick(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#ticking);
    this.#kept.stop();
  }

  /** All of them, by the moment they were made. */
  all(): Schedule[] {
    return this.#kept.values().sort((a, b) => a.made - b.made || a.id.localeCompare(b.id));
  }

  find(id: string): Schedule | undefined {
    return this.#kept.get(id)?.value;
  }

  /** A schedule; throws `not-found`. */
  get(id: string): Schedule {
    const schedule = this.find(id);
    if (schedule === undefined) throw new Problem('not-found', `There is no schedule ${id}.`);
    return schedule;
  }

  async add(schedule: Omit<Schedule, 'id' | 'made' | 'next'>): Promise<Schedule> {
    const { most, now } = this.#needs;
    if (this.#kept.size >= most)
      throw new Problem('conflict', `There are ${most} schedules at most.`, { hint: 'the setting scans.schedules' });
    const made: Schedule = { id: randomText(8), ...schedule, made: now(), next: now() };
    await onKeys(place, () => this.#kept.create(made.id, made));
    return made;
  }

  async remove(id: string): Promise<void> {
    this.get(id);
    await onKeys(place, () => this.#kept.remove(id));
  }

  /** Notes that a scan of a schedule has come to its end. */
  async finished(id: string, scan: number): Promise<void> {
    await onKeys(place, () => this.#kept.update(id, (schedule) => ({ ...schedule, lastDone: scan })));
  }

  async #tick(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const schedule of this.all()) if (schedule.next <= this.#needs.now()) await this.#begin(schedule);
    } catch {
      // The key store is away for a moment: the start is still due at the next tick.
    } finally {
      this.#isBusy = false;
    }
  }

  async #begin({ id, next }: Schedule): Promise<void> {
    let isOurs = false;
    const moved = await this.#kept.update(id, (schedule) => {
      isOurs = schedule.next === next;
      return isOurs ? { ...schedule, next: nextStart(schedule, this.#needs.now()) } : schedule;
    });
    if (!isOurs || moved === undefined) return;
    const last = await this.#needs.run(moved);
    if (last !== undefined) await this.#kept.update(id, (schedule) => ({ ...schedule, last }));
  }
}
