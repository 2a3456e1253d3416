/**
 * Tells watchers of changes, by the rules of etcd's v2 API. Watchers stand in a tree of their paths, so that a change
 * finds those at its path and above it by walking its own names, however many there are elsewhere.
 */
import type { KeyEngine, Space } from '../engine.ts';
import { type Change, isRemoval } from '../tree/change.ts';
import { KeyFault } from '../tree/fault.ts';
import { isBelow, type Path, root } from '../tree/path.ts';
import { Branch } from './branch.ts';
import { Occasion } from './occasion.ts';
import type { Watcher } from './watcher.ts';

export type WatchHubOptions = {
  engine: Pick<KeyEngine, 'follow' | 'followed' | 'read' | 'history'>;
  space: Space;
  /** Watchers at once. */
  limit: number;
  now(): number;
  /** Told of the number of watchers whenever it changes. */
  onCount?(count: number): void;
};

export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #root = new Branch(root, undefined);
  readonly #arrivals: Arrivals;
  #count = 0;
  #unfollow: (() => void) | undefined;

  constructor(options: WatchHubOptions, historyKept: number) {
    this.#options = options;
    this.#arrivals = new Arrivals(historyKept);
  }

  /** Watchers now. */
  get count(): number {
    return this.#count;
  }

  /** The index up to which watchers have been told. */
  get index(): number {
    return this.#options.engine.followed(this.#options.space);
  }

  /** Begins to follow the engine. */
  start(): void {
    const { engine, space } = this.#options;
    this.#unfollow = engine.follow(
      space,
      (changes) => this.#tell(changes),
      (reason) => this.endAll(reason),
    );
  }

  /** Ends every watcher, and follows no more. */
  stop(): void {
    this.#unfollow?.();
    this.endAll('the server stops');
  }

  /** Ends every watcher with a reason. */
  endAll(reason: string): void {
    const ended: Watcher[] = [];
    const take = (branch: Branch): void => {
      for (const child of branch.children.values()) take(child);
      ended.push(...branch.watchers);
      branch.watchers.clear();
    };
    take(this.#root);
    this.#root.children.clear();
    this.#setCount(0);
    for (const watcher of ended) watcher.end(reason);
  }

  /**
   * Adds a watcher, which is told of every change after `index`; the function that is answered removes it. Fails with
   * `too-large` when there are as many as there may be.
   */
  add(path: Path, watcher: Watcher): () => void {
    const { limit } = this.#options;
    if (this.#count >= limit) throw new KeyFault('too-large', `too many watchers (keys.limits.watchers is ${limit})`, 0);
    const branch = this.#root.reach(path);
    branch.watchers.add(watcher);
    this.#setCount(this.#count + 1);
    return () => this.#remove(branch, watcher);
  }

  /** Looks whether there is a node at a watched path, for the rule of removed directories; answers the index of that moment. */
  async look(path: Path): Promise<number> {
    const { engine, space } = this.#options;
    const { index, isThere } = await engine.read(space, path).then(
      (reading) => ({ index: reading.index, isThere: true }),
      (error: unknown) => {
        if (error instanceof KeyFault && error.kind !== 'unavailable') return { index: error.index, isThere: false };
        throw error;
      },
    );
    const branch = this.#root.alongside(path).at(-1);
    // A change that came meanwhile has told it already.
    if (branch?.path === path) branch.isThere ??= isThere;
    return index;
  }

  /** When a change came by here, as far as that is remembered. */
  arrivalOf(index: number): number | undefined {
    return this.#arrivals.at(index);
  }

  #setCount(count: number): void {
    this.#count = count;
    this.#options.onCount?.(count);
  }

  #remove(branch: Branch, watcher: Watcher): void {
    if (!branch.watchers.delete(watcher)) return;
    this.#setCount(this.#count - 1);
    // Nobody keeps what is known of a path that is not watched.
    if (branch.watchers.size === 0) branch.isThere = undefined;
    branch.prune();
  }

  #tell(changes: readonly Change[]): void {
    const at = this.#options.now();
    for (const change of changes) {
      this.#arrivals.note(change.index, at);
      if (this.#count > 0) this.#notify(new Occasion(change, at));
    }
  }

  #notify(occasion: Occasion): void {
    const { change } = occasion;
    const { path, isDir } = change.node;
    const way = this.#root.alongside(path);
    const last = way.at(-1) as Branch;
    const exact = last.path === path ? last : undefined;
    const isGone = isRemoval(change);
    if (isGone && exact !== undefined) {
      if (isDir) for (const child of exact.children.values()) this.#notifyBelow(child, occasion);
      // Told as one of the removed nodes, and below once more as the node of the change: streams see it twice, as etcd has it.
      this.#deliver(exact, occasion, true);
    }
    if (!change.isSilent)
      for (const branch of way) if (branch === exact || !isHiddenFrom(branch.path, path)) this.#deliver(branch, occasion, branch === exact);
    for (const branch of way) branch.isThere = branch === exact ? !isGone : true;
  }

  /** Those that watched what went with a directory, the deepest first. */
  #notifyBelow(branch: Branch, occasion: Occasion): void {
    for (const child of branch.children.values()) this.#notifyBelow(child, occasion);
    if (branch.isThere === true) this.#deliver(branch, occasion, true);
    branch.isThere = false;
  }

  #deliver(branch: Branch, occasion: Occasion, isMeant: boolean): void {
    if (branch.watchers.size === 0) return;
    for (const watcher of branch.watchers) {
      if (!(watcher.isRecursive || isMeant) || occasion.change.index < watcher.since) continue;
      if (!watcher.isStream) this.#remove(branch, watcher);
      watcher.deliver(occasion);
    }
  }
}

/** True when a name below the watched path begins with an underscore: such a change is not told from above. */
const isHiddenFrom = (watched: Path, path: Path): boolean => path.includes('/_', watched === root ? 0 : watched.length);

/** Whether a kept change answers a watcher that comes back for it; looser than the live rules, as etcd's history is. */
export function isRemembered(change: Change, path: Path, isRecursive: boolean): boolean {
  if (change.isSilent) return false;
  const { path: at } = change.node;
  if (at === path || (isRecursive && isBelow(at, path))) return true;
  const isRemovedDir = (change.action === 'delete' || change.action === 'expire') && change.prev?.isDir === true;
  return isRemovedDir && path.startsWith(at);
}

/** The times at which the last changes came. */
class Arrivals {
  readonly #indexes: Float64Array;
  readonly #times: Float64Array;

  constructor(kept: number) {
    this.#indexes = new Float64Array(kept);
    this.#times = new Float64Array(kept);
  }

  note(index: number, time: number): void {
    const slot = index % this.#indexes.length;
    this.#indexes[slot] = index;
    this.#times[slot] = time;
  }

  at(index: number): number | undefined {
    const slot = index % this.#indexes.length;
    return this.#indexes[slot] === index ? this.#times[slot] : undefined;
  }
}
