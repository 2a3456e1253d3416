import type { Path } from './path.ts';

/** A node of the key tree: a file with a value, or a directory. */
export type KeyNode = {
  readonly path: Path;
  readonly isDir: boolean;
  /** The bytes of a file; empty for a directory. */
  readonly value: Uint8Array;
  /** Index of the write that made this node. A `set` over a file makes it anew. */
  readonly created: number;
  /** Index of the last write to the node itself; a directory keeps that of its making. */
  readonly modified: number;
  /** Milliseconds since the epoch when the node ends; 0 when it stays. */
  readonly deadline: number;
};

export const noValue = new Uint8Array(0);

/** The root: always there, never written, never ending. */
export const rootNode: KeyNode = { path: '/', isDir: true, value: noValue, created: 0, modified: 0, deadline: 0 };
