/**
 * What happens to a row that a text importer cannot take: by default the first one ends the import, with `--skip-bad`
 * it is counted and the first hundred are listed. One policy for all text formats, so that messages read alike.
 */
import { Problem } from '../../core/problem.ts';

/** Bad rows that are kept with their reason; later ones are only counted. */
export const keptBadRows = 100;

const shownChars = 80;

/** Why a row was refused. Numbers count from 1; `value` is the offending text as it stands in the file. */
export type RowFault = {
  /** The line of the (decompressed) file; for a JSON array the element. */
  readonly line: number;
  readonly column?: number | undefined;
  readonly name?: string | undefined;
  readonly value?: string | undefined;
  readonly expected: string;
  /** What was found, in words; by default the quoted `value`. */
  readonly got?: string | undefined;
  /** What `line` counts: by default lines. */
  readonly unit?: 'line' | 'element' | undefined;
};

/** A bad row as it is listed after the import. */
export type BadRow = { readonly line: number; readonly reason: string };

/** The first 80 characters of a value, with an ellipsis where something was cut. */
export const cutValue = (value: string): string => (value.length > shownChars ? `${value.slice(0, shownChars)}…` : value);

/** One sentence for people: `line 17, column 8 (packet count): expected a whole number, got "-3"`. */
export const reasonOf = ({ line, column, name, value, expected, got, unit = 'line' }: RowFault): string => {
  const label = name === undefined ? '' : column === undefined ? `, ${name}` : ` (${name})`;
  const place = column === undefined ? label : `, column ${column}${label}`;
  const found = got ?? (value === '' ? 'nothing' : JSON.stringify(cutValue(value ?? '')));
  return `${unit} ${line}${place}: expected ${expected}, got ${found}`;
};

const factsOf = ({ line, column, name, value, expected }: RowFault): Record<string, unknown> =>
  JSON.parse(JSON.stringify({ line, column, name, value: value === undefined ? undefined : cutValue(value), expected }));

/**
 * The bad rows of one file. `skipBad`: false stops at the first, true never stops, a number N stops at bad row N + 1
 * (0 is false). Stopping is a Problem `unprocessable`.
 */
export class BadRows {
  /** Bad rows that may be skipped before the import stops. */
  readonly limit: number;
  count = 0;
  /** The first `keptBadRows` of them, in order of the file. */
  readonly kept: BadRow[] = [];

  constructor(skipBad: number | boolean = false) {
    this.limit = typeof skipBad === 'number' ? skipBad : skipBad ? Number.POSITIVE_INFINITY : 0;
  }

  /** Counts one; throws when it is one too many. */
  add(fault: RowFault): void {
    this.count++;
    if (this.count > this.limit) throw this.#problem(fault);
    if (this.kept.length < keptBadRows) this.kept.push({ line: fault.line, reason: reasonOf(fault) });
  }

  #problem(fault: RowFault): Problem {
    const reason = reasonOf(fault);
    if (this.limit === 0) {
      return new Problem('unprocessable', reason, {
        hint: '--skip-bad goes on past bad rows, counts and lists them',
        facts: factsOf(fault),
      });
    }
    return new Problem('unprocessable', `bad row ${this.count}, where --skip-bad=${this.limit} allows ${this.limit}: ${reason}`, {
      facts: { ...factsOf(fault), badRows: this.count, limit: this.limit, first: this.kept },
    });
  }
}
