import { isAway, isOver, type Job, type State } from './job.ts';

type Tally = { ids: Set<number>; away: number; over: number; failed: number };

/** How the children of each array stand. */
export class Arrays {
  readonly #tallies = new Map<number, Tally>();

  /** Takes a change of a child into account. */
  count(job: Job | undefined, before: Job | undefined): void {
    const parent = job?.parent ?? before?.parent;
    if (parent === undefined) return;
    let tally = this.#tallies.get(parent);
    if (tally === undefined) {
      tally = { ids: new Set(), away: 0, over: 0, failed: 0 };
      this.#tallies.set(parent, tally);
    }
    add(tally, before, -1);
    add(tally, job, 1);
    if (job === undefined) tally.ids.delete((before as Job).id);
    else tally.ids.add(job.id);
    if (tally.ids.size === 0) this.#tallies.delete(parent);
  }

  children(parent: number): number[] {
    return [...(this.#tallies.get(parent)?.ids ?? [])].sort((a, b) => a - b);
  }

  /** How many of its children run. */
  away(parent: number): number {
    return this.#tallies.get(parent)?.away ?? 0;
  }

  /** The state of an array, by its children: Running from the first start on, and over when all are. */
  stateOf(parent: number): State | undefined {
    const tally = this.#tallies.get(parent);
    if (tally === undefined) return undefined;
    if (tally.over === tally.ids.size) return tally.failed > 0 ? 'Failed' : 'Done';
    return tally.away > 0 || tally.over > 0 ? 'Running' : 'Queued';
  }

  /** An array with the state that its children give it now; undefined when it has that. */
  settled(array: Job, now: number): Job | undefined {
    const state = this.stateOf(array.id);
    if (state === undefined || state === array.state) return undefined;
    const { outcome: _outcome, ...rest } = array;
    const started = array.started ?? now;
    if (state === 'Done') return { ...rest, state, started, outcome: { cause: 'done', ended: now } };
    if (state === 'Failed') return { ...rest, state, started, outcome: { cause: 'exit', ended: now, note: this.describe(array.id) } };
    return { ...rest, state, started };
  }

  /** In words: `3 of 32 over, 4 running, 1 failed`. */
  describe(parent: number): string {
    const { ids, away, over, failed } = this.#tallies.get(parent) ?? { ids: new Set(), away: 0, over: 0, failed: 0 };
    return `${over} of ${ids.size} over, ${away} running, ${failed} failed`;
  }
}

function add(tally: Tally, job: Job | undefined, sign: 1 | -1): void {
  if (job === undefined) return;
  if (isAway(job)) tally.away += sign;
  if (isOver(job)) tally.over += sign;
  if (job.state === 'Failed') tally.failed += sign;
}
