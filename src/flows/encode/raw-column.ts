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

/** One column of a chunk. `u8`, `u16` and `u32` show the same memory; `validity` has a bit a row (1 = present), null = no NULL. */
export type RawColumn = {
  readonly type: ColumnType;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly validity: Uint8Array | null;
  /** Texts longer than 12 octets; null where the column has none. */
  readonly longTexts: LongTexts | null;
};

/** Whether the value of `row` is not NULL. */
export const isPresent = (column: RawColumn, row: number): boolean =>
  column.validity === null || (column.validity[row >> 3]! & (1 << (row & 7))) !== 0;
