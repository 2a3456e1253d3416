import type { Reach, Reading } from '../engine.ts';
import type { Change } from '../tree/change.ts';
import type { KeyNode } from '../tree/node.ts';
import type { Operation } from '../tree/operation.ts';
import type { Path } from '../tree/path.ts';

/** What a write did, as far as every server tells. */
export type Written = Pick<Change, 'index' | 'action' | 'node' | 'prev'>;

export type ReadWish = {
  reach?: Reach;
  isLinearizable?: boolean;
  /** List hidden nodes too (names that begin with `_`), where the server can: an etcd never does. */
  withHidden?: boolean;
};

/** All nodes at and below a path, as they were at one index. */
export type Walk = {
  readonly index: number;
  /** Octets of the listing, where they are known beforehand. */
  readonly octets: number | null;
  /** False where the server keeps its hidden nodes to itself. */
  readonly hasHidden: boolean;
  /** Each node once, in no promised order; a deadline is by the clock of this machine. */
  readonly nodes: AsyncIterable<KeyNode> | Iterable<KeyNode>;
  /** Octets of the listing that have been read so far. */
  read(): number;
};

export type WatchWish = {
  isRecursive?: boolean;
  /** The first index of interest; from now on when absent. */
  from?: number;
  /** Told when the server went away and is being tried again. */
  onTrouble?: (reason: string) => void;
};

/** The keys of a server (Weir or etcd), or of a data directory. Refusals are `KeyFault`s, all else is a Problem. */
export type KeysPort = {
  /** Where the keys are, as a person named it. */
  readonly name: string;
  /** Writes that it is worth to have under way at once. */
  readonly width: number;
  /** What lies below comes in byte order of the paths within each depth. */
  read(path: Path, wish?: ReadWish): Promise<Reading>;
  walk(path: Path): Promise<Walk>;
  write(operation: Operation): Promise<Written>;
  /** Events in order; ends never by itself. */
  watch(path: Path, wish?: WatchWish): AsyncIterable<Written>;
  close(): Promise<void>;
};
