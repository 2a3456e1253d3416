import { isUtf8 } from 'node:buffer';
import { type KeyNode, noValue } from '../tree/node.ts';
import { type Path, pathOf, textOf } from '../tree/path.ts';

/** A node as the v2 wire has it. `base64` and `keyBase64` are Weir's own, for what is not UTF-8 (asked for by `exact=true`). */
export type WireNode = {
  key?: string;
  keyBase64?: string;
  value?: string;
  base64?: string;
  dir?: boolean;
  ttl?: number;
  expiration?: string;
  nodes?: WireNode[];
  createdIndex?: number;
  modifiedIndex?: number;
};

/** The node, its deadline by the clock of this machine; `now` is when the answer came, milliseconds since the epoch. */
export function fromWire(node: WireNode, now: number): KeyNode {
  const { key = '/', keyBase64, value = '', base64, dir = false, createdIndex = 0, modifiedIndex = 0 } = node;
  return {
    path: keyBase64 === undefined ? pathOf(key) : Buffer.from(keyBase64, 'base64').toString('latin1'),
    isDir: dir,
    value: dir ? noValue : base64 === undefined ? Buffer.from(value) : Buffer.from(base64, 'base64'),
    created: createdIndex,
    modified: modifiedIndex,
    deadline: deadlineOf(node, now),
  };
}

/**
 * `expiration` is exact but by the server's clock; `ttl` is what is left, rounded up to whole seconds. Where the clocks agree
 * the first is taken, else the second.
 */
function deadlineOf({ ttl = 0, expiration }: WireNode, now: number): number {
  if (expiration === undefined) return 0;
  const told = Math.max(1, Date.parse(expiration));
  const left = now + ttl * 1000;
  const agrees = told <= left + 1000 && told >= left - 2000;
  return agrees ? told : left;
}

/** All nodes below one that was read with its `nodes`, by depth, then in byte order. */
export function below(node: WireNode, now: number): KeyNode[] {
  const found: KeyNode[] = [];
  let level = node.nodes ?? [];
  while (level.length > 0) {
    const nodes = level.map((each) => fromWire(each, now));
    found.push(...nodes.sort((a, b) => (a.path < b.path ? -1 : 1)));
    level = level.flatMap((each) => each.nodes ?? []);
  }
  return found;
}

/** The bytes as text, or undefined when they are not UTF-8. */
export const utf8Of = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8') : undefined;

/** The path as text, or undefined when it is not UTF-8. */
export const utf8Path = (path: Path): string | undefined => (isUtf8(Buffer.from(path, 'latin1')) ? textOf(path) : undefined);

/** A path as it stands in a URL: all but the unreserved characters of RFC 3986 escaped, byte by byte. */
export const urlPath = (path: Path): string => path.replace(/[^A-Za-z0-9\-._~/]/g, escapeByte);

/** Bytes as a value of a form: escaped as `urlPath` does. */
export function formValue(bytes: Uint8Array): string {
  const text = utf8Of(bytes);
  if (text !== undefined) return encodeURIComponent(text);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/[^A-Za-z0-9\-._~]/g, escapeByte);
}

const escapeByte = (byte: string): string => `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
