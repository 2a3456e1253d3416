/**
 * Columns of a chunk of rows as typed arrays, as the encoders read them. A text is 16 octets, as DuckDB has it: a 32-bit length,
 * then up to 12 octets in place and zeros behind them; of a longer text the first 4 octets are there, and the rest of the
 * entry tells the column where the text lies.
 */
import type { ColumnType } from '../schema.ts';

/** Octets of one value. */
export const widths: Readonly<Record<ColumnType, number>> = {
  BIGINT: 8,
  UBIGINT: 8,
  TIMESTAMP_NS: 8,
  TIMESTAMP: 8,
  UINTEGER: 4,
  USMALLINT: 2,
  UTINYINT: 1,
  VARCHAR: 16,
};

/** Octets of a text that are kept in place. */
export const inlineOctets = 12;

/** The texts of a column that are longer than `inlineOctets`. */
export type LongTexts = {
  /** Octets among which the text that `locate` found lies, and where it begins. */
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Sets `bytes` and `at` to the text of `row`, which must be longer than 12 octets and not NULL. */
  locate(row: number): void;
};

/** Distinct values, each as its 32-bit words: one, two, or the four of a text. Another object where the values are others. */
export type Entries = {
  readonly words: Uint32Array;
  readonly size: number;
  /** Octets in which texts lie that are longer than `inlineOctets`; undefined where none is. */
  readonly heap: Uint8Array | undefined;
  /** For about how many rows they stand: what is made for each entry is worth it where they are fewer. */
  readonly rows: number;
};

/** Values by a dictionary: that of a row is the entry `codes[row]`. Codes and words lie in the memory of the kernel. */
export type Coded = { readonly codes: Uint32Array; readonly entries: Entries };

/** Texts that lie one behind the other, their lengths in the memory of the kernel: that of the first row begins at `bytes[at]` and has `lengths[first]` octets. */
export type Joined = { readonly bytes: Uint8Array; readonly at: number; readonly lengths: Uint32Array; readonly first: number };

/** One column of a chunk. `u8`, `u16` and `u32` show the same memory; `validity` has a bit a row (1 = present), null = no NULL. */
export type RawColumn = {
  readonly type: ColumnType;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly validity: Uint8Array | null;
  /** Texts longer than 12 octets; null where the column has none. */
  readonly longTexts: LongTexts | null;
  /** The values where they are in a dictionary and none is NULL. The arrays have them only after `expand`. */
  readonly coded: Coded | null;
  /** The texts where they lie one behind the other and none is NULL; likewise. */
  readonly joined: Joined | null;
  /** Sees to it that the arrays have the values. */
  expand(): void;
};

/** Whether the value of `row` is not NULL. */
export const isPresent = (column: RawColumn, row: number): boolean =>
  column.validity === null || (column.validity[row >> 3]! & (1 << (row & 7))) !== 0;
