/**
 * The LANL flow files, bytes to columns. Most lines are plainly right and are read by the kernel (`lanl-kernel/read-lines.ts`); whatever that
 * does not like (a number of more than eleven digits, a new name that is not ASCII, a fault) it leaves to `lanl-row.ts`, which knows all rules.
 *
 * Computers and ports come again and again: a batch holds their codes, and the texts are kept once (`lanl-texts.ts`).
 */
import { Problem } from '../../core/problem.ts';
import { batchRows, type FlowBatch, setInteger, setPresent, setTimestamp } from '../batch.ts';
import type { MovingEmitter } from './emitter.ts';
import { LanlBlock, mostOctets } from './lanl-block.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import { isHeading, readLanlLine, textOf } from './lanl-row.ts';
import { lineLimit } from './limits.ts';
import { LineBlocks, lineTooLong } from './lines.ts';
import type { TextParser } from './parser.ts';
import { placedBatch } from './placed-batch.ts';
import type { BadRows } from './rows.ts';
import { longAt } from './run-survey.ts';

/** What a LANL parser is made of. */
export type LanlOptions = {
  readonly format: LanlFormat;
  readonly emit: MovingEmitter;
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
  readonly #emit: MovingEmitter;
  readonly #badRows: BadRows;
  readonly #epoch: number | undefined;
  readonly #blocks = new LineBlocks(
    (bytes, start, end) => this.#take(bytes, start, end),
    () => this.lines,
  );
  #block: LanlBlock;
  /** The time of the last row. */
  #time = 0;
  /** Empty lines not yet reported: at the very end of a file they are no fault. */
  #emptyLines = 0;

  constructor({ format, emit, badRows, epoch }: LanlOptions) {
    this.#format = format;
    this.#emit = emit;
    this.#badRows = badRows;
    this.#epoch = checkEpoch(epoch);
    this.#block = this.#begin();
  }

  push(bytes: Uint8Array): void {
    this.#blocks.push(bytes);
  }

  end(): void {
    this.#blocks.end();
  }

  /** A block with texts of its own, of which the batch at hand has the codes. */
  #begin(): LanlBlock {
    const block = new LanlBlock(this.#format, this.#epoch === undefined ? undefined : lastTimestamp - this.#epoch);
    this.#emit.moveTo((number) => placedBatch(block.texts, number));
    this.#emit.batch.texts = block.texts;
    return block;
  }

  #take(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      if (this.#block.texts.isFull) {
        if (this.#emit.batch.count > 0) this.#emit.full();
        this.#block = this.#begin();
      }
      const to = end - at > mostOctets ? bytes.lastIndexOf(lf, at + mostOctets - 1) + 1 : end;
      if (to <= at) throw lineTooLong(this.lines + 1, bytes.subarray(at, end));
      this.#takePiece(bytes.subarray(at, to));
      at = to;
    }
  }

  #takePiece(bytes: Uint8Array): void {
    this.#block.put(bytes);
    for (let at = 0; at < bytes.length; ) {
      // An open question about empty lines is settled by the careful way, which sees the next line that is none.
      const next = this.#emptyLines > 0 ? at : this.#quickRows(at, bytes.length);
      at = next < bytes.length ? this.#carefulRow(bytes, next) : next;
    }
  }

  /** Reads rows until one needs care or `end`; returns where it stands. */
  #quickRows(start: number, end: number): number {
    const block = this.#block;
    for (let at = start; at < end; ) {
      const { batch } = this.#emit;
      at = block.read(at, end, batch, { time: this.#time, lines: this.lines });
      this.#time = block.time;
      this.unordered += block.unordered;
      const isFull = block.rows === batchRows;
      this.lines += block.rows - batch.count;
      this.#finishRows(block.rows);
      if (at < end && !isFull) return at;
    }
    return end;
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
    const { batch } = this.#emit;
    const fault = readLanlLine(fields, bytes, start, end, batch);
    if (fault === undefined && this.#isInTime(batch)) {
      const time = longAt(batch.column('time').u32, batch.count);
      if (time < this.#time) this.unordered++;
      this.#time = time;
      setInteger(batch.column('id'), batch.count, ++this.lines);
      this.#finishRows(batch.count + 1);
      return;
    }
    this.lines++;
    if (fault === undefined) this.#refuseTime();
    else if (this.lines > 1 || !isHeading(fields, textOf(bytes.subarray(start, end)))) this.#badRows.add({ line: this.lines, ...fault });
  }

  /** What the rows from the last one of the batch up to `count` get beside their fields. */
  #finishRows(count: number): void {
    const { batch } = this.#emit;
    if (this.#format === 'lanl-2017') markReverse(batch, count);
    if (this.#epoch !== undefined) writeTimes(batch, count, this.#epoch);
    this.rows += count - batch.count;
    batch.count = count;
    if (batch.isFull) this.#emit.full().texts = this.#block.texts;
  }

  /** Whether the row behind the last ends before the last time stamp, where there is an epoch to carry it there. */
  #isInTime(batch: FlowBatch): boolean {
    if (this.#epoch === undefined) return true;
    const [time, duration] = [batch.column('time'), batch.column('duration')];
    return this.#epoch + longAt(time.u32, batch.count) + longAt(duration.u32, batch.count) <= lastTimestamp;
  }

  #refuseTime(): void {
    const { batch } = this.#emit;
    const value = String(longAt(batch.column('time').u32, batch.count));
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

/** Tells that rows behind the last one of a batch, up to `count`, have the columns of the way back. */
const markReverse = (batch: FlowBatch, count: number): void => {
  const [packets, octets] = [batch.column('rev_packet_count'), batch.column('rev_byte_count')];
  for (let row = batch.count; row < count; row++) {
    setPresent(packets, row);
    setPresent(octets, row);
  }
};

/** The times of the same rows. */
const writeTimes = (batch: FlowBatch, count: number, epoch: number): void => {
  const [start, end] = [batch.column('start_time'), batch.column('end_time')];
  const [time, duration] = [batch.column('time').u32, batch.column('duration').u32];
  for (let row = batch.count; row < count; row++) {
    const first = epoch + longAt(time, row);
    setTimestamp(start, row, first, 0);
    setTimestamp(end, row, first + longAt(duration, row), 0);
    setPresent(start, row);
    setPresent(end, row);
  }
};
