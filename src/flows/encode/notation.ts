import type { EncodedField } from './field.ts';

/** How one field is written in each row. */
export type CellNotation = {
  readonly field: EncodedField;
  /** Before and after a value. */
  readonly prefix: string;
  readonly suffix: string;
  /** What stands in the place of prefix, value and suffix when the value is NULL. */
  readonly absent: string;
};

/**
 * A format of text, as data: the octets around rows and values, and how a text is escaped. What `RowEncoder` needs to
 * know of JSON, XML or CSV is here, so that one loop serves them all.
 */
export type Notation = {
  /** Goes out first, whatever follows. */
  readonly head: string;
  /** Opens the first row, and every other. */
  readonly firstStart: string;
  readonly rowStart: string;
  readonly rowEnd: string;
  /** Follows the last row, or the head where there is no row. */
  readonly tail: string;
  readonly emptyTail: string;
  readonly cells: readonly CellNotation[];
  /** Up to four octets of UTF-8 that, like all controls (0 to 31), send the text that has them through `escape`. */
  readonly escaped: readonly number[];
  /** Whether an empty text goes through `escape` as well. */
  readonly escapesEmpty: boolean;
  /** Writes `bytes[start, start + length)` escaped at `at`, at most 6 octets for each and 2 more; returns the position behind. */
  escape(target: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): number;
};
