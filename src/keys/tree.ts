import type { KeyEngine, Reading, ReadOptions, Space } from './engine.ts';
import type { Change } from './tree/change.ts';
import { KeyFault } from './tree/fault.ts';
import type { KeyNode } from './tree/node.ts';
import type { Operation } from './tree/operation.ts';
import type { Path } from './tree/path.ts';
import { type FeedOptions, feedOf } from './watch/feed.ts';
import { WatchHub } from './watch/hub.ts';

/** What a write may ask for besides its value. */
export type WriteOptions = {
  /** Milliseconds until the node ends. */
  ttl?: number;
};

/** What the node must still be for a write to happen; one of both at least. */
export type Expected = { index?: number; value?: string };

/**
 * One space of the key store as the rooms use it: text in, text out. Every write is durable when it resolves; every fault
 * is a `KeyFault`, and reading what is not there answers undefined.
 */
export class Tree {
  readonly #engine: KeyEngine;
  readonly #space: Space;
  #hub: WatchHub | undefined;

  /** With a hub it shares that one's watchers; without, it has its own from the first watch on. */
  constructor(engine: KeyEngine, space: Space, hub?: WatchHub) {
    this.#engine = engine;
    this.#space = space;
    this.#hub = hub;
  }

  /** The node, or undefined when there is none. */
  async get(path: Path, options?: ReadOptions): Promise<KeyNode | undefined> {
    return (await this.#read(path, options))?.node;
  }

  /** The children of a directory (or all that lies below it), and the index at which they were seen. */
  async list(path: Path, reach: 'children' | 'subtree' = 'children'): Promise<Pick<Reading, 'index' | 'below'>> {
    const reading = await this.#read(path, { reach });
    return reading ?? { index: this.#engine.followed(this.#space), below: [] };
  }

  /** The children of a directory in byte order, in pages of at most `size`, each as it was at a moment of its own. */
  async *pages(path: Path, size: number): AsyncGenerator<readonly KeyNode[]> {
    for (let behind: Path | undefined; ; ) {
      const below = (await this.#read(path, { reach: 'children', page: { behind, limit: size } }))?.below ?? [];
      if (below.length > 0) yield below;
      if (below.length < size) return;
      behind = below.at(-1)?.path;
    }
  }

  /** Makes or replaces a file. */
  async set(path: Path, value: string, options: WriteOptions = {}): Promise<Change> {
    return await this.#write({ action: 'set', path, value: Buffer.from(value), ...options });
  }

  /** Makes a file; fails with `exists` when there is one. */
  async create(path: Path, value: string, options: WriteOptions = {}): Promise<Change> {
    return await this.#write({ action: 'create', path, value: Buffer.from(value), ...options });
  }

  /** Makes a child of the directory, named by its index in twenty digits. */
  async createInOrder(path: Path, value: string, options: WriteOptions = {}): Promise<Change> {
    return await this.#write({ action: 'create-in-order', path, value: Buffer.from(value), ...options });
  }

  /** Writes a file only when it still is as expected; else fails with `compare-failed`, or `not-found`. */
  async compareAndSwap(path: Path, expected: Expected, value: string, options: WriteOptions = {}): Promise<Change> {
    return await this.#write({ action: 'compare-and-swap', path, value: Buffer.from(value), ...comparing(expected), ...options });
  }

  /** Deletes a file only when it still is as expected. */
  async compareAndDelete(path: Path, expected: Expected): Promise<Change> {
    return await this.#write({ action: 'compare-and-delete', path, ...comparing(expected) });
  }

  /** Deletes a file, or with `isRecursive` a directory and all that is in it. */
  async delete(path: Path, isRecursive = false): Promise<Change> {
    return await this.#write({ action: 'delete', path, isRecursive });
  }

  /** Does all operations or none: each sees what those before it did. */
  async transact(operations: readonly Operation[]): Promise<readonly Change[]> {
    return await this.#engine.write(this.#space, operations);
  }

  /**
   * The changes at a path (and below it, when asked), in order and without gaps, from `from` on or from now. Ends with the signal.
   * Fails with `history-cleared` when `from` is no longer kept: list anew, and watch from the index of that list.
   */
  watch(path: Path, options: FeedOptions = {}): AsyncIterable<Change> {
    this.#hub ??= this.#ownHub();
    return feedOf({ hub: this.#hub, engine: this.#engine, space: this.#space }, path, options);
  }

  #ownHub(): WatchHub {
    const hub = new WatchHub({ engine: this.#engine, space: this.#space, limit: 1000, now: Date.now }, 1);
    hub.start();
    return hub;
  }

  /** Tells of every change of the space from now on, in order; the function that is answered ends it. */
  follow(listener: (changes: readonly Change[]) => void): () => void {
    return this.#engine.follow(this.#space, listener);
  }

  async #read(path: Path, options?: ReadOptions): Promise<Reading | undefined> {
    try {
      return await this.#engine.read(this.#space, path, options);
    } catch (error) {
      if (error instanceof KeyFault && (error.kind === 'not-found' || error.kind === 'not-directory')) return undefined;
      throw error;
    }
  }

  async #write(operation: Operation): Promise<Change> {
    const [change] = await this.#engine.write(this.#space, [operation]);
    if (change === undefined) throw new Error('an engine answered a write without a change');
    return change;
  }
}

/** The value of a file as text. */
export const textValue = ({ value }: KeyNode): string => Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');

const comparing = ({ index, value }: Expected): Pick<Operation, 'prevIndex' | 'prevValue'> => ({
  ...(index === undefined ? {} : { prevIndex: BigInt(index) }),
  ...(value === undefined ? {} : { prevValue: Buffer.from(value) }),
});
