/**
 * The history of one space in LMDB. The changes that one batch made are one entry, as they stand in the log's record (`record.ts`), under
 * the index of the first: an entry for each change would double the cost of a write. An entry goes when its last change is too old, so
 * some more may lie there than are told of.
 */
import type { Change } from '../tree/change.ts';
import { eventKey, indexInKey, type Layout } from './layout.ts';
import type { Limits } from './limits.ts';
import { changesIn } from './record.ts';
import type { SpaceState } from './state.ts';

/** The changes kept from an index on, at most `limit`, as the current snapshot has them. */
export function changesFrom({ events }: Layout, ordinal: number, from: number, limit: number): Change[] {
  const found: Change[] = [];
  if (limit <= 0) return found;
  const [first] = events.getKeys({ start: eventKey(ordinal, from), end: eventKey(ordinal, 0), reverse: true, limit: 1 });
  const range = { start: first ?? eventKey(ordinal, from), end: eventKey(ordinal + 1, 0) };
  for (const { value } of events.getRange(range)) {
    for (const change of changesIn(value)) {
      if (change.index < from) continue;
      found.push(change);
      if (found.length >= limit) return found;
    }
  }
  return found;
}

/** Writes the history of a space, within the transactions of its store. */
export class HistoryWriter {
  readonly #layout: Layout;
  readonly #ordinal: number;
  readonly #limits: Limits;
  /** The entries, the oldest first. */
  readonly #entries: { first: number; length: number }[] = [];

  constructor(layout: Layout, ordinal: number, limits: Limits) {
    this.#layout = layout;
    this.#ordinal = ordinal;
    this.#limits = limits;
    this.reload();
  }

  /** Forgets what an aborted transaction did. */
  reload(): void {
    const range = { start: eventKey(this.#ordinal, 0), end: eventKey(this.#ordinal + 1, 0) };
    this.#entries.length = 0;
    for (const { key, value } of this.#layout.events.getRange(range)) this.#entries.push({ first: indexInKey(key), length: value.length });
  }

  /** Adds the changes from an index to that of the space, and drops what is too old. */
  add(first: number, changes: Buffer, space: SpaceState): void {
    this.#layout.events.put(eventKey(this.#ordinal, first), changes);
    this.#entries.push({ first, length: changes.length });
    space.historyBytes += changes.length;
    space.oldest = Math.max(space.oldest, space.index - this.#limits.history + 1);
    for (let second = this.#entries[1]; second !== undefined; second = this.#entries[1]) {
      if (second.first > space.oldest && space.historyBytes <= this.#limits.historyBytes) return;
      this.#drop(space);
      space.oldest = Math.max(space.oldest, second.first);
    }
  }

  #drop(space: SpaceState): void {
    const gone = this.#entries.shift();
    if (gone === undefined) return;
    this.#layout.events.remove(eventKey(this.#ordinal, gone.first));
    space.historyBytes -= gone.length;
  }
}
