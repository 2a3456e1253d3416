import type { Change } from './tree/change.ts';
import type { KeyNode } from './tree/node.ts';
import type { Operation } from './tree/operation.ts';
import type { Path } from './tree/path.ts';

/**
 * The two trees of a key store, each with its own index and history: `public` is what the etcd v2 surface shows, `system`
 * is the house's own and is never reached from there.
 */
export const spaces = ['public', 'system'] as const;
export type Space = (typeof spaces)[number];

/** How much of a directory a read wants. */
export type Reach = 'node' | 'children' | 'subtree';

/** What a read saw, all at one index. */
export type Reading = {
  /** Index of the space at the moment of the reading. */
  readonly index: number;
  readonly node: KeyNode;
  /** What lies below, as far as the reach goes; by depth, then in byte order of the paths; hidden ones too. */
  readonly below: readonly KeyNode[];
};

export type ReadOptions = {
  reach?: Reach;
  /** Of the children only the first so many, or the first behind one of them: a large directory is read in pages. */
  page?: { behind: Path | undefined; limit: number };
  /** Reads behind all writes that were acknowledged anywhere before; the embedded engine always does. */
  isLinearizable?: boolean;
};

/** What is kept of the past. */
export type History = {
  /** Index of the space. */
  readonly index: number;
  /** The oldest index still kept; `index + 1` when nothing is. */
  readonly oldest: number;
  /** From the asked index on, in order, silent ones too. */
  readonly changes: readonly Change[];
};

/** Who keeps the keys, for the surfaces that tell. */
export type EngineStatus = {
  /** Sixteen hex digits at most, without leading zeros; the same for the life of the store. */
  readonly clusterId: string;
  /** Rises by each election; 1 or more. */
  readonly term: number;
  /** Log position; 1 or more. */
  readonly position: number;
  readonly members: readonly Member[];
  readonly leader: string | undefined;
  /** This server's own member, or the one it is connected to. */
  readonly self: string;
  readonly startedAt: Date;
};

export type Member = {
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  /** As the engine knows them; the embedded one has none of its own. */
  readonly clientUrls: readonly string[];
};

/** Changes who keeps the keys; the faults have the cluster's words as cause. */
export type Membership = {
  add(peerUrls: readonly string[]): Promise<Member>;
  update(id: string, peerUrls: readonly string[]): Promise<void>;
  remove(id: string): Promise<void>;
};

/**
 * Keeps the trees: the one interface between the rest of the house and LMDB or an etcd cluster.
 * All faults are `KeyFault`s. What `write` answered is durable, and every later read sees it.
 */
export type KeyEngine = {
  /** The node, and what lies below it as asked. Fails with `not-found` or `not-directory`. */
  read(space: Space, path: Path, options?: ReadOptions): Promise<Reading>;
  /**
   * Does all operations, in order, or none: each sees what those before it did, each takes an index of its own.
   * Fails with the fault of the first that is refused.
   */
  write(space: Space, operations: readonly Operation[]): Promise<readonly Change[]>;
  /** The changes kept from an index on, at most `limit`. */
  history(space: Space, from: number, limit?: number): Promise<History>;
  /**
   * Tells of every change from now on, in order and without gaps, silent ones too; the function that is answered ends it.
   * A listener must be quick and must not throw. `onBreak` tells that the feed broke (a cluster out of reach for longer than
   * its history lasts): nothing comes after it.
   */
  follow(space: Space, listener: (changes: readonly Change[]) => void, onBreak?: (reason: string) => void): () => void;
  /** The index up to which the listeners of `follow` have been told. */
  followed(space: Space): number;
  status(): Promise<EngineStatus>;
  /** Where several members keep the keys. */
  readonly membership?: Membership;
  /** Undefined when it can work, otherwise why not, in a few words. Takes a second at most. */
  unready(): Promise<string | undefined>;
  start(): Promise<void>;
  stop(): Promise<void>;
};
