import { type EngineStatus, type History, type KeyEngine, type Reading, type ReadOptions, type Space, spaces } from './engine.ts';
import { applyChange, type Change, type NodeStore } from './tree/change.ts';
import { KeyFault } from './tree/fault.ts';
import { type KeyNode, rootNode } from './tree/node.ts';
import type { Operation } from './tree/operation.ts';
import { depthOf, isBelow, type Path, parentOf, root } from './tree/path.ts';
import { firstGap } from './tree/plan.ts';
import { planAll } from './tree/plan-all.ts';
import type { TreeView } from './tree/view.ts';

/** What every engine must be equal to: the simplest one, in memory and gone with the process. Tests compare with it. */
export class MemoryEngine implements KeyEngine {
  readonly #trees = new Map(spaces.map((space) => [space, new MemoryTree()]));
  readonly #now: () => number;
  readonly #historyKept: number;
  readonly #startedAt = new Date();
  #sweep: NodeJS.Timeout | undefined;

  constructor(now: () => number = Date.now, historyKept = 1000) {
    this.#now = now;
    this.#historyKept = historyKept;
  }

  async read(space: Space, path: Path, { reach = 'node', page }: ReadOptions = {}): Promise<Reading> {
    const tree = this.#tree(space);
    const node = tree.node(path);
    if (node === undefined) throw firstGap(path, { view: tree, index: tree.index });
    const below = reach === 'node' ? [] : tree.below(path, reach === 'subtree');
    if (page === undefined) return { index: tree.index, node, below };
    const { behind = '', limit } = page;
    return { index: tree.index, node, below: below.filter((child) => child.path > behind).slice(0, limit) };
  }

  async write(space: Space, operations: readonly Operation[]): Promise<readonly Change[]> {
    const tree = this.#tree(space);
    const changes = planAll(operations.map(withOwnValue), { view: tree, index: tree.index, now: this.#now() });
    if (changes instanceof KeyFault) throw changes;
    for (const change of changes) applyChange(change, tree);
    tree.index = changes.at(-1)?.index ?? tree.index;
    tree.changes.push(...changes);
    tree.changes.splice(0, tree.changes.length - this.#historyKept);
    for (const listener of tree.listeners) listener(changes);
    return changes;
  }

  async history(space: Space, from: number, limit = Number.POSITIVE_INFINITY): Promise<History> {
    const { index, changes } = this.#tree(space);
    const kept = changes.filter((change) => change.index >= from).slice(0, limit);
    return { index, oldest: changes[0]?.index ?? index + 1, changes: kept };
  }

  follow(space: Space, listener: (changes: readonly Change[]) => void): () => void {
    const { listeners } = this.#tree(space);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  followed(space: Space): number {
    return this.#tree(space).index;
  }

  async status(): Promise<EngineStatus> {
    const id = 'cdf818194e3a8c32';
    const members = [{ id, name: 'default', peerUrls: [], clientUrls: [] }];
    return { clusterId: id, term: 1, position: this.#tree('public').index + 1, members, leader: id, self: id, startedAt: this.#startedAt };
  }

  async unready(): Promise<undefined> {}

  async start(): Promise<void> {
    this.#sweep = setInterval(() => void this.expire(), 500).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweep);
  }

  /** Ends the nodes whose time has come, in the order of their deadlines. */
  async expire(): Promise<void> {
    for (const space of spaces) {
      const due = this.#tree(space).due(this.#now());
      // One that goes with its directory is no longer there when its turn comes.
      for (const { path } of due) await this.write(space, [{ action: 'expire', path }]).catch(() => {});
    }
  }

  #tree(space: Space): MemoryTree {
    const tree = this.#trees.get(space);
    if (tree === undefined) throw new RangeError(`no space ${space}`);
    return tree;
  }
}

/** The operation with a value that nobody else can change. */
const withOwnValue = (operation: Operation): Operation =>
  operation.value === undefined ? operation : { ...operation, value: Uint8Array.from(operation.value) };

/** One space: its nodes, index, history and listeners. */
class MemoryTree implements TreeView, NodeStore {
  readonly nodes = new Map<Path, KeyNode>([[root, rootNode]]);
  readonly changes: Change[] = [];
  readonly listeners = new Set<(changes: readonly Change[]) => void>();
  index = 3;

  node(path: Path): KeyNode | undefined {
    return this.nodes.get(path);
  }

  hasChildren(path: Path): boolean {
    return this.children(path, 1).length > 0;
  }

  children(path: Path, limit: number): Path[] {
    return this.below(path, false)
      .slice(0, limit)
      .map((node) => node.path);
  }

  below(path: Path, isDeep: boolean): KeyNode[] {
    const found = [...this.nodes.values()].filter((node) => isBelow(node.path, path) && (isDeep || parentOf(node.path) === path));
    return found.sort((a, b) => depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1));
  }

  due(now: number): KeyNode[] {
    const due = [...this.nodes.values()].filter((node) => node.deadline !== 0 && node.deadline <= now);
    return due.sort((a, b) => a.deadline - b.deadline || a.created - b.created);
  }

  put(node: KeyNode): void {
    this.nodes.set(node.path, node);
  }

  remove(node: KeyNode): void {
    for (const path of this.nodes.keys()) if (isBelow(path, node.path)) this.nodes.delete(path);
    this.nodes.delete(node.path);
  }
}
