/**
 * LANL lines, from one to the next, into a block of rows, with the code of each text in place of the text. Commas are looked for in 64 octets at
 * once, and digits are added up eight at a time. Only lines that are plainly right are taken, and whose texts are known; at the first of any
 * other kind it stops, and `lanl.ts` decides.
 */
import {
  type i32,
  type i64,
  load8,
  load32,
  load64,
  matches16,
  store8,
  store32,
  store64,
  toI32,
  toI64,
  trailingZeros,
} from '../../meter/kernel/words.ts';
import { block, carriageReturn, codeColumn, comma, keyOctets, lineFeed, lines, mostLines, reading } from './layout.ts';
import { readNumber } from './read-numbers.ts';
import { lookUp, readSerial, readText, touch } from './read-texts.ts';

/** Which of 64 octets are commas, a bit each from the lowest. */
const commasFrom = (at: i32): i64 =>
  toI64(matches16(at, comma) | (matches16(at + 16, comma) << 16)) |
  (toI64(matches16(at + 32, comma) | (matches16(at + 48, comma) << 16)) << 32n);

/** Where the LF of the last field stands, which is a number; 0 where it is too long for one. */
const feedFrom = (at: i32): i32 => {
  const found = matches16(at, lineFeed);
  return found === 0 ? 0 : at + toI32(trailingZeros(toI64(found)));
};

/** Whether the flow of a row ends in time; if so it is counted. */
const finish = (pair: i32): boolean => {
  const time = load64(pair + block.time);
  if (time + load64(pair + block.duration) > load64(reading.lastSecond)) return false;
  if (time < load64(reading.time)) store32(reading.unordered, load32(reading.unordered) + 1);
  store64(reading.time, time);
  const line = load64(reading.line) + 1n;
  store64(reading.line, line);
  store64(pair + block.id, line);
  return true;
};

/**
 * The line at `start`, of eleven columns or of nine and maybe an id, into `row` but for texts that are to be looked up, whose keys are added at
 * `reading.key`. Answers where the next one begins, or 0.
 */
export function readLine(start: i32, row: i32, isBiflow: i32, withId: i32): i32 {
  const batch = load32(reading.batch);
  const pair = batch + (row << 3);
  const word = batch + (row << 2);
  const least = isBiflow ? 0n : 1n;
  let at = start;
  let base = start;
  let commas = commasFrom(start);
  /** Where the field at hand ends; 64 octets behind where it began if it does not. */
  const nextComma = (): i32 => {
    if (commas === 0n) {
      base = at;
      commas = commasFrom(at);
    }
    const end = base + toI32(trailingZeros(commas));
    commas = commas & (commas - 1n);
    return end;
  };
  const number = (from: i64, to: i32): boolean => {
    const end = nextComma();
    const isRight = readNumber(at, end, from, to);
    at = end + 1;
    return isRight;
  };
  const text = (place: i32): boolean => {
    const end = nextComma();
    const code = readSerial(at, end, place & 1);
    const column = word + place * codeColumn + block.source;
    let isRight = true;
    if (code !== 0) store32(column, code);
    else {
      const key = load32(reading.key);
      isRight = readText(at, end, place & 1, key, column);
      store32(reading.key, key + keyOctets);
    }
    at = end + 1;
    return isRight;
  };
  const lastNumber = (to: i32): boolean => {
    const feed = feedFrom(at);
    const isRight = feed !== 0 && readNumber(at, load8(feed - 1) === carriageReturn ? feed - 1 : feed, 0n, to);
    at = feed + 1;
    return isRight;
  };

  if (withId && !number(0n, reading.value)) return 0;
  if (!number(least, pair + block.time)) return 0;
  if (!number(0n, pair + block.duration)) return 0;
  if (!text(0)) return 0;
  if (!isBiflow && !text(1)) return 0;
  if (!text(2)) return 0;
  if (!isBiflow && !text(3)) return 0;
  if (!number(0n, reading.value) || load64(reading.value) > 255n) return 0;
  store8(batch + row + block.protocol, load32(reading.value));
  if (isBiflow && !text(1)) return 0;
  if (isBiflow && !text(3)) return 0;
  if (!number(least, pair + block.packets)) return 0;
  if (isBiflow && !number(0n, pair + block.revPackets)) return 0;
  if (isBiflow && !number(0n, pair + block.octets)) return 0;
  if (!lastNumber(isBiflow ? pair + block.revOctets : pair + block.octets)) return 0;
  return at;
}

/** Reads the lines from `from` on, up to `end`, into rows below `rows`; answers where the first begins that was not taken. */
export function readLines(from: i32, end: i32, rows: i32, isBiflow: i32, withId: i32): i32 {
  let at = from;
  let row = load32(reading.row);
  // Few at first: where a text is new, what was read behind it is read again.
  let most = 2;
  let next = at;
  while (at < end && row < rows && next !== 0) {
    let count = 0;
    store32(reading.key, lines.keys);
    while (count < most && at < end && row + count < rows) {
      const keys = load32(reading.key);
      next = readLine(at, row + count, isBiflow, withId);
      if (next === 0) {
        store32(reading.key, keys);
        break;
      }
      store32(lines.starts + (count << 2), at);
      store32(lines.keyEnds + (count << 2), load32(reading.key));
      at = next;
      count += 1;
    }
    touch(lines.keys, load32(reading.key));
    let key = lines.keys;
    let done = 0;
    while (done < count) {
      const keyEnd = load32(lines.keyEnds + (done << 2));
      if (!lookUp(key, keyEnd) || !finish(load32(reading.batch) + (row << 3))) {
        store32(reading.row, row);
        return load32(lines.starts + (done << 2));
      }
      key = keyEnd;
      done += 1;
      row += 1;
    }
    if (most < mostLines) most = most + most;
  }
  store32(reading.row, row);
  return at;
}
