/**
 * The LANL flow files, bytes to columns. Most lines are plainly right: the quick loop below reads those octet by octet
 * straight into the batch, without a string and without an object. Whatever it does not like (a number of more than nine
 * digits, a name that is not ASCII, a fault) it leaves to `readLanlLine`, which knows all rules.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { setInteger, setPresent, setTimestamp } from '../batch.ts';
import type { Emitter } from './emitter.ts';
import type { LanlFormat } from './lanl-fields.ts';
import { lanlFields } from './lanl-fields.ts';
import { isHeading, longestName, readLanlLine, textOf } from './lanl-row.ts';
import { LineBlocks, lineLimit, lineTooLong } from './lines.ts';
import type { TextParser } from './parser.ts';
import type { BadRows } from './rows.ts';

/** What a LANL parser is made of. */
export type LanlOptions = {
  readonly format: LanlFormat;
  readonly emit: Emitter;
  readonly badRows: BadRows;
  /** Unix time, in seconds, of the data set's second 0; fills start_time and end_time. Without it they stay NULL. */
  readonly epoch?: number | undefined;
};

/** Reads one of the LANL formats; `id` of a row is the number of its line, from 1. Nothing is thrown before `push`. */
export const createLanlParser = (options: LanlOptions): TextParser => new LineReader(options);

const lf = 10;
const cr = 13;
const comma = 44;
/** Octets that DuckDB's string keeps in place; longer texts go the careful way. */
const inlineOctets = 12;
/** The last second of a TIMESTAMP_NS, in 2262. */
const lastTimestamp = 9_223_372_036;

/** Octets that a name or token may hold in the quick loop: visible ASCII but the quote and the comma. */
const plain = Uint8Array.from({ length: 256 }, (_, c) => (c > 32 && c < 127 && c !== 34 && c !== comma ? 1 : 0));

class LineReader implements TextParser {
  lines = 0;
  rows = 0;
  unordered = 0;
  readonly #format: LanlFormat;
  readonly #emit: Emitter;
  readonly #badRows: BadRows;
  readonly #epoch: number | undefined;
  readonly #blocks = new LineBlocks((bytes, start, end) => this.#take(bytes, start, end));
  #place: Place;
  #time = 0;
  /** Empty lines not yet reported: at the very end of a file they are no fault. */
  #emptyLines = 0;

  constructor({ format, emit, badRows, epoch }: LanlOptions) {
    this.#format = format;
    this.#emit = emit;
    this.#badRows = badRows;
    this.#epoch = epoch;
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
      const next = read(bytes, withId ? skipNumber(bytes, at) : at, this.#place, this.#place.batch.count);
      if (next < 0 || !this.#finishRow()) break;
      at = next;
    }
    return at;
  }

  #carefulRow(bytes: Uint8Array, start: number): number {
    const next = bytes.indexOf(lf, start) + 1;
    if (next - start > lineLimit) throw lineTooLong(bytes.subarray(start, next));
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

const writeTimes = (batch: FlowBatch, row: number, first: number, last: number): void => {
  const start = batch.column('start_time');
  const end = batch.column('end_time');
  setTimestamp(start, row, first, 0);
  setTimestamp(end, row, last, 0);
  setPresent(start, row);
  setPresent(end, row);
};

/**
 * Where the columns of a batch lie, as indexes into one view of 32-bit words and one of octets over the whole buffer:
 * the loop then holds two arrays and not twenty.
 */
type Place = ReturnType<typeof placeOf>;

const placeOf = (batch: FlowBatch) => {
  const word = (name: string): number => batch.column(name).offset / 4;
  return {
    batch,
    u8: new Uint8Array(batch.buffer),
    u32: new Uint32Array(batch.buffer),
    id: batch.column('id'),
    revPackets: batch.column('rev_packet_count'),
    revOctets: batch.column('rev_byte_count'),
    time: word('time'),
    duration: word('duration'),
    source: word('src_comp'),
    sourcePort: word('src_port'),
    destination: word('dst_comp'),
    destinationPort: word('dst_port'),
    protocol: batch.column('protocol').offset,
    packets: word('packet_count'),
    octets: word('byte_count'),
    revPacketsAt: word('rev_packet_count'),
    revOctetsAt: word('rev_byte_count'),
  };
};

const markReverse = ({ revPackets, revOctets }: Place, row: number): void => {
  setPresent(revPackets, row);
  setPresent(revOctets, row);
};

// The readers below take the place where a field begins (or -1 when an earlier one gave up), write its value, and return
// the place after its end mark, or -1 for "not plainly right". A line always ends in LF, so none of them runs past it.

const readUniflow = (bytes: Uint8Array, start: number, place: Place, row: number): number => {
  const { u8, u32 } = place;
  const pair = row * 2;
  const word = row * 4;
  let at = readNumber(bytes, start, comma, u32, place.time + pair);
  at = readNumber(bytes, at, comma, u32, place.duration + pair);
  at = readName(bytes, at, place, place.source + word);
  at = readPort(bytes, at, place, place.sourcePort + word);
  at = readName(bytes, at, place, place.destination + word);
  at = readPort(bytes, at, place, place.destinationPort + word);
  at = readOctet(bytes, at, u8, place.protocol + row);
  at = readNumber(bytes, at, comma, u32, place.packets + pair);
  at = readNumber(bytes, at, lf, u32, place.octets + pair);
  return u32[place.time + pair] === 0 || u32[place.packets + pair] === 0 ? -1 : at;
};

const readBiflow = (bytes: Uint8Array, start: number, place: Place, row: number): number => {
  const { u8, u32 } = place;
  const pair = row * 2;
  const word = row * 4;
  let at = readNumber(bytes, start, comma, u32, place.time + pair);
  at = readNumber(bytes, at, comma, u32, place.duration + pair);
  at = readName(bytes, at, place, place.source + word);
  at = readName(bytes, at, place, place.destination + word);
  at = readOctet(bytes, at, u8, place.protocol + row);
  at = readPort(bytes, at, place, place.sourcePort + word);
  at = readPort(bytes, at, place, place.destinationPort + word);
  at = readNumber(bytes, at, comma, u32, place.packets + pair);
  at = readNumber(bytes, at, comma, u32, place.revPacketsAt + pair);
  at = readNumber(bytes, at, comma, u32, place.octets + pair);
  at = readNumber(bytes, at, lf, u32, place.revOctetsAt + pair);
  if (at >= 0) markReverse(place, row);
  return at;
};

/** One to nine digits without a leading zero, into a 64-bit column: nine digits fit a 32-bit integer, so do all steps. */
const readNumber = (bytes: Uint8Array, start: number, mark: number, u32: Uint32Array, to: number): number => {
  if (start < 0) return -1;
  const first = (bytes[start] as number) - 48;
  if (first < 0 || first > 9) return -1;
  let value = first;
  let at = start + 1;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9) {
    if (first === 0 || at - start > 8) return -1;
    value = value * 10 + digit;
    digit = (bytes[++at] as number) - 48;
  }
  u32[to] = value;
  u32[to + 1] = 0;
  if (digit + 48 === mark) return at + 1;
  return mark === lf && digit + 48 === cr && bytes[at + 1] === lf ? at + 2 : -1;
};

const readOctet = (bytes: Uint8Array, start: number, u8: Uint8Array, to: number): number => {
  if (start < 0) return -1;
  let value = (bytes[start] as number) - 48;
  if (value < 0 || value > 9) return -1;
  let at = start + 1;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9) {
    if (value === 0) return -1;
    value = value * 10 + digit;
    if (value > 255) return -1;
    digit = (bytes[++at] as number) - 48;
  }
  if (digit + 48 !== comma) return -1;
  u8[to] = value;
  return at + 1;
};

/** One to 255 plain octets, into a DuckDB string; `to` is its first 32-bit word. Those that fit in place take the short way. */
const readName = (bytes: Uint8Array, start: number, place: Place, to: number): number => {
  if (start < 0) return -1;
  const { u8, u32 } = place;
  u32[to + 1] = 0;
  u32[to + 2] = 0;
  u32[to + 3] = 0;
  const shift = to * 4 + 4 - start;
  const limit = start + inlineOctets;
  let at = start;
  let octet = bytes[at] as number;
  while (plain[octet] === 1 && at < limit) {
    u8[at + shift] = octet;
    octet = bytes[++at] as number;
  }
  if (octet !== comma) return plain[octet] === 1 ? readLongName(bytes, start, place, to) : -1;
  if (at === start) return -1;
  u32[to] = at - start;
  return at + 1;
};

/** Role names of the 2017 set, such as EnterpriseAppServer: more than DuckDB keeps in place. */
const readLongName = (bytes: Uint8Array, start: number, { batch }: Place, to: number): number => {
  const limit = start + longestName;
  let at = start + inlineOctets;
  while (plain[bytes[at] as number] === 1 && at < limit) at++;
  if (bytes[at] !== comma) return -1;
  const column = batch.columns.find(({ offset, u8 }) => to * 4 >= offset && to * 4 < offset + u8.length) as BatchColumn;
  batch.setText(column, (to * 4 - column.offset) / column.width, bytes, start, at);
  return at + 1;
};

/** A token that begins with a letter, or a port of at most 65535 in decimal. */
const readPort = (bytes: Uint8Array, start: number, place: Place, to: number): number => {
  if (start < 0) return -1;
  const { u8, u32 } = place;
  const first = bytes[start] as number;
  if (first > 57) return ((first | 32) - 97) >>> 0 < 26 ? readName(bytes, start, place, to) : -1;
  u32[to + 1] = 0;
  u32[to + 2] = 0;
  const shift = to * 4 + 4 - start;
  let value = 0;
  let at = start;
  let digit = first - 48;
  while (digit >= 0 && digit <= 9) {
    if (value === 0 && at > start) return -1;
    value = value * 10 + digit;
    if (value > 65535) return -1;
    u8[at + shift] = digit + 48;
    digit = (bytes[++at] as number) - 48;
  }
  if (digit + 48 !== comma || at === start) return -1;
  u32[to] = at - start;
  u32[to + 3] = 0;
  return at + 1;
};

/** Passes the leading id: up to fifteen digits without a leading zero. */
const skipNumber = (bytes: Uint8Array, start: number): number => {
  let at = start;
  let digit = (bytes[at] as number) - 48;
  while (digit >= 0 && digit <= 9 && at - start < 15) digit = (bytes[++at] as number) - 48;
  const zero = bytes[start] === 48 && at - start > 1;
  return digit + 48 === comma && at > start && !zero ? at + 1 : -1;
};
