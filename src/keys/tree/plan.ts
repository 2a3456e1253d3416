/**
 * The rules of every write, as etcd 3.4 has them for its v2 keys: from a view of the tree, an operation, the index it would
 * take and the time of day follow the change or the fault. No engine adds a rule of its own.
 */
import type { Change } from './change.ts';
import { KeyFault } from './fault.ts';
import { type KeyNode, noValue } from './node.ts';
import type { Operation } from './operation.ts';
import { childOf, type Path, parentOf, root } from './path.ts';
import type { TreeView } from './view.ts';

/** Where a write stands: the tree, its index before the write, and now in milliseconds since the epoch. */
export type Standing = { view: TreeView; index: number; now: number };

/** The change that an operation makes, or the fault that refuses it; the view is not changed. */
export function plan(operation: Operation, standing: Standing): Change | KeyFault {
  switch (operation.action) {
    case 'set':
      return planSet(operation, standing);
    case 'create':
      return planCreate(operation, operation.path, standing);
    case 'create-in-order':
      return planCreate(operation, childOf(operation.path, orderedName(standing.index + 1)), standing);
    case 'update':
      return planUpdate(operation, standing);
    case 'compare-and-swap':
      return planCompareAndSwap(operation, standing);
    case 'delete':
      return planDelete(operation, standing);
    case 'compare-and-delete':
      return planCompareAndDelete(operation, standing);
    case 'expire':
      return planExpire(operation, standing);
  }
}

/** The name that `create-in-order` gives: the index in twenty digits. */
export const orderedName = (index: number): string => String(index).padStart(20, '0');

function planSet(operation: Operation, standing: Standing): Change | KeyFault {
  const { path } = operation;
  const { view, index } = standing;
  if (path === root) return rootIsReadOnly(index);
  const prev = view.node(path);
  if (prev === undefined) {
    if (operation.isRefresh === true || hasFileInTheWay(path, standing)) return firstGap(path, standing);
    return made(operation, path, standing);
  }
  if (prev.isDir) return notFile(path, index);
  const value = operation.isRefresh === true ? prev.value : operation.value;
  return { ...made({ ...operation, value: value ?? noValue }, path, standing), prev };
}

function planCreate(operation: Operation, path: Path, standing: Standing): Change | KeyFault {
  if (path === root) return rootIsReadOnly(standing.index);
  if (standing.view.node(path) !== undefined) return new KeyFault('exists', path, standing.index);
  return hasFileInTheWay(path, standing) ? firstGap(path, standing) : made({ ...operation, isRefresh: false }, path, standing);
}

/** A new node, and the directories that it needs. */
function made({ action, value, isDir = false, ttl, isRefresh = false }: Operation, path: Path, { view, index, now }: Standing): Change {
  let madeDirs = 0;
  for (let dir = parentOf(path); dir !== root && view.node(dir) === undefined; dir = parentOf(dir)) madeDirs++;
  const next = index + 1;
  const node = { path, isDir, value: isDir ? noValue : (value ?? noValue), created: next, modified: next, deadline: deadlineOf(ttl, now) };
  return { index: next, action: action === 'set' ? 'set' : 'create', node, prev: undefined, madeDirs, isSilent: isRefresh };
}

function planUpdate(operation: Operation, standing: Standing): Change | KeyFault {
  const prev = existing(operation.path, standing);
  if (prev instanceof KeyFault) return prev;
  if (prev.isDir && (operation.value?.length ?? 0) > 0 && operation.isRefresh !== true) return notFile(prev.path, standing.index);
  return changed(operation, prev, standing);
}

function planCompareAndSwap(operation: Operation, standing: Standing): Change | KeyFault {
  const prev = existing(operation.path, standing);
  if (prev instanceof KeyFault) return prev;
  if (prev.isDir) return notFile(prev.path, standing.index);
  return comparison(operation, prev, standing.index) ?? changed(operation, prev, standing);
}

/** The node with a new value and time to live, keeping `created`. */
function changed(operation: Operation, prev: KeyNode, { index, now }: Standing): Change {
  const isSilent = operation.isRefresh === true;
  const value = prev.isDir || isSilent ? prev.value : (operation.value ?? noValue);
  const next = index + 1;
  const node = { ...prev, value, modified: next, deadline: deadlineOf(operation.ttl, now) };
  return { index: next, action: operation.action as Change['action'], node, prev, madeDirs: 0, isSilent };
}

function planDelete(operation: Operation, standing: Standing): Change | KeyFault {
  const prev = existing(operation.path, standing);
  if (prev instanceof KeyFault) return prev;
  const isRecursive = operation.isRecursive === true;
  if (prev.isDir && !isRecursive) {
    if (operation.isDir !== true) return notFile(prev.path, standing.index);
    if (standing.view.hasChildren(prev.path)) return new KeyFault('not-empty', prev.path, standing.index);
  }
  return gone(operation, prev, standing.index);
}

function planCompareAndDelete(operation: Operation, standing: Standing): Change | KeyFault {
  if (operation.path === root) return notFile('', standing.index);
  const prev = existing(operation.path, standing);
  if (prev instanceof KeyFault) return prev;
  if (prev.isDir) return notFile(prev.path, standing.index);
  return comparison(operation, prev, standing.index) ?? gone(operation, prev, standing.index);
}

function planExpire(operation: Operation, standing: Standing): Change | KeyFault {
  const prev = existing(operation.path, standing);
  if (prev instanceof KeyFault) return prev;
  const isDue = prev.deadline !== 0 && prev.deadline <= standing.now;
  // Whoever asked saw an older state: the node was renewed or replaced meanwhile.
  return isDue
    ? gone(operation, prev, standing.index)
    : new KeyFault('compare-failed', `[${prev.deadline} > ${standing.now}]`, standing.index);
}

function gone(operation: Operation, prev: KeyNode, index: number): Change {
  const node = { ...prev, value: noValue, modified: index + 1, deadline: 0 };
  return { index: index + 1, action: operation.action as Change['action'], node, prev, madeDirs: 0, isSilent: false };
}

/** The node that a write needs, or why it cannot be had. */
function existing(path: Path, standing: Standing): KeyNode | KeyFault {
  if (path === root) return rootIsReadOnly(standing.index);
  return standing.view.node(path) ?? firstGap(path, standing);
}

/** Whether a file stands where a directory is needed; asked of every new node, so no fault is made to find out. */
function hasFileInTheWay(path: Path, { view }: Standing): boolean {
  for (let above = parentOf(path); above !== root; above = parentOf(above)) {
    const node = view.node(above);
    if (node !== undefined) return !node.isDir;
  }
  return false;
}

/** Why there is nothing at a path: a component is missing, or one above it is a file. */
export function firstGap(path: Path, { view, index }: Pick<Standing, 'view' | 'index'>): KeyFault {
  let missing = path;
  for (let above = parentOf(path); above !== root; above = parentOf(above)) {
    const node = view.node(above);
    if (node?.isDir === true) break;
    if (node !== undefined) return new KeyFault('not-directory', above, index);
    missing = above;
  }
  return new KeyFault('not-found', missing, index);
}

/** The fault of a comparison that fails; only what differs is told, unless both do. */
function comparison({ prevValue, prevIndex }: Operation, actual: KeyNode, index: number): KeyFault | undefined {
  const wrong: string[] = [];
  if (prevValue !== undefined && Buffer.compare(prevValue, actual.value) !== 0)
    wrong.push(`[${binary(prevValue)} != ${binary(actual.value)}]`);
  if (prevIndex !== undefined && prevIndex !== BigInt(actual.modified)) wrong.push(`[${prevIndex} != ${actual.modified}]`);
  return wrong.length === 0 ? undefined : new KeyFault('compare-failed', wrong.join(' '), index);
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

// A time to live of nothing ends at the next sweep, so it must not come out as 0, which means for ever.
const deadlineOf = (ttl: number | undefined, now: number): number => (ttl === undefined ? 0 : Math.max(1, now + ttl));

const notFile = (path: Path, index: number): KeyFault => new KeyFault('not-file', path, index);
const rootIsReadOnly = (index: number): KeyFault => new KeyFault('root-read-only', root, index);
