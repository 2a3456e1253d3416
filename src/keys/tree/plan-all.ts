import { applyChange, type Change, type NodeStore } from './change.ts';
import { KeyFault } from './fault.ts';
import type { KeyNode } from './node.ts';
import type { Operation } from './operation.ts';
import { isBelow, type Path, parentOf } from './path.ts';
import { plan, type Standing } from './plan.ts';
import type { TreeView } from './view.ts';

/** The changes of several operations, each on top of those before it, or the first fault. The view is not changed. */
export function planAll(operations: readonly Operation[], standing: Standing): Change[] | KeyFault {
  const changes: Change[] = [];
  const [first] = operations;
  if (operations.length === 1 && first !== undefined) {
    const { leastIndex = 0 } = first;
    const change = plan(first, leastIndex > standing.index ? { ...standing, index: leastIndex - 1 } : standing);
    return change instanceof KeyFault ? change : [change];
  }
  const overlay = new Overlay(standing.view);
  for (const operation of operations) {
    const change = plan(operation, { view: overlay, index: standing.index + changes.length, now: standing.now });
    if (change instanceof KeyFault) return new KeyFault(change.kind, change.cause, standing.index);
    applyChange(change, overlay);
    changes.push(change);
  }
  return changes;
}

/** A view with changes on top of it that nobody else sees. */
export class Overlay implements TreeView, NodeStore {
  readonly #below: TreeView;
  /** Undefined where a node was removed. */
  readonly #nodes = new Map<Path, KeyNode | undefined>();
  /** Directories that were removed with all that was in them; nodes made there later are in the map. */
  readonly #removedTrees = new Set<Path>();

  constructor(below: TreeView) {
    this.#below = below;
  }

  node(path: Path): KeyNode | undefined {
    if (this.#nodes.has(path)) return this.#nodes.get(path);
    return this.#isRemoved(path) ? undefined : this.#below.node(path);
  }

  hasChildren(path: Path): boolean {
    let removed = 0;
    for (const [at, node] of this.#nodes) {
      if (parentOf(at) !== path || at === path) continue;
      if (node !== undefined) return true;
      removed++;
    }
    if (this.#removedTrees.has(path) || this.#isRemoved(path) || !this.#below.hasChildren(path)) return false;
    return removed === 0 || this.#below.children(path, removed + 1).some((child) => this.node(child) !== undefined);
  }

  children(path: Path, limit: number): Path[] {
    const found = new Set<Path>();
    for (const [at, node] of this.#nodes) if (node !== undefined && at !== path && parentOf(at) === path) found.add(at);
    if (!this.#removedTrees.has(path) && !this.#isRemoved(path)) {
      for (const child of this.#below.children(path, limit + this.#nodes.size)) if (this.node(child) !== undefined) found.add(child);
    }
    return [...found].slice(0, limit);
  }

  put(node: KeyNode): void {
    this.#nodes.set(node.path, node);
  }

  remove(node: KeyNode): void {
    for (const at of this.#nodes.keys()) if (isBelow(at, node.path)) this.#nodes.delete(at);
    this.#nodes.set(node.path, undefined);
    if (node.isDir) this.#removedTrees.add(node.path);
  }

  #isRemoved(path: Path): boolean {
    for (const tree of this.#removedTrees) if (isBelow(path, tree)) return true;
    return false;
  }
}
