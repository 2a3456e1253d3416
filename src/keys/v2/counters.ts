/** What `/v2/stats/store` counts: successes and failures of each kind of request, since the start. */
import type { Change } from '../tree/change.ts';
import type { Operation } from '../tree/operation.ts';

/** The names, in the order of the answer. */
export const counterNames = [
  'getsSuccess',
  'getsFail',
  'setsSuccess',
  'setsFail',
  'deleteSuccess',
  'deleteFail',
  'updateSuccess',
  'updateFail',
  'createSuccess',
  'createFail',
  'compareAndSwapSuccess',
  'compareAndSwapFail',
  'compareAndDeleteSuccess',
  'compareAndDeleteFail',
  'expireCount',
  'watchers',
] as const;

export type CounterName = (typeof counterNames)[number];

const kinds: Record<Operation['action'] | 'get', CounterName> = {
  get: 'getsSuccess',
  set: 'setsSuccess',
  delete: 'deleteSuccess',
  update: 'updateSuccess',
  create: 'createSuccess',
  'create-in-order': 'createSuccess',
  'compare-and-swap': 'compareAndSwapSuccess',
  'compare-and-delete': 'compareAndDeleteSuccess',
  expire: 'expireCount',
};
const slots = Object.fromEntries(Object.entries(kinds).map(([kind, name]) => [kind, counterNames.indexOf(name)])) as Record<
  Operation['action'] | 'get',
  number
>;
const expired = counterNames.indexOf('expireCount');
const watching = counterNames.indexOf('watchers');

/** Memory for the counters of several threads: each writes its own row, and whoever is asked adds them up. */
export const counterMemory = (threads: number): SharedArrayBuffer => new SharedArrayBuffer(threads * counterNames.length * 8);

export class Counters {
  readonly #all: Float64Array;
  readonly #own: Float64Array;

  constructor(memory: SharedArrayBuffer, thread = 0) {
    this.#all = new Float64Array(memory);
    this.#own = this.#all.subarray(thread * counterNames.length, (thread + 1) * counterNames.length);
  }

  succeeded(action: Operation['action'] | 'get'): void {
    this.#add(slots[action], 1);
  }

  failed(action: Operation['action'] | 'get'): void {
    this.#add(slots[action] + 1, 1);
  }

  /** Counts what ended by itself; to be called by one thread only. */
  countExpired(changes: readonly Change[]): void {
    for (const { action } of changes) if (action === 'expire') this.#add(expired, 1);
  }

  setWatchers(count: number): void {
    this.#own[watching] = count;
  }

  /** The sums over all threads. */
  sums(): Record<CounterName, number> {
    const sums = Object.fromEntries(counterNames.map((name) => [name, 0])) as Record<CounterName, number>;
    this.#all.forEach((value, at) => {
      sums[counterNames[at % counterNames.length] as CounterName] += value;
    });
    return sums;
  }

  #add(slot: number, amount: number): void {
    this.#own[slot] = (this.#own[slot] ?? 0) + amount;
  }
}
