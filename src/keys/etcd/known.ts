import type { NodeStore } from '../tree/change.ts';
import { nodeOverhead } from '../tree/codec.ts';
import { type KeyNode, rootNode } from '../tree/node.ts';
import { depthOf, isBelow, type Path, parentOf, root } from '../tree/path.ts';
import type { TreeView } from '../tree/view.ts';

/** Octets of nodes that are kept. */
const budget = 32 * 1024 * 1024;
/** What a node costs beside its path and value, roughly. */
const entryCost = 200 + nodeOverhead;

/** What planning wanted to see and is not known. */
export class Missing {
  readonly nodes = new Set<Path>();
  /** How many children of a directory are wanted. */
  readonly children = new Map<Path, number>();
  /** Directories of which the deepest level is wanted. */
  readonly depths = new Set<Path>();

  get isEmpty(): boolean {
    return this.nodes.size === 0 && this.children.size === 0 && this.depths.size === 0;
  }
}

/** Some children of a directory, or all of them. */
export type Children = { paths: Set<Path>; isWhole: boolean };

/**
 * What this server knows of a space at the revision it has come to: nodes that it read or wrote, and paths where it knows that
 * nothing is. Changes keep it true; what it never saw it does not take up.
 */
export class Known implements NodeStore {
  /** Null where nothing is. In the order in which they were learned. */
  readonly #nodes = new Map<Path, KeyNode | null>();
  readonly #children = new Map<Path, Children>();
  /** The deepest level below a directory, or a deeper one. */
  readonly #depths = new Map<Path, number>();
  #size = 0;

  /** Undefined when it is not known, null when there is nothing. */
  node(path: Path): KeyNode | null | undefined {
    if (path === root) return rootNode;
    return this.#nodes.get(path);
  }

  children(dir: Path): Children | undefined {
    return this.#children.get(dir);
  }

  depth(dir: Path): number | undefined {
    return this.#depths.get(dir);
  }

  learn(path: Path, node: KeyNode | null): void {
    if (path === root) return;
    this.#forget(path);
    this.#nodes.set(path, node === null ? null : { ...node, path, value: ownBytes(node.value) });
    this.#size += costOf(path, node);
  }

  learnChildren(dir: Path, children: Children): void {
    this.#children.set(dir, children);
  }

  learnDepth(dir: Path, depth: number): void {
    this.#depths.set(dir, depth);
  }

  put(node: KeyNode): void {
    if (this.#nodes.has(node.path)) this.learn(node.path, node);
    this.#children.get(parentOf(node.path))?.paths.add(node.path);
    for (const [dir, depth] of this.#depths) {
      if (isBelow(node.path, dir)) this.#depths.set(dir, Math.max(depth, depthOf(node.path)));
    }
  }

  remove(node: KeyNode): void {
    if (this.#nodes.has(node.path)) this.learn(node.path, null);
    this.#children.get(parentOf(node.path))?.paths.delete(node.path);
    this.#children.delete(node.path);
    if (!node.isDir) return;
    for (const path of this.#nodes.keys()) if (isBelow(path, node.path) && this.#nodes.get(path) !== null) this.learn(path, null);
    for (const dir of this.#children.keys()) if (isBelow(dir, node.path)) this.#children.delete(dir);
  }

  /** Keeps within the budget: what was learned first goes first. */
  trim(): void {
    for (const path of this.#nodes.keys()) {
      if (this.#size <= budget) return;
      this.#forget(path);
    }
  }

  /** Forgets what was learned of directories as such: it is rarely wanted twice, and each write would have to mend it. */
  forgetDirectories(): void {
    this.#children.clear();
    this.#depths.clear();
  }

  clear(): void {
    this.#nodes.clear();
    this.#children.clear();
    this.#depths.clear();
    this.#size = 0;
  }

  #forget(path: Path): void {
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    this.#nodes.delete(path);
    this.#size -= costOf(path, node);
  }
}

const costOf = (path: Path, node: KeyNode | null): number => entryCost + path.length + (node?.value.length ?? 0);

/** Bytes that keep no larger message alive. */
const ownBytes = (bytes: Uint8Array): Uint8Array => (bytes.buffer.byteLength > 2 * bytes.length + 64 ? Buffer.from(bytes) : bytes);

/** What is known, as planning sees it; whatever it asks for in vain is noted, and stands for nothing meanwhile. */
export class KnownView implements TreeView {
  readonly missing = new Missing();
  readonly #known: Known;

  constructor(known: Known) {
    this.#known = known;
  }

  node(path: Path): KeyNode | undefined {
    const node = this.#known.node(path);
    if (node === undefined) this.missing.nodes.add(path);
    return node ?? undefined;
  }

  hasChildren(path: Path): boolean {
    return this.children(path, 1).length > 0;
  }

  children(path: Path, limit: number): Path[] {
    const known = this.#known.children(path);
    if (known === undefined || (!known.isWhole && known.paths.size < limit)) {
      this.missing.children.set(path, Math.max(limit, this.missing.children.get(path) ?? 0));
      return [];
    }
    return [...known.paths].slice(0, limit);
  }

  /** The deepest level below a directory, or a deeper one; its own when nothing is known. */
  depthBelow(dir: Path): number {
    const depth = this.#known.depth(dir);
    if (depth === undefined) this.missing.depths.add(dir);
    return depth ?? depthOf(dir);
  }
}
