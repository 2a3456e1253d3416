import { Problem } from '../core/problem.ts';

/** A record: any JSON object, with the integer `id` that the collection gave it. */
export type JsonRecord = { id: number; [member: string]: unknown };

/** A record without its id, as a client sends it. */
export type Draft = Record<string, unknown>;

const largestId = Number.MAX_SAFE_INTEGER;

/** The key of an id: twenty digits, so that the order of keys is that of ids. */
export const keyOf = (id: number): string => String(id).padStart(20, '0');

/** The id that a path or a body names. Throws `invalid`. */
export function readId(text: string | number): number {
  const id = Number(text);
  if (!/^\d{1,16}$/.test(String(text)) || id < 1 || id > largestId) {
    throw new Problem('invalid', 'That is no id of a record.', { detail: 'expected a whole number from 1 up', pointer: 'id' });
  }
  return id;
}

/** The object that a body is. Throws `unprocessable` when it is something else. */
export function draftOf(body: unknown): Draft {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Draft;
  const kind = body === null ? 'null' : Array.isArray(body) ? 'a list' : `a ${typeof body}`;
  throw new Problem('unprocessable', 'A record is a JSON object.', { detail: `got ${kind}`, pointer: '' });
}

/** The record of a draft and its id; the id stands last, as JSONPlaceholder has it, unless the draft named it. */
export const recordOf = (draft: Draft, id: number): JsonRecord => ({ ...draft, id });
