/** Nodes, readings and changes as etcd's v2 JSON, in binary strings. */
import type { Reading } from '../engine.ts';
import { type Change, isRemoval } from '../tree/change.ts';
import type { KeyNode } from '../tree/node.ts';
import { type Path, parentOf, root } from '../tree/path.ts';
import { quote } from './json-text.ts';

/** The answer of a GET. */
export function readingText({ node, below }: Reading, now: number): string {
  const nodes = node.isDir && below.length > 0 ? childrenText(node.path, below, now) : '';
  return `{"action":"get","node":${nodeText(node, now, true, nodes)}}\n`;
}

const actionNames: Record<Change['action'], string> = {
  set: 'set',
  create: 'create',
  update: 'update',
  'compare-and-swap': 'compareAndSwap',
  delete: 'delete',
  'compare-and-delete': 'compareAndDelete',
  expire: 'expire',
};

/** The answer of a write, and the event that watchers get. */
export function changeText(change: Change, now: number): string {
  const { action, node, prev } = change;
  const prevNode = prev === undefined ? '' : `,"prevNode":${nodeText(prev, now, true, '')}`;
  return `{"action":"${actionNames[action]}","node":${nodeText(node, now, !isRemoval(change), '')}${prevNode}}\n`;
}

/** The answer of a write whose client wants no value back. */
export const shortChangeText = ({ action }: Change): string => `{"action":"${actionNames[action]}"}\n`;

function nodeText(node: KeyNode, now: number, showsValue: boolean, nodes: string): string {
  let text = node.path === root ? '' : `"key":${quote(node.path)},`;
  if (node.isDir) text += '"dir":true,';
  else if (showsValue) text += `"value":${valueText(node.value)},`;
  if (node.deadline !== 0) text += deadlineText(node.deadline, now);
  if (nodes !== '') text += `"nodes":[${nodes}],`;
  if (node.modified !== 0) text += `"modifiedIndex":${node.modified},`;
  if (node.created !== 0) text += `"createdIndex":${node.created},`;
  return `{${text.slice(0, -1)}}`;
}

const valueText = (value: Uint8Array): string =>
  value.length === 0 ? '""' : quote(Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1'));

function deadlineText(deadline: number, now: number): string {
  const seconds = Math.ceil((deadline - now) / 1000);
  const moment = new Date(deadline).toISOString().replace(/\.?0*Z$/, 'Z');
  return `"expiration":"${moment}",${seconds === 0 ? '' : `"ttl":${seconds},`}`;
}

/**
 * The visible nodes below a directory, nested. `below` goes by depth and in order of octets, so that from its end on every
 * node comes before its parent, and siblings stand together.
 */
function childrenText(top: Path, below: readonly KeyNode[], now: number): string {
  const shown = below.filter((node) => !isHiddenBelow(node.path, top));
  const nested = new Map<Path, string[]>();
  for (let at = shown.length - 1; at >= 0; at--) {
    const node = shown[at] as KeyNode;
    const nodes = node.isDir ? (nested.get(node.path)?.reverse().join(',') ?? '') : '';
    nested.delete(node.path);
    const parent = parentOf(node.path);
    const siblings = nested.get(parent);
    const text = nodeText(node, now, true, nodes);
    if (siblings === undefined) nested.set(parent, [text]);
    else siblings.push(text);
  }
  return nested.get(top)?.reverse().join(',') ?? '';
}

/** True when a name below `top` on the way to `path` begins with an underscore. */
export const isHiddenBelow = (path: Path, top: Path): boolean => path.includes('/_', top === root ? 0 : top.length);
