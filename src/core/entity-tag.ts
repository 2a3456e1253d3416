/** Versions of a resource over HTTP: entity tags and the conditions on them (RFC 9110 sections 8.8.3 and 13.1). */
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem.ts';

/** The strong entity tag of a version. */
export const tagOfVersion = (version: number | string): string => `"${version}"`;

/** Throws `precondition-failed` when `If-Match` is there and does not name the tag. A weak tag matches nothing. */
export function requireMatch({ 'if-match': expected }: IncomingHttpHeaders, tag: string): void {
  if (expected === undefined) return;
  const tags = readTags(expected);
  if (tags === '*' || tags.includes(tag)) return;
  throw new Problem('precondition-failed', 'This has been changed meanwhile.', {
    detail: `expected ${expected}, it is ${tag}`,
    hint: 'GET it again, then send the change with its new ETag',
    pointer: 'if-match',
  });
}

/** As `requireMatch`, for resources that nobody may change blindly: without `If-Match` it throws `precondition-required` (RFC 6585). */
export function requireCondition(headers: IncomingHttpHeaders, tag: string): void {
  if (headers['if-match'] === undefined) {
    throw new Problem('precondition-required', 'Say which version you have seen.', {
      hint: 'GET it first, then send the change with If-Match: and its ETag',
      pointer: 'if-match',
    });
  }
  requireMatch(headers, tag);
}

/** True when `If-Match` says that any version will do, as long as there is one. */
export const isAnyVersion = ({ 'if-match': expected }: IncomingHttpHeaders): boolean =>
  expected !== undefined && readTags(expected) === '*';

/** True when `If-None-Match` says that the client already has this version: the answer to a GET is then 304. */
export function isKnownTag({ 'if-none-match': known }: IncomingHttpHeaders, tag: string): boolean {
  if (known === undefined) return false;
  const tags = readTags(known);
  return tags === '*' || tags.some((one) => weak(one) === weak(tag));
}

const weak = (tag: string): string => tag.replace(/^W\//, '');
const readTags = (header: string): '*' | string[] => (header.trim() === '*' ? '*' : header.split(',').map((tag) => tag.trim()));
