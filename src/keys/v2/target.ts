/** Where a request goes: the rules of Go's server and its path multiplexer, from the raw request target. */
import type { Path } from '../tree/path.ts';
import { BadEscape, escapePath, unescapePath } from './escape.ts';

/** What a target names; paths and queries are binary strings. */
export type Target =
  | { kind: 'keys'; path: Path; query: string }
  | { kind: 'page'; path: string; query: string }
  | { kind: 'moved'; location: string }
  | { kind: 'malformed' };

const keysPrefix = '/v2/keys';

/** Reads a request target in origin form or absolute form (RFC 9112 section 3.2). */
export function readTarget(target: string): Target {
  const origin = target.charCodeAt(0) === 0x2f ? target : originOf(target);
  if (origin === undefined) return { kind: 'malformed' };
  const mark = origin.indexOf('?');
  const query = mark === -1 ? '' : origin.slice(mark + 1);
  const path = unescapePath(mark === -1 ? origin : origin.slice(0, mark));
  if (path instanceof BadEscape) return { kind: 'malformed' };
  if (unclean.test(path)) return { kind: 'moved', location: locationOf(path, query) };
  if (path.startsWith(keysPrefix) && (path.length === keysPrefix.length || path.charCodeAt(keysPrefix.length) === 0x2f))
    return { kind: 'keys', path: keyOf(path), query };
  return { kind: 'page', path, query };
}

const unclean = /\/\/|\/\.\.?(?:\/|$)/;

function originOf(target: string): string | undefined {
  const match = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*(.*)$/s.exec(target);
  if (match === null) return target === '*' ? '*' : undefined;
  const rest = match[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function keyOf(path: string): Path {
  const end = path.length > keysPrefix.length + 1 && path.charCodeAt(path.length - 1) === 0x2f ? path.length - 1 : path.length;
  const key = path.slice(keysPrefix.length, end);
  return key === '' ? '/' : key;
}

function locationOf(path: string, query: string): string {
  const clean = escapePath(cleanPath(path));
  return query === '' ? clean : `${clean}?${query}`;
}

/** Without empty segments and dots; a slash at the end stays. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}
