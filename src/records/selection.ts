import { Problem } from '../core/problem.ts';
import type { JsonRecord } from './record.ts';

/** Which records of a collection are wanted, and in which order. */
export type Selection = {
  /** Members (paths with dots) and the texts that their values must have; several texts are alternatives. */
  readonly equals: readonly (readonly [path: string, texts: readonly string[]])[];
  /** Text that some value of the record must contain, without case. */
  readonly text: string | undefined;
  /** Members to sort by, `-` before those that fall. Always ends with the id. */
  readonly order: readonly string[];
};

/** Names in a query that are not members. A member of such a name is asked for as `.page`. */
const reservedWords = ['page', 'per_page', 'cursor', 'sort', 'q'] as const;

/** Reads a query: `userId=1&completed=false&sort=-title&q=milk`. Throws `invalid`. */
export function selectionOf(query: Record<string, unknown>): Selection {
  const equals: [string, string[]][] = [];
  for (const [name, value] of Object.entries(query)) {
    if ((reservedWords as readonly string[]).includes(name)) continue;
    equals.push([name.startsWith('.') ? name.slice(1) : name, [value].flat().map(String)]);
  }
  if (equals.length > 20) throw new Problem('invalid', 'A query names 20 members at most.');
  return { equals, text: typeof query.q === 'string' && query.q !== '' ? query.q.toLowerCase() : undefined, order: orderOf(query.sort) };
}

/** The records that a selection wants, in its order. */
export function select(records: readonly JsonRecord[], { equals, text, order }: Selection): JsonRecord[] {
  const wanted = records.filter(
    (record) =>
      equals.every(([path, texts]) => texts.includes(textOf(valueAt(record, path)))) &&
      (text === undefined || JSON.stringify(record).toLowerCase().includes(text)),
  );
  if (order.length === 0) return wanted;
  return wanted.sort((a, b) => compareBy(order, a, b));
}

function orderOf(sort: unknown): string[] {
  if (sort === undefined || sort === '') return [];
  const members = String(sort).split(',');
  if (members.some((member) => !/^-?[^-].*$/.test(member))) {
    throw new Problem('invalid', 'That is no order.', {
      detail: 'expected members separated by commas, - before those that fall',
      pointer: 'sort',
    });
  }
  return members;
}

function compareBy(order: readonly string[], a: JsonRecord, b: JsonRecord): number {
  for (const member of order) {
    const falls = member.startsWith('-');
    const path = falls ? member.slice(1) : member;
    const way = compare(valueAt(a, path), valueAt(b, path));
    if (way !== 0) return falls ? -way : way;
  }
  return a.id - b.id;
}

// Numbers before texts before everything else; what is missing comes last.
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const rank = (value: unknown) => (typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : value === undefined ? 3 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const [one, other] = [textOf(a), textOf(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

const textOf = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));

/** The value at a path of members; a whole path that is itself a member wins. */
function valueAt(record: JsonRecord, path: string): unknown {
  if (Object.hasOwn(record, path)) return record[path];
  let value: unknown = record;
  for (const member of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}
