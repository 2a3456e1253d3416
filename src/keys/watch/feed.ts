/** Changes for the rooms of the house: all of them, once each, from a point in the past on if they like. */
import type { KeyEngine, Space } from '../engine.ts';
import { type Change, isRemoval } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import { isBelow, type Path } from '../tree/path.ts';
import type { WatchHub } from './hub.ts';
import type { Occasion } from './occasion.ts';
import type { Watcher } from './watcher.ts';

/** What a room watches. */
export type FeedOptions = {
  /** The first index of interest; those that are kept come first. Absent: from now on. */
  from?: number;
  /** Wants what happens below the path, too. */
  isRecursive?: boolean;
  /** Ends the feed. */
  signal?: AbortSignal;
};

/** Where a room's changes come from. */
export type FeedSource = { hub: WatchHub; engine: Pick<KeyEngine, 'history'>; space: Space };

/** Changes that a room may be behind: it holds them in memory. */
const backlog = 10_000;

/** Index of the first write in a fresh store; what is before it was never there to be cleared. */
const firstIndex = 4;

/**
 * The changes at a path, in order and without gaps, refreshes left out; a removed directory is told to those below it. Ends with
 * the signal. Fails with `history-cleared` when `from` is no longer kept, and with `unavailable` when the room does not keep up
 * or the engine's feed breaks.
 */
export async function* feedOf(source: FeedSource, path: Path, options: FeedOptions = {}): AsyncGenerator<Change, void, undefined> {
  const { signal } = options;
  if (signal?.aborted === true) return;
  const { hub } = source;
  const feed = new Feed(options.isRecursive === true);
  const followed = hub.index;
  feed.since = followed + 1;
  const remove = hub.add(path, feed);
  const stop = () => feed.stop();
  signal?.addEventListener('abort', stop);
  try {
    await hub.look(path);
    if (options.from !== undefined && options.from > followed) feed.since = options.from;
    else if (options.from !== undefined) yield* past(source, { path, from: options.from, to: followed, isRecursive: feed.isRecursive });
    yield* feed.changes();
  } finally {
    signal?.removeEventListener('abort', stop);
    remove();
  }
}

type Past = { path: Path; from: number; to: number; isRecursive: boolean };

async function* past({ engine, space }: FeedSource, { path, from, to, isRecursive }: Past): AsyncGenerator<Change, void, undefined> {
  const { oldest, changes, index } = await engine.history(space, from);
  if (from < oldest && oldest > firstIndex)
    throw new KeyFault('history-cleared', `the requested history has been cleared [${oldest}/${from}]`, index);
  for (const change of changes) if (change.index <= to && concerns(change, path, isRecursive)) yield change;
}

function concerns(change: Change, path: Path, isRecursive: boolean): boolean {
  const at = change.node.path;
  if (change.isSilent) return false;
  return at === path || (isRecursive && isBelow(at, path)) || (isRemoval(change) && change.node.isDir && isBelow(path, at));
}

class Feed implements Watcher {
  readonly isRecursive: boolean;
  readonly isStream = true;
  since = 0;
  readonly #waiting: Change[] = [];
  #last = 0;
  #fault: KeyFault | undefined;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(isRecursive: boolean) {
    this.isRecursive = isRecursive;
  }

  deliver({ change }: Occasion): void {
    // The hub tells streams of a removed node twice, as etcd does; nobody in the house wants that.
    if (change.index <= this.#last) return;
    this.#last = change.index;
    if (this.#waiting.length < backlog) this.#waiting.push(change);
    else this.end(`a room is more than ${backlog} changes behind`);
    this.#wake();
  }

  end(reason: string): void {
    this.#fault ??= new KeyFault('unavailable', reason, this.#last);
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  async *changes(): AsyncGenerator<Change, void, undefined> {
    while (!this.#isStopped) {
      const change = this.#waiting.shift();
      if (change !== undefined && change.index >= this.since) yield change;
      if (change !== undefined) continue;
      if (this.#fault !== undefined) throw this.#fault;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
