import { Problem } from '../../core/problem.ts';
import { type KeyNode, noValue } from '../tree/node.ts';
import { pathOf } from '../tree/path.ts';
import type { Written } from './access.ts';
import { utf8Of, utf8Path } from './wire-node.ts';

/** A node as `--json` shows it and an export keeps it. Times are ISO 8601, `ttl` counts seconds. */
export type NodeDocument = {
  /** As text, or else in base64: a name need not be UTF-8. */
  path?: string;
  path_base64?: string;
  /** The value of a file as text, or else in base64. */
  value?: string;
  value_base64?: string;
  dir?: true;
  ttl?: number;
  expiration?: string;
  created: number;
  modified: number;
};

/** The node as a document; `now` in milliseconds since the epoch tells how long it stays. */
export function describeNode(node: KeyNode, now = Date.now()): NodeDocument {
  const { path, isDir, value, created, modified, deadline } = node;
  const text = isDir ? undefined : utf8Of(value);
  const name = utf8Path(path);
  return {
    ...(name === undefined ? { path_base64: Buffer.from(path, 'latin1').toString('base64') } : { path: name }),
    ...(isDir ? { dir: true } : text === undefined ? { value_base64: Buffer.from(value).toString('base64') } : { value: text }),
    ...(deadline !== 0 && { ttl: Math.max(0, Math.ceil((deadline - now) / 1000)), expiration: new Date(deadline).toISOString() }),
    created,
    modified,
  };
}

/** What a write did, as `--json` shows it. */
export const describeWritten = ({ index, action, node, prev }: Written): Record<string, unknown> => ({
  action,
  index,
  node: describeNode(node),
  ...(prev !== undefined && { prev: describeNode(prev) }),
});

/** The node that a document of an export stands for. Throws a Problem that names the member which is wrong. */
export function readNodeDocument(document: Record<string, unknown>): KeyNode {
  const { path, path_base64, value, value_base64, dir, created, modified } = document;
  const isText = (found: unknown): found is string => typeof found === 'string';
  if (!isText(path) && !isText(path_base64)) throw wrong(document, 'path');
  if (dir !== undefined && typeof dir !== 'boolean') throw wrong(document, 'dir');
  const isDir = dir === true;
  if (!isDir && !isText(value) && !isText(value_base64)) throw wrong(document, 'value');
  return {
    path: isText(path) ? pathOf(path) : Buffer.from(path_base64 as string, 'base64').toString('latin1'),
    isDir,
    value: isDir ? noValue : isText(value) ? Buffer.from(value) : Buffer.from(value_base64 as string, 'base64'),
    created: Number(created ?? 0),
    modified: Number(modified ?? 0),
    deadline: readDeadline(document),
  };
}

/** A node ends when it would have ended where it came from; one that was written by hand may say only how long it stays. */
function readDeadline(document: Record<string, unknown>): number {
  const { ttl, expiration } = document;
  if (expiration !== undefined) {
    const at = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
    if (Number.isNaN(at)) throw wrong(document, 'expiration');
    return Math.max(1, at);
  }
  if (ttl === undefined) return 0;
  if (typeof ttl !== 'number' || !(ttl >= 0)) throw wrong(document, 'ttl');
  return Date.now() + ttl * 1000;
}

const wrong = (document: Record<string, unknown>, member: string): Problem =>
  new Problem('unprocessable', `a node of the document has no right ${member}`, {
    detail: JSON.stringify(document).slice(0, 200),
    pointer: member,
  });
