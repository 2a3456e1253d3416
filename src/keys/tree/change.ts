import { type KeyNode, noValue } from './node.ts';
import type { Action } from './operation.ts';
import { type Path, parentOf } from './path.ts';

/**
 * What one write did: the event that watchers see, the record that a log keeps, and all that is needed to do it again.
 * Every successful write makes exactly one, with the next index of its space.
 */
export type Change = {
  readonly index: number;
  readonly action: Exclude<Action, 'create-in-order'>;
  /** The node as the writer is told: after the write, or, when it went, what is left of it (no value, no deadline). */
  readonly node: KeyNode;
  /** The node before; absent when there was none. */
  readonly prev: KeyNode | undefined;
  /** How many directories above the node were made by this write; the nearest ones. */
  readonly madeDirs: number;
  /** A refresh: it takes an index, and no watcher is told. */
  readonly isSilent: boolean;
};

/** A store of nodes that changes can be applied to. */
export type NodeStore = {
  put(node: KeyNode): void;
  /** Removes the node and, when it is a directory, all that lies below. */
  remove(node: KeyNode): void;
};

/** True when the write took the node away. */
export const isRemoval = (change: Pick<Change, 'action'>): boolean =>
  change.action === 'delete' || change.action === 'compare-and-delete' || change.action === 'expire';

/** Brings a store from the state before a change to the one after it. Doing it twice does no harm. */
export function applyChange(change: Change, store: NodeStore): void {
  if (isRemoval(change)) {
    store.remove(change.prev ?? change.node);
    return;
  }
  let dir = change.node.path;
  for (let made = 0; made < change.madeDirs; made++) {
    dir = parentOf(dir);
    store.put({ path: dir, isDir: true, value: noValue, created: change.index, modified: change.index, deadline: 0 });
  }
  store.put(storedNode(change));
}

/** A directory that is updated keeps the index of its making, though the answer shows the new one (etcd v2, see docs). */
export function storedNode({ action, node, prev }: Change): KeyNode {
  const keepsIndex = action === 'update' && node.isDir && prev !== undefined;
  return keepsIndex ? { ...node, modified: prev.modified } : node;
}

/** Paths of the directories that a change made, the nearest first. */
export function madePaths(change: Change): Path[] {
  const paths: Path[] = [];
  let dir = change.node.path;
  for (let made = 0; made < change.madeDirs; made++) {
    dir = parentOf(dir);
    paths.push(dir);
  }
  return paths;
}
