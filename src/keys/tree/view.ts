import type { KeyNode } from './node.ts';
import type { Path } from './path.ts';

/** What planning a write needs to see of the tree, at one moment. */
export type TreeView = {
  /** The node at a path; the root is always there. */
  node(path: Path): KeyNode | undefined;
  /** Whether a directory holds anything, hidden children too. */
  hasChildren(path: Path): boolean;
  /** Paths of a directory's children, at most `limit`. */
  children(path: Path, limit: number): Path[];
};
