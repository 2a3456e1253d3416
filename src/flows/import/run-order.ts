/** The order by time of a run that did not come in it: rows are named by batch and row, and nothing of them is moved. */
import { batchRows, type FlowBatch } from '../batch.ts';
import { longAt } from './run-survey.ts';

/** Where a row of a run lies: `batch * batchRows + row`. */
export type RowPlace = number;

const digitBits = 16;
const digits = 2 ** digitBits;

/**
 * The places of all rows, sorted by `time`; rows of one second stay as they came, which is in order of `id`. A radix sort
 * from the lowest digit: one pass for a run of up to 18 hours, four at most for any times that a row may have.
 */
export const orderByTime = (batches: readonly FlowBatch[]): Uint32Array<ArrayBuffer> => {
  const { places, times, span } = timesOf(batches);
  return sortByTime(places, times, span);
};

/** Sorts places by their times, which are found by place: whole seconds from 0 to `span`. */
const sortByTime = (places: Uint32Array<ArrayBuffer>, times: Float64Array, span: number): Uint32Array<ArrayBuffer> => {
  let from = places;
  let to = new Uint32Array(places.length);
  for (let unit = 1; unit <= span; unit *= digits) {
    sortByDigit(from, to, times, unit);
    [from, to] = [to, from];
  }
  return from;
};

/** The places of all rows as they came. */
export const orderAsTheyLie = (batches: readonly FlowBatch[]): Uint32Array<ArrayBuffer> => {
  const places = new Uint32Array(batches.reduce((sum, batch) => sum + batch.count, 0));
  let count = 0;
  for (const [at, batch] of batches.entries()) for (let row = 0; row < batch.count; row++) places[count++] = at * batchRows + row;
  return places;
};

/** All places as they came, with the time of each as seconds after the earliest, found by place; `span` is the greatest of them. */
const timesOf = (batches: readonly FlowBatch[]): { places: Uint32Array<ArrayBuffer>; times: Float64Array; span: number } => {
  const places = new Uint32Array(batches.reduce((sum, batch) => sum + batch.count, 0));
  const times = new Float64Array(batches.length * batchRows);
  let count = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const [at, batch] of batches.entries()) {
    const { u32 } = batch.column('time');
    for (let row = 0; row < batch.count; row++) {
      const place: RowPlace = at * batchRows + row;
      const time = longAt(u32, row);
      if (time < first) first = time;
      if (time > last) last = time;
      places[count++] = place;
      times[place] = time;
    }
  }
  for (const place of places) times[place]! -= first;
  return { places, times, span: last - first };
};

/** One pass: puts places in order of one digit of their times, and leaves those with the same digit as they are. */
const sortByDigit = (from: Uint32Array, to: Uint32Array, times: Float64Array, unit: number): void => {
  const next = new Uint32Array(digits + 1);
  for (let i = 0; i < from.length; i++) next[digitOf(times[from[i]!]!, unit) + 1]!++;
  for (let digit = 0; digit < digits; digit++) next[digit + 1]! += next[digit]!;
  for (let i = 0; i < from.length; i++) to[next[digitOf(times[from[i]!]!, unit)]!++] = from[i]!;
};

const digitOf = (time: number, unit: number): number => Math.floor(time / unit) % digits;
