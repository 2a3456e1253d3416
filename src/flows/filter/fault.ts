/** The one way a filter is refused: the column, what was expected there, what stood there, and a caret under it. */
import { Problem } from '../../core/problem.ts';

/** How much of a filter a person has to write down or the machine to bear. */
export type FilterLimits = {
  /** Octets of UTF-8. */
  readonly octets: number;
  /** Parentheses and `not` inside each other: the parser and DuckDB's planner both recurse. */
  readonly depth: number;
  /** Values of one list. */
  readonly items: number;
};

export const filterLimits: FilterLimits = { octets: 16 * 1024, depth: 100, items: 10_000 };

/** What a fault needs to know of a token. */
export type Place = { readonly offset: number; readonly text: string; readonly isEnd: boolean };

/** `expected ..., got ...` at a place of the filter. */
export const expectedAt = (filter: string, place: Place, expected: string | readonly string[], hint?: string): Problem => {
  const list = typeof expected === 'string' ? [expected] : expected;
  const got = place.isEnd ? 'the end' : quote(place.text);
  return faultAt(
    filter,
    place,
    `expected ${enumerate(list)}, got ${got}`,
    { expected: list, got: place.isEnd ? null : cut(place.text) },
    hint,
  );
};

/** Any other complaint about a place of the filter. */
export const faultAt = (filter: string, place: Place, complaint: string, facts: Record<string, unknown> = {}, hint?: string): Problem => {
  // Columns count characters, as an editor shows them, and not UTF-16 units.
  const column = [...filter.slice(0, place.offset)].length + 1;
  return new Problem('invalid', `filter column ${column}: ${complaint}`, {
    detail: pointAt(filter, column),
    pointer: 'filter',
    facts: { column, ...facts },
    ...(hint !== undefined && { hint }),
  });
};

export const tooLong = (octets: number, limit: number): Problem =>
  new Problem('invalid', `a filter may have ${limit} octets, this one has ${octets}`, {
    pointer: 'filter',
    facts: { octets, limit },
    hint: 'Use net or ranges in place of long lists.',
  });

/** `a`, `a or b`, `and/or`, `and/or or ")"`. */
const enumerate = (words: readonly string[]): string => {
  const phrases = words.map((word) => (/^[^\w\s]+$/.test(word) ? JSON.stringify(word) : word));
  if (phrases[0] === 'and' && phrases[1] === 'or') phrases.splice(0, 2, 'and/or');
  return phrases.length < 2 ? (phrases[0] ?? '') : `${phrases.slice(0, -1).join(', ')} or ${phrases.at(-1)}`;
};

const widest = 40;

/** The filter around the column, on one line, and a line with a caret. */
const pointAt = (filter: string, column: number): string => {
  const characters = [...filter.replace(/[^\P{C}]/gu, ' ')];
  const start = Math.max(0, column - 1 - widest);
  const end = Math.min(characters.length, column - 1 + widest);
  const before = start > 0 ? '…' : '';
  const line = before + characters.slice(start, end).join('') + (end < characters.length ? '…' : '');
  return `${line}\n${' '.repeat(before.length + column - 1 - start)}^`;
};

const cut = (text: string): string => (text.length > widest ? `${text.slice(0, widest)}…` : text);
const quote = (text: string): string => JSON.stringify(cut(text));
