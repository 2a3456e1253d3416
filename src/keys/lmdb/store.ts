import { applyChange, type Change, type NodeStore, storedNode } from '../tree/change.ts';
import { encodeNode } from '../tree/codec.ts';
import type { KeyNode } from '../tree/node.ts';
import { depthOf, type Path } from '../tree/path.ts';
import type { TreeView } from '../tree/view.ts';
import { CommitSignal } from './commit-signal.ts';
import { HistoryWriter } from './history.ts';
import { deadlineIn, deadlineKey, type Layout, levelRange, nodeKey, openLayout, pathIn } from './layout.ts';
import type { Limits } from './limits.ts';
import { childPaths, nodeAt } from './nodes.ts';
import { changesOf, changesOfSpace, entriesAt, firstIndexOf, headAt } from './record.ts';
import { decodeState, encodeState, type SpaceState, type State, stateKey } from './state.ts';

/** How many nodes of a removed directory are held at once. */
const removedAtOnce = 1000;

/** Directories of a space that are known without asking LMDB. */
const dirsKnown = 4096;

/** A node whose time has come. */
export type Due = { ordinal: number; path: Path };

/** The trees in LMDB, as the one thread that writes them sees them. Nothing here is durable before `sync`: that is the log's task. */
export class Store {
  readonly file: string;
  readonly #layout: Layout;
  readonly #signal: CommitSignal;
  readonly #trees: readonly StoredTree[];
  readonly #histories: readonly HistoryWriter[];
  #state: State;

  constructor(file: string, limits: Limits, signal: CommitSignal = new CommitSignal()) {
    this.file = file;
    this.#signal = signal;
    this.#layout = openLayout(file);
    this.#state = this.#loadState();
    this.#trees = this.#state.spaces.map((_, ordinal) => new StoredTree(this.#layout, ordinal));
    this.#histories = this.#state.spaces.map((_, ordinal) => new HistoryWriter(this.#layout, ordinal, limits));
  }

  /** How far the store is. Inside of a transaction: with what the transaction did. */
  get state(): State {
    return this.#state;
  }

  view(ordinal: number): TreeView {
    return this.#tree(ordinal);
  }

  /** Does all of the work or, when it throws, none; readers see it when this returns. */
  transact<T>(work: () => T): T {
    try {
      return this.#layout.root.transactionSync(() => {
        const result = work();
        this.#signal.begin();
        return result;
      });
    } catch (error) {
      this.#state = this.#loadState();
      for (const tree of this.#trees) tree.forget();
      for (const history of this.#histories) history.reload();
      throw error;
    } finally {
      this.#signal.end();
    }
  }

  /** Index of a space, behind what the open transaction did. */
  indexOf(ordinal: number): number {
    return this.#space(ordinal).index;
  }

  /** Applies a change within a transaction. */
  apply(ordinal: number, change: Change): void {
    applyChange(change, this.#tree(ordinal));
    this.#keepDeadline(ordinal, change);
    this.#space(ordinal).index = change.index;
  }

  /** Keeps the changes of a record in the history, within the transaction that applied them. */
  remember(record: Buffer, start = 0): void {
    const all = changesOf(record, start);
    for (const [ordinal, history] of this.#histories.entries()) {
      const changes = changesOfSpace(all, ordinal);
      if (changes.length > 0) history.add(firstIndexOf(changes), changes, this.#space(ordinal));
    }
  }

  /** Does within a transaction what the record at an offset tells. */
  repeat(record: Buffer, start: number): void {
    for (const { ordinal, change } of entriesAt(record, start)) this.apply(ordinal, change);
    this.remember(record, start);
    this.reach(headAt(record, start)?.sequence ?? 0);
  }

  /** Takes the number of the batch whose changes this transaction applied; its last step. */
  reach(sequence: number): void {
    this.#state.sequence = sequence;
    this.#layout.meta.put(stateKey, encodeState(this.#state));
  }

  /** The nodes that have ended by now, the longest ended first; with `limit` there may be more. */
  due(now: number, limit: number): Due[] {
    const found: Due[] = [];
    for (const { key, value } of this.#layout.deadlines.getRange({ start: '\0', limit })) {
      const { deadline, ordinal } = deadlineIn(key);
      if (deadline > now) break;
      found.push({ ordinal, path: value.toString('latin1') });
    }
    return found;
  }

  /** Whether any node ends some day. */
  hasDeadlines(): boolean {
    return [...this.#layout.deadlines.getKeys({ start: '\0', limit: 1 })].length > 0;
  }

  /** Writes a consistent copy, without free pages, while others go on reading and writing. It is not synced. */
  async copyTo(file: string): Promise<void> {
    await this.#layout.root.backup(file, true);
  }

  async close(): Promise<void> {
    await this.#layout.root.close();
  }

  #loadState(): State {
    return decodeState(this.#layout.meta.getBinary(stateKey));
  }

  #tree(ordinal: number): StoredTree {
    return this.#trees[ordinal] as StoredTree;
  }

  #keepDeadline(ordinal: number, change: Change): void {
    const { deadlines } = this.#layout;
    // What went with its directory is cared for where it is removed.
    if (change.prev !== undefined && change.prev.deadline !== 0) deadlines.remove(deadlineKey(ordinal, change.prev));
    const node = storedNode(change);
    if (node.deadline !== 0) deadlines.put(deadlineKey(ordinal, node), Buffer.from(node.path, 'latin1'));
  }

  #space(ordinal: number): SpaceState {
    const space = this.#state.spaces[ordinal];
    if (space === undefined) throw new RangeError(`no space ${ordinal}`);
    return space;
  }
}

/** One space of the store. */
class StoredTree implements TreeView, NodeStore {
  readonly #layout: Layout;
  readonly #ordinal: number;
  /** Directories that were met: every write looks at those above its node. */
  readonly #dirs = new Map<Path, KeyNode>();

  constructor(layout: Layout, ordinal: number) {
    this.#layout = layout;
    this.#ordinal = ordinal;
  }

  node(path: Path): KeyNode | undefined {
    const known = this.#dirs.get(path);
    if (known !== undefined) return known;
    const node = nodeAt(this.#layout, this.#ordinal, path);
    if (node?.isDir === true) this.#know(node);
    return node;
  }

  /** Forgets what it knows without asking LMDB: a transaction was aborted. */
  forget(): void {
    this.#dirs.clear();
  }

  hasChildren(path: Path): boolean {
    return this.children(path, 1).length > 0;
  }

  children(path: Path, limit: number): Path[] {
    return childPaths(this.#layout, this.#ordinal, path, limit);
  }

  put(node: KeyNode): void {
    if (node.isDir) this.#know(node);
    else this.#dirs.delete(node.path);
    this.#layout.nodes.put(nodeKey(this.#ordinal, node.path), encodeNode(node));
  }

  remove(node: KeyNode): void {
    this.#layout.nodes.remove(nodeKey(this.#ordinal, node.path));
    if (!node.isDir) return;
    this.forget();
    for (let level = 1; this.#removeLevel(node.path, level) > 0; ) level++;
  }

  #know(dir: KeyNode): void {
    if (this.#dirs.size >= dirsKnown) this.#dirs.clear();
    this.#dirs.set(dir.path, dir);
  }

  /** Removes all that lies so many levels below a directory; answers how many those were. */
  #removeLevel(dir: Path, level: number): number {
    const { nodes, deadlines } = this.#layout;
    const range = levelRange(this.#ordinal, dir, level);
    let removed = 0;
    for (;;) {
      const paths = [...nodes.getKeys({ ...range, limit: removedAtOnce })].map(pathIn);
      for (const path of paths) {
        const node = nodeAt(this.#layout, this.#ordinal, path);
        if (node !== undefined && node.deadline !== 0) deadlines.remove(deadlineKey(this.#ordinal, node));
        nodes.remove(nodeKey(this.#ordinal, path, depthOf(dir) + level));
      }
      removed += paths.length;
      if (paths.length < removedAtOnce) return removed;
    }
  }
}
