import { type Change, KeyFault, type KeyNode, nameOf, type Path, type Tree, textValue } from '../keys/index.ts';

/** What a mirror holds of one file. */
export type Kept<T> = { readonly value: T /** Index of its last write: what a compare-and-swap expects. */; readonly index: number };

/**
 * A directory of small JSON files in the key tree, held in memory as well: reading costs nothing, writing goes to the tree,
 * and what other servers on the same cluster write arrives by the tree's feed.
 */
export class Mirror<T> {
  readonly #tree: Tree;
  readonly #dir: Path;
  readonly #files = new Map<string, Kept<T>>();
  /** Index of the last write seen of each name, so that old news never undoes new. */
  readonly #seen = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #unfollow: (() => void) | undefined;

  constructor(tree: Tree, dir: Path) {
    this.#tree = tree;
    this.#dir = dir;
  }

  /** Reads what is there and follows what comes. */
  async start(): Promise<void> {
    this.#unfollow = this.#tree.follow((changes) => {
      for (const change of changes) this.#take(change);
    });
    await this.reload();
  }

  /** Reads the directory again, past all that other servers have written. */
  async reload(): Promise<void> {
    const { below, index } = await this.#tree.list(this.#dir);
    const names = new Set(below.map((node) => nameOf(node.path)));
    for (const name of this.#files.keys()) if (!names.has(name) && (this.#seen.get(name) ?? 0) <= index) this.#files.delete(name);
    for (const node of below) this.#keep(node, node.modified);
  }

  stop(): void {
    this.#unfollow?.();
  }

  get size(): number {
    return this.#files.size;
  }

  get(name: string): Kept<T> | undefined {
    return this.#files.get(name);
  }

  entries(): IterableIterator<[string, Kept<T>]> {
    return this.#files.entries();
  }

  values(): T[] {
    return [...this.#files.values()].map(({ value }) => value);
  }

  /** Calls back after each change, whoever made it. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  pathOf(name: string): Path {
    return `${this.#dir}/${name}`;
  }

  /** Makes or replaces a file; `ttl` in milliseconds. */
  async set(name: string, value: T, ttl?: number): Promise<void> {
    this.#take(await this.#tree.set(this.pathOf(name), JSON.stringify(value), ttl === undefined ? {} : { ttl }));
  }

  /** Makes a file; fails with the fault `exists`. */
  async create(name: string, value: T, ttl?: number): Promise<void> {
    this.#take(await this.#tree.create(this.pathOf(name), JSON.stringify(value), ttl === undefined ? {} : { ttl }));
  }

  /**
   * Replaces a file by what `change` makes of it, however many others write it meanwhile; answers the new value, or undefined
   * when there is no such file. What `change` throws goes through.
   */
  async update(name: string, change: (value: T) => T): Promise<T | undefined> {
    for (;;) {
      const kept = this.#files.get(name);
      if (kept === undefined) return undefined;
      const value = change(kept.value);
      try {
        this.#take(await this.#tree.compareAndSwap(this.pathOf(name), { index: kept.index }, JSON.stringify(value)));
        return value;
      } catch (error) {
        if (!(error instanceof KeyFault) || (error.kind !== 'compare-failed' && error.kind !== 'not-found')) throw error;
        await this.#refresh(name);
      }
    }
  }

  /** Removes a file; answers whether there was one. */
  async remove(name: string): Promise<boolean> {
    try {
      this.#take(await this.#tree.delete(this.pathOf(name)));
      return true;
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'not-found') return false;
      throw error;
    }
  }

  /** Takes changes that were made by `Tree.transact` rather than by this mirror. */
  take(changes: readonly Change[]): void {
    for (const change of changes) this.#take(change);
  }

  async #refresh(name: string): Promise<void> {
    const node = await this.#tree.get(this.pathOf(name), { isLinearizable: true });
    if (node === undefined) this.#files.delete(name);
    else this.#keep(node, node.modified);
  }

  #take(change: Change): void {
    const { node, index } = change;
    if (!node.path.startsWith(`${this.#dir}/`) || index <= (this.#seen.get(nameOf(node.path)) ?? 0)) return;
    const isGone = change.action === 'delete' || change.action === 'compare-and-delete' || change.action === 'expire';
    if (isGone) {
      this.#files.delete(nameOf(node.path));
      this.#seen.set(nameOf(node.path), index);
    } else this.#keep(node, index);
    for (const listener of this.#listeners) listener();
  }

  #keep(node: KeyNode, index: number): void {
    const name = nameOf(node.path);
    if (node.isDir || index < (this.#seen.get(name) ?? 0)) return;
    this.#seen.set(name, index);
    this.#files.set(name, { value: JSON.parse(textValue(node)) as T, index: node.modified });
  }
}
