import { type Change, isRemoval } from './tree/change.ts';
import { KeyFault } from './tree/fault.ts';
import type { KeyNode } from './tree/node.ts';
import { isBelow, nameOf, type Path } from './tree/path.ts';
import { type Tree, textValue } from './tree.ts';

/** What a mirror holds of one file. */
export type Kept<T> = { readonly value: T /** Index of its last write: what a compare-and-swap expects. */; readonly index: number };

/** What a write finds when somebody else was faster. */
const races: ReadonlySet<string> = new Set(['compare-failed', 'not-found', 'exists']);

/** Names that are gone, of which the last write is still remembered: news of other servers is late by less than this many. */
const rememberedNames = 10_000;

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
    // What lies deeper is never seen here, and a write would be repeated for ever.
    if (name.includes('/')) throw new Error(`${name} is no name of a file`);
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
   * when there is no such file. What `change` throws goes through. Without `ttlOf` (milliseconds) the file stays for ever.
   */
  async update(name: string, change: (value: T) => T, ttlOf?: (value: T) => number): Promise<T | undefined> {
    for (;;) {
      const kept = this.#files.get(name);
      if (kept === undefined) return undefined;
      const value = change(kept.value);
      if (await this.#replace(name, kept, value, ttlOf?.(value))) return value;
    }
  }

  /** As `update`, but makes the file where there is none: `change` is then given undefined. */
  async put(name: string, change: (value: T | undefined) => T, ttlOf?: (value: T) => number): Promise<T> {
    for (;;) {
      const kept = this.#files.get(name);
      const value = change(kept?.value);
      if (await this.#replace(name, kept, value, ttlOf?.(value))) return value;
    }
  }

  /** Writes where nobody else has since `kept` was read; answers whether it did, and has read the file again if not. */
  async #replace(name: string, kept: Kept<T> | undefined, value: T, ttl: number | undefined): Promise<boolean> {
    const text = JSON.stringify(value);
    const options = ttl === undefined ? {} : { ttl };
    try {
      const path = this.pathOf(name);
      if (kept === undefined) this.#take(await this.#tree.create(path, text, options));
      else this.#take(await this.#tree.compareAndSwap(path, { index: kept.index }, text, options));
      return true;
    } catch (error) {
      if (!(error instanceof KeyFault) || !races.has(error.kind)) throw error;
      await this.#refresh(name);
      return false;
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
    if (isRemoval(change) && (node.path === this.#dir || isBelow(this.#dir, node.path))) this.#clear(index);
    if (!node.path.startsWith(`${this.#dir}/`) || index <= (this.#seen.get(nameOf(node.path)) ?? 0)) return;
    if (isRemoval(change)) {
      this.#files.delete(nameOf(node.path));
      this.#forgetOldest();
      this.#seen.delete(nameOf(node.path)); // set again: it becomes the youngest
      this.#seen.set(nameOf(node.path), index);
    } else this.#keep(node, index);
    for (const listener of this.#listeners) listener();
  }

  /** The directory went, with all that was in it. */
  #clear(index: number): void {
    for (const [name, { index: written }] of this.#files) if (written < index) this.#files.delete(name);
    for (const listener of this.#listeners) listener();
  }

  #forgetOldest(): void {
    if (this.#seen.size < this.#files.size + rememberedNames) return;
    for (const name of this.#seen.keys()) {
      if (this.#files.has(name)) continue;
      this.#seen.delete(name);
      return;
    }
  }

  #keep(node: KeyNode, index: number): void {
    const name = nameOf(node.path);
    if (node.isDir || index < (this.#seen.get(name) ?? 0)) return;
    this.#seen.set(name, index);
    this.#files.set(name, { value: JSON.parse(textValue(node)) as T, index: node.modified });
  }
}
