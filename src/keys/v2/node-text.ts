/** Nodes, readings and changes as etcd's v2 JSON, in binary strings. */
import { isUtf8 } from 'node:buffer';
import type { Reading } from '../engine.ts';
import { type Change, isRemoval } from '../tree/change.ts';
import type { KeyNode } from '../tree/node.ts';
import { type Path, parentOf, root } from '../tree/path.ts';
import { quote } from './json-text.ts';

/** The answer of a GET; `isExact` shows hidden nodes, and what is not UTF-8 in base64 too. */
export function readingText({ node, below }: Reading, now: number, isExact = false): string {
  const shown = isExact ? below : below.filter(({ path }) => !isHiddenBelow(path, node.path));
  const text = isExact ? exactNodeText : plainNodeText;
  const nodes = node.isDir && shown.length > 0 ? childrenText(node.path, shown, (each, nested) => text(each, now, nested)) : '';
  return `{"action":"get","node":${text(node, now, nodes)}}\n`;
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

const plainNodeText = (node: KeyNode, now: number, nodes: string): string => nodeText(node, now, true, nodes);

/** Weir's own `base64` and `keyBase64` stand where etcd's text loses what is not UTF-8. */
function exactNodeText(node: KeyNode, now: number, nodes: string): string {
  const path = Buffer.from(node.path, 'latin1');
  const more = [
    ...(isUtf8(path) ? [] : [`"keyBase64":"${path.toString('base64')}"`]),
    ...(isUtf8(node.value) ? [] : [`"base64":"${Buffer.from(node.value).toString('base64')}"`]),
  ];
  const text = plainNodeText(node, now, nodes);
  return more.length === 0 ? text : `{${more.join(',')},${text.slice(1)}`;
}

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
 * Nodes below a directory, nested. They go by depth and in order of octets, so that from the end on every node comes before
 * its parent, and siblings stand together.
 */
function childrenText(top: Path, shown: readonly KeyNode[], textOf: (node: KeyNode, nodes: string) => string): string {
  const nested = new Map<Path, string[]>();
  for (let at = shown.length - 1; at >= 0; at--) {
    const node = shown[at] as KeyNode;
    const nodes = node.isDir ? (nested.get(node.path)?.reverse().join(',') ?? '') : '';
    nested.delete(node.path);
    const parent = parentOf(node.path);
    const siblings = nested.get(parent);
    const text = textOf(node, nodes);
    if (siblings === undefined) nested.set(parent, [text]);
    else siblings.push(text);
  }
  return nested.get(top)?.reverse().join(',') ?? '';
}

/** True when a name below `top` on the way to `path` begins with an underscore. */
const isHiddenBelow = (path: Path, top: Path): boolean => path.includes('/_', top === root ? 0 : top.length);
