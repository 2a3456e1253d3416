/** One value of one row of a batch, written and marked as present. */
import { type BatchColumn, setPresent, setTimestamp } from './batch.ts';

/** Writes a value of 8 bits. */
export const setSmall = (column: BatchColumn, row: number, value: number): void => {
  column.u8[row] = value;
  setPresent(column, row);
};

/** Writes a value of 16 bits. */
export const setShort = (column: BatchColumn, row: number, value: number): void => {
  column.u16[row] = value;
  setPresent(column, row);
};

/** Writes a value of 32 bits. */
export const setWord = (column: BatchColumn, row: number, value: number): void => {
  column.u32[row] = value;
  setPresent(column, row);
};

/** Writes both halves of a 64-bit value, and marks nothing: for columns that are never NULL, or filled at once. */
export const setHalves = (column: BatchColumn, row: number, high: number, low: number): void => {
  column.u32[row * 2] = low;
  column.u32[row * 2 + 1] = high;
};

/** Seconds that a signed 64-bit count of nanoseconds holds on each side of 1970: the years 1677 to 2262. */
export const timestampSeconds = 9_223_372_035;

/** A time outside of the column's range stays NULL; `time` has its seconds all the same. */
export const setTime = (column: BatchColumn, row: number, seconds: number, nanos: number): void => {
  if (Math.abs(seconds) > timestampSeconds) return;
  setTimestamp(column, row, seconds, nanos);
  setPresent(column, row);
};
