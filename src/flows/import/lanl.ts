/**
 * The LANL flow files, bytes to columns. Most lines are plainly right and take the quick way of `lanl-quick.ts`; whatever
 * that does not like (a number of more than nine digits, a name that is not ASCII, a fault) it leaves to `lanl-row.ts`,
 * which knows all rules.
 */
import { Problem } from '../../core/problem.ts';
import type { FlowBatch } from '../batch.ts';
import { setInteger, setPresent, setTimestamp } from '../batch.ts';
import type { Emitter } from './emitter.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import type { Place } from './lanl-quick.ts';
import { markReverse, placeOf, readBiflow, readUniflow, skipId } from './lanl-quick.ts';
import { isHeading, readLanlLine, textOf } from './lanl-row.ts';
import { lineLimit } from './limits.ts';
import { LineBlocks, lineTooLong } from './lines.ts';
import type { TextParser } from './parser.ts';
import type { BadRows } from './rows.ts';

/** What a LANL parser is made of. */
export type LanlOptions = {
  readonly format: LanlFormat;
  readonly emit: Emitter;
  readonly badRows: BadRows;
  /** Unix time of the data set's second 0, in whole seconds; fills start_time and end_time. Without it they stay NULL. */
  readonly epoch?: number | undefined;
};

/** Reads one of the LANL formats; `id` of a row is the number of its line, from 1. */
export const createLanlParser = (options: LanlOptions): TextParser => new LineReader(options);

const lf = 10;
const cr = 13;
/** The last second of a TIMESTAMP_NS, in 2262. */
const lastTimestamp = 9_223_372_036;

class LineReader implements TextParser {
  lines = 0;
  rows = 0;
  unordered = 0;
  readonly #format: LanlFormat;
  readonly #emit: Emitter;
  readonly #badRows: BadRows;
  readonly #epoch: number | undefined;
  readonly #blocks = new LineBlocks(
    (bytes, start, end) => this.#take(bytes, start, end),
    () => this.lines,
  );
  #place: Place;
  #time = 0;
  /** Empty lines not yet reported: at the very end of a file they are no fault. */
  #emptyLines = 0;

  constructor({ format, emit, badRows, epoch }: LanlOptions) {
    this.#format = format;
    this.#emit = emit;
    this.#badRows = badRows;
    this.#epoch = checkEpoch(epoch);
    this.#place = placeOf(emit.batch);
  }

  push(bytes: Uint8Array): void {
    this.#blocks.push(bytes);
  }

  end(): void {
    this.#blocks.end();
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      // An open question about empty lines is settled by the careful way, which sees the next line that is none.
      const next = this.#emptyLines > 0 ? at : this.#quickRows(bytes, at, end);
      at = next < end && next >= 0 ? this.#carefulRow(bytes, next) : next;
    }
  }

  /** Reads rows until one needs care or `end`; returns where it stands. */
  #quickRows(bytes: Uint8Array, start: number, end: number): number {
    const read = this.#format === 'lanl-2017' ? readBiflow : readUniflow;
    const withId = this.#format === 'lanl-2015-id';
    let at = start;
    while (at < end) {
      const next = read(bytes, withId ? skipId(bytes, at) : at, this.#place, this.#place.batch.count);
      if (next < 0 || !this.#finishRow()) break;
      at = next;
    }
    return at;
  }

  #carefulRow(bytes: Uint8Array, start: number): number {
    const next = bytes.indexOf(lf, start) + 1;
    if (next - start > lineLimit) throw lineTooLong(this.lines + 1, bytes.subarray(start, next));
    const end = bytes[next - 2] === cr && next - 1 > start ? next - 2 : next - 1;
    if (end === start) {
      this.lines++;
      this.#emptyLines++;
      return next;
    }
    this.#reportEmptyLines();
    this.#readLine(bytes, start, end);
    return next;
  }

  #readLine(bytes: Uint8Array, start: number, end: number): void {
    const fields = lanlFields[this.#format];
    const fault = readLanlLine(fields, bytes, start, end, this.#place.batch);
    if (fault === undefined) {
      if (this.#format === 'lanl-2017') markReverse(this.#place, this.#place.batch.count);
      if (this.#finishRow()) return;
    }
    this.lines++;
    if (fault === undefined) this.#refuseTime();
    else if (this.lines > 1 || !isHeading(fields, textOf(bytes.subarray(start, end)))) this.#badRows.add({ line: this.lines, ...fault });
  }

  /** What every row gets beside its fields; false, and nothing done, where the epoch carries it past the last time stamp. */
  #finishRow(): boolean {
    const { batch, u32, time, duration } = this.#place;
    const row = batch.count;
    const seconds = (u32[time + row * 2] as number) + (u32[time + row * 2 + 1] as number) * 4294967296;
    if (this.#epoch !== undefined) {
      const first = this.#epoch + seconds;
      const last = first + (u32[duration + row * 2] as number) + (u32[duration + row * 2 + 1] as number) * 4294967296;
      if (last > lastTimestamp) return false;
      writeTimes(batch, row, first, last);
    }
    if (seconds < this.#time) this.unordered++;
    this.#time = seconds;
    setInteger(this.#place.id, row, ++this.lines);
    this.rows++;
    batch.count = row + 1;
    if (batch.isFull) this.#place = placeOf(this.#emit.full());
    return true;
  }

  #refuseTime(): void {
    const { batch, u32, time } = this.#place;
    const value = String((u32[time + batch.count * 2] as number) + (u32[time + batch.count * 2 + 1] as number) * 4294967296);
    const expected = `a time and duration that end before the year 2262 from epoch ${this.#epoch}`;
    this.#badRows.add({ line: this.lines, column: this.#format === 'lanl-2015-id' ? 2 : 1, name: 'time', value, expected });
  }

  #reportEmptyLines(): void {
    const first = this.lines - this.#emptyLines + 1;
    for (let line = first; line <= this.lines; line++) {
      this.#badRows.add({ line, expected: `${lanlFields[this.#format].length} columns`, got: 'an empty line', value: '' });
    }
    this.#emptyLines = 0;
  }
}

const checkEpoch = (epoch: number | undefined): number | undefined => {
  if (epoch === undefined || (Number.isInteger(epoch) && Math.abs(epoch) <= lastTimestamp)) return epoch;
  throw new Problem('invalid', `epoch: expected whole seconds between the years 1677 and 2262, got ${epoch}`, { pointer: 'epoch' });
};

const writeTimes = (batch: FlowBatch, row: number, first: number, last: number): void => {
  const start = batch.column('start_time');
  const end = batch.column('end_time');
  setTimestamp(start, row, first, 0);
  setTimestamp(end, row, last, 0);
  setPresent(start, row);
  setPresent(end, row);
};
