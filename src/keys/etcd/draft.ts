import { type Change, isRemoval, madePaths, storedNode } from '../tree/change.ts';
import { changeLength, encodeNode } from '../tree/codec.ts';
import { type KeyNode, noValue } from '../tree/node.ts';
import { depthOf, isBelow, type Path } from '../tree/path.ts';
import { bytesOf, type Layout } from './layout.ts';
import type { Step } from './messages.ts';

/** What a member takes in one transaction unless it is told otherwise (`--max-txn-ops`, `--max-request-bytes`). */
export const stepLimit = 128;
export const byteLimit = 1.5 * 1024 * 1024;

/** Octets around a key and a value in a request. */
const stepOverhead = 24;

export type Cost = { steps: number; bytes: number };

/**
 * What a transaction does to the nodes and deadlines, gathered change by change. The cluster takes no key twice in one
 * transaction, not even one that is written within a range that is removed, so only what is left in the end is written, and
 * removed ranges are cut around it.
 */
export class Draft {
  readonly #layout: Layout;
  /** Undefined where a node goes. */
  readonly #nodes = new Map<Path, KeyNode | undefined>();
  /** Keys of deadlines: true to write, false to remove. */
  readonly #deadlines = new Map<string, boolean>();
  /** Directories that go with all that is in them, down to a depth. */
  readonly #trees = new Map<Path, number>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** The change, in the order of the indexes; of a directory that goes, the deepest level that something lies on. */
  add(change: Change, deepest: number): void {
    const { prev, node } = change;
    if (prev !== undefined && prev.deadline !== 0) this.forgetDeadline(this.#layout.deadline(prev.deadline, prev.path));
    if (isRemoval(change)) {
      this.#remove(node, deepest);
      return;
    }
    for (const path of madePaths(change)) {
      this.#nodes.set(path, { path, isDir: true, value: noValue, created: change.index, modified: change.index, deadline: 0 });
    }
    this.#nodes.set(node.path, storedNode(change));
    if (node.deadline !== 0) this.#deadlines.set(this.#layout.deadline(node.deadline, node.path), true);
  }

  /** Removes the key of a deadline, which no node has any more. */
  forgetDeadline(key: string): void {
    this.#deadlines.set(key, false);
  }

  steps(): Step[] {
    const puts = new Map<string, Buffer>();
    const removed: [start: string, end: string | undefined][] = [];
    for (const [path, node] of this.#nodes) {
      if (node === undefined) removed.push([this.#layout.node(path), undefined]);
      else puts.set(this.#layout.node(path), encodeNode(node));
    }
    for (const [key, isWritten] of this.#deadlines) {
      if (isWritten) puts.set(key, nothing);
      else removed.push([key, undefined]);
    }
    const written = [...puts.keys()].sort();
    for (const range of this.#ranges()) removed.push(...around(range, written));
    return [
      ...[...puts].map(([key, value]) => ({ put: { key: bytesOf(key), value } })),
      ...removed.map(([key, end]) => ({ remove: { key: bytesOf(key), ...(end === undefined ? {} : { end: bytesOf(end) }) } })),
    ];
  }

  *#ranges(): Iterable<[string, string]> {
    for (const [dir, deepest] of this.#trees) {
      for (let levels = 1; depthOf(dir) + levels <= deepest; levels++) yield this.#layout.below(dir, levels);
    }
  }

  #remove(node: KeyNode, deepest: number): void {
    if (node.isDir) {
      for (const path of this.#nodes.keys()) if (isBelow(path, node.path)) this.#nodes.delete(path);
      this.#trees.set(node.path, Math.max(deepest, this.#trees.get(node.path) ?? 0));
    }
    this.#nodes.set(node.path, undefined);
  }
}

const nothing = Buffer.alloc(0);

/** A range without the keys that are written within it; `written` is sorted. */
function around([start, end]: [string, string], written: readonly string[]): [string, string | undefined][] {
  const parts: [string, string][] = [];
  let from = start;
  for (const key of written) {
    if (key < start || key >= end) continue;
    if (key > from) parts.push([from, key]);
    // The next key in the order of bytes.
    from = `${key}\0`;
  }
  parts.push([from, end]);
  return parts;
}

/** What changes cost at most, when nothing of it falls together with others. */
export function costOf(changes: readonly Change[], deepest: (dir: Path) => number): Cost {
  const cost = { steps: 0, bytes: 0 };
  for (const change of changes) {
    const { node, prev, madeDirs } = change;
    const isTree = node.isDir && isRemoval(change);
    const deadlines = (node.deadline === 0 ? 0 : 1) + (prev === undefined || prev.deadline === 0 ? 0 : 1);
    const levels = isTree ? deepest(node.path) - depthOf(node.path) : 0;
    const steps = 1 + madeDirs + deadlines + levels;
    cost.steps += steps;
    cost.bytes += steps * (node.path.length + 64 + stepOverhead) + node.value.length + changeLength(change);
  }
  return cost;
}

/** Octets of steps in a request, at most. */
export function bytesOfSteps(steps: readonly Step[]): number {
  let bytes = 0;
  for (const step of steps) {
    if ('put' in step) bytes += step.put.key.length + step.put.value.length + stepOverhead;
    else if ('remove' in step) bytes += step.remove.key.length + (step.remove.end?.length ?? 0) + stepOverhead;
  }
  return bytes;
}
