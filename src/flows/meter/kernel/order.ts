/** The order of records by time: whole seconds, those of one second as they came. A radix sort from the lowest digit, as import/run-order.ts does it for rows. */
import { columnOf } from './columns.ts';
import { digits } from './constants.ts';
import { encoding, recordAt } from './layout.ts';
import { type f64, floor, type i32, load32, loadF64, store32, storeF64, toUnsigned } from './words.ts';

/** Notes the least and the greatest of so many times; answers whether they do not fall. */
const surveyTimes = (column: i32, count: i32): boolean => {
  let before = loadF64(column);
  let least = before;
  let most = before;
  let isSorted = 1;
  let i = 1;
  while (i < count) {
    const time = loadF64(column + (i << 3));
    if (time < before) isSorted = 0;
    if (time < least) least = time;
    if (time > most) most = time;
    before = time;
    i += 1;
  }
  storeF64(encoding.least, least);
  storeF64(encoding.most, most);
  return isSorted !== 0;
};

/** The counter of a digit of the time at a place. */
const counterOf = (column: i32, place: i32, unit: f64): i32 => {
  const units = floor((loadF64(column + (place << 3)) - loadF64(encoding.least)) / unit);
  return encoding.table + (toUnsigned(units - floor(units / digits) * digits) << 2);
};

/** One pass: puts so many places in order of one digit of their times, and leaves those with the same digit as they are. */
const sortByDigit = (from: i32, to: i32, count: i32, column: i32, unit: f64): void => {
  const end = from + (count << 2);
  let at = from;
  while (at < end) {
    const counter = counterOf(column, load32(at), unit);
    store32(counter, load32(counter) + 1);
    at += 4;
  }
  let place = to;
  let counter: i32 = encoding.table;
  while (counter < encoding.table + digits * 4) {
    const octets = load32(counter) << 2;
    store32(counter, place);
    place += octets;
    counter += 4;
  }
  at = from;
  while (at < end) {
    const next = counterOf(column, load32(at), unit);
    store32(load32(next), load32(at));
    store32(next, load32(next) + 4);
    at += 4;
  }
  counter = encoding.table;
  while (counter < encoding.table + digits * 4) {
    storeF64(counter, 0);
    counter += 8;
  }
};

/** Puts the places of so many records in order of time, and notes the least and the greatest time; answers where they lie. */
export function orderByTime(count: i32): i32 {
  const column = columnOf(recordAt.start);
  let from: i32 = encoding.chosen;
  let to: i32 = encoding.codes;
  let i = 0;
  while (i < count) {
    store32(from + (i << 2), i);
    i += 1;
  }
  if (surveyTimes(column, count)) return from;
  const span = loadF64(encoding.most) - loadF64(encoding.least);
  let unit: f64 = 1;
  while (unit <= span) {
    sortByDigit(from, to, count, column, unit);
    const other = from;
    from = to;
    to = other;
    unit = unit * digits;
  }
  return from;
}
