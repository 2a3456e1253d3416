import type { ReadOptions } from '../engine.ts';
import { copyNode, decodeNode } from '../tree/codec.ts';
import { type KeyNode, rootNode } from '../tree/node.ts';
import { type Path, root } from '../tree/path.ts';
import { type Layout, levelRange, nodeKey, pathIn } from './layout.ts';

/** The node at a path, as the current snapshot (or the open write transaction) has it. */
export function nodeAt({ nodes }: Layout, ordinal: number, path: Path): KeyNode | undefined {
  if (path === root) return rootNode;
  // LMDB's binding copies into a buffer that the next look overwrites, and whose length it sets.
  const bytes = nodes.getBinaryFast(nodeKey(ordinal, path));
  return bytes === undefined ? undefined : copyNode(path, bytes);
}

/** The children of a directory in byte order, `limit` at most, from the first behind one of them on. */
export function childrenPage(
  { nodes }: Layout,
  ordinal: number,
  dir: Path,
  { behind, limit }: NonNullable<ReadOptions['page']>,
): KeyNode[] {
  const { start, end } = levelRange(ordinal, dir, 1);
  // No path has an octet 0, so this is where the next one begins at the earliest.
  const from = behind === undefined ? start : `${nodeKey(ordinal, behind)}\0`;
  return [...nodes.getRange({ start: from, end, limit }).map(({ key, value }) => decodeNode(pathIn(key), value))];
}

/** What lies below a directory: by depth, then in byte order. */
export function nodesBelow({ nodes }: Layout, ordinal: number, dir: Path, isDeep: boolean): KeyNode[] {
  const found: KeyNode[] = [];
  for (let level = 1; ; level++) {
    const before = found.length;
    for (const { key, value } of nodes.getRange(levelRange(ordinal, dir, level))) found.push(decodeNode(pathIn(key), value));
    // A node has a parent, so nothing lies below an empty level.
    if (!isDeep || found.length === before) return found;
  }
}

/** Paths of a directory's children, at most `limit`. */
export function childPaths({ nodes }: Layout, ordinal: number, dir: Path, limit: number): Path[] {
  return [...nodes.getKeys({ ...levelRange(ordinal, dir, 1), limit })].map(pathIn);
}
