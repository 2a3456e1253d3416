/** Values of a batch's columns as exports have them: one value each for many rows, straight from the records of a set. */
import type { BatchColumn } from '../batch.ts';
import { readHigh, readLow } from './number.ts';

/** Records that lie one behind the other: where the field begins in the first, octets from one to the next, and how many. */
export type Stride = { at: number; stride: number; count: number };

/** Marks rows `from` to `to` (exclusive) as present. */
export const markPresent = (column: BatchColumn, from: number, to: number): void => {
  const validity = column.validity as Uint8Array;
  for (let row = from; row < to; row++) {
    if ((row & 7) === 0 && to - row >= 8) {
      validity[row >> 3] = 255;
      row += 7;
    } else validity[row >> 3]! |= 1 << (row & 7);
  }
};

/** Copies a number of `length` octets of each record into a column of 1 to 8 octets; what does not fit is cut to its low bits. */
export const copyNumbers = (column: BatchColumn, row: number, view: DataView, { at, stride, count }: Stride, length: number): void => {
  const { width, u8, u16, u32 } = column;
  if (width === 1) for (let i = 0, from = at; i < count; i++, from += stride) u8[row + i] = readLow(view, from, length);
  else if (width === 2) for (let i = 0, from = at; i < count; i++, from += stride) u16[row + i] = readLow(view, from, length);
  else if (width === 4) for (let i = 0, from = at; i < count; i++, from += stride) u32[row + i] = readLow(view, from, length);
  else copyLongs(u32, row, view, { at, stride, count }, length);
  if (column.validity !== undefined) markPresent(column, row, row + count);
};

const copyLongs = (u32: Uint32Array, row: number, view: DataView, { at, stride, count }: Stride, length: number): void => {
  for (let i = 0, from = at, word = row * 2; i < count; i++, from += stride, word += 2) {
    u32[word] = readLow(view, from, length);
    u32[word + 1] = readHigh(view, from, length);
  }
};

/** Fills rows of a column of 1 to 8 octets with one value below 2^32. */
export const fillNumber = (column: BatchColumn, from: number, to: number, value: number): void => {
  const { width, u8, u16, u32 } = column;
  if (width === 1) u8.fill(value, from, to);
  else if (width === 2) u16.fill(value, from, to);
  else if (width === 4) u32.fill(value, from, to);
  else
    for (let row = from; row < to; row++) {
      u32[row * 2] = value;
      u32[row * 2 + 1] = 0;
    }
  if (column.validity !== undefined) markPresent(column, from, to);
};

/** Copies the text of another row of the same batch. */
export const copyText = ({ u32 }: BatchColumn, row: number, from: number): void => {
  u32[row * 4] = u32[from * 4]!;
  u32[row * 4 + 1] = u32[from * 4 + 1]!;
  u32[row * 4 + 2] = u32[from * 4 + 2]!;
  u32[row * 4 + 3] = u32[from * 4 + 3]!;
};
