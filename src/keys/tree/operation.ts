import type { Path } from './path.ts';

/**
 * What a write is asked to do.
 * `set` makes or replaces a file (or makes a directory); `create` refuses what exists; `create-in-order` makes a child
 * named by its index in twenty digits; `update` and `compare-and-swap` keep the node and its `created`; `expire` is what
 * the engine itself asks when a deadline has passed.
 */
export const actions = [
  'set',
  'create',
  'create-in-order',
  'update',
  'compare-and-swap',
  'delete',
  'compare-and-delete',
  'expire',
] as const;
export type Action = (typeof actions)[number];

/** One write on one node. Absent fields mean: empty value, file, stays for ever, nothing to compare. */
export type Operation = {
  readonly action: Action;
  readonly path: Path;
  readonly value?: Uint8Array;
  readonly isDir?: boolean;
  /** Milliseconds from now until the node ends; 0 or less ends it at the next sweep. */
  readonly ttl?: number;
  /** For the compares; one of both at least. Any index of 64 bits may be asked for. */
  readonly prevValue?: Uint8Array;
  readonly prevIndex?: bigint;
  /** Keeps the stored value, sets the time to live anew, and wakes no watcher. */
  readonly isRefresh?: boolean;
  /** `delete` only: a directory goes with all that is in it. */
  readonly isRecursive?: boolean;
  /**
   * `set` only, and alone: it takes this index at least, and those passed over are never used. So in-order keys that come after
   * a copy from elsewhere are named behind those that were copied.
   */
  readonly leastIndex?: number;
};

/** Slash and twenty digits. */
const orderedNameLength = 21;

/** Octets of the path of the node that a write is for, an in-order name included. */
export const lengthOf = ({ action, path }: Pick<Operation, 'action' | 'path'>): number =>
  path.length + (action === 'create-in-order' ? orderedNameLength : 0);
