/**
 * Columns of a run in the order in which its rows are written. A column is spread over the batches, which another core has
 * filled: it is first copied into one piece, which costs little since it is read from end to end, and then read by place.
 */
import { type BatchColumn, batchRows, type FlowBatch } from '../batch.ts';
import { icmpPortAt } from '../end-names.ts';
import { mostRows } from '../parquet/dictionary.ts';
import type { RowPlace } from './run-order.ts';

const decoder = new TextDecoder();
/** Octets of a text that lie in its place. */
const inlineOctets = 12;

/** Which rows of a column have a value, and the places of those. */
export type Present = { levels: 'all' | 'none' | Uint32Array; places: Uint32Array };

const levels = new Uint32Array(mostRows);
const chosen = new Uint32Array(mostRows);

/** Up to `mostRows` rows of batches; what a method answers holds until the next call of it. */
export class OrderedRows {
  /** See run-order.ts. */
  readonly places: Uint32Array;
  readonly #batches: readonly FlowBatch[];

  constructor(batches: readonly FlowBatch[], places: Uint32Array) {
    this.#batches = batches;
    this.places = places;
  }

  get count(): number {
    return this.places.length;
  }

  /** Which rows have a value in the column at that place of the shape. */
  present(at: number): Present {
    const { places } = this;
    const columns = this.#batches.map((batch) => batch.columns[at] as BatchColumn);
    const uniform = this.#uniformLevel(columns);
    if (uniform !== undefined) return { levels: uniform, places: uniform === 'all' ? places : places.subarray(0, 0) };
    const bits = wholeColumn(columns, 'validity');
    let count = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const level = (bits[place >> 3]! >> (place & 7)) & 1;
      levels[i] = level;
      chosen[count] = place;
      count += level;
    }
    if (count === places.length) return { levels: 'all', places };
    return { levels: count === 0 ? 'none' : levels, places: chosen.subarray(0, count) };
  }

  /** The value of a column of at most 32 bits that is the same, and there, in all rows of all batches. */
  constant(at: number): number | undefined {
    const columns = this.#batches.map((batch) => batch.columns[at] as BatchColumn);
    if (this.#uniformLevel(columns) !== 'all') return undefined;
    const { width } = columns[0] as BatchColumn;
    const arrays = columns.map(({ u8, u16, u32 }) => (width === 1 ? u8 : width === 2 ? u16 : u32));
    const value = arrays[0]![0] as number;
    return arrays.every((values, batch) => isConstant(values, this.#batches[batch]!.count, value)) ? value : undefined;
  }

  /** Values of at most 32 bits at those places, into `values`. */
  gatherSmall(at: number, places: Uint32Array, values: Uint32Array): void {
    const columns = this.#batches.map((batch) => batch.columns[at] as BatchColumn);
    const { width } = columns[0] as BatchColumn;
    if (width === 1) gatherOctets(wholeColumn(columns, 'u8'), places, values);
    else if (width === 2) gatherShorts(wholeColumn(columns, 'u16'), places, values);
    else gatherWords(wholeColumn(columns, 'u32'), places, values);
  }

  /** Values of 64 bits at those places, as pairs of words with the lower first. */
  gatherPairs(at: number, places: Uint32Array, pairs: Uint32Array): void {
    const columns = this.#batches.map((batch) => batch.columns[at] as BatchColumn);
    const whole = wholeColumn(columns, 'u32');
    for (let i = 0; i < places.length; i++) {
      const word = places[i]! * 2;
      pairs[i * 2] = whole[word]!;
      pairs[i * 2 + 1] = whole[word + 1]!;
    }
  }

  /** Gives what `dst_port` shows at a place without a port number. */
  icmpPorts(): (place: RowPlace) => number {
    return this.#read(icmpPortAt);
  }

  /** What reads a batch by row as what reads the run by place. */
  #read<T>(readerOf: (batch: FlowBatch) => (row: number) => T): (place: RowPlace) => T {
    const readers = this.#batches.map(readerOf);
    return (place) => readers[Math.floor(place / batchRows)]!(place % batchRows);
  }

  /** Gives the text at a place of the column at `at`, which must be present there. Rows with the octets of the last one get its text. */
  texts(at: number): (place: RowPlace) => string {
    return this.#read((batch) => {
      const { u8, u32 } = batch.columns[at] as BatchColumn;
      let [last, text] = [-1, ''];
      return (row) => {
        if (last >= 0 && isSameText(u32, row * 4, last * 4)) return text;
        const length = u32[row * 4]!;
        const isInPlace = length <= inlineOctets;
        const start = isInPlace ? row * 16 + 4 : u32[row * 4 + 2]!;
        last = row;
        text = decoder.decode((isInPlace ? u8 : batch.heap).subarray(start, start + length));
        return text;
      };
    });
  }

  /** The level of all rows of all batches, if it is the same. */
  #uniformLevel(columns: readonly BatchColumn[]): 'all' | 'none' | undefined {
    let ones = 255;
    let zeros = 0;
    for (const [at, { validity }] of columns.entries()) {
      if (validity === undefined) return 'all';
      const { count } = this.#batches[at] as FlowBatch;
      const octets = count >> 3;
      for (let i = 0; i < octets; i++) {
        ones &= validity[i]!;
        zeros |= validity[i]!;
      }
      if ((count & 7) === 0) continue;
      const mask = (1 << (count & 7)) - 1;
      ones &= validity[octets]! | (255 & ~mask);
      zeros |= validity[octets]! & mask;
    }
    if (ones === 255) return 'all';
    return zeros === 0 ? 'none' : undefined;
  }
}

/** Whether two texts are the same octets in the same place. */
const isSameText = (u32: Uint32Array, a: number, b: number): boolean =>
  u32[a] === u32[b] && u32[a + 1] === u32[b + 1] && u32[a + 2] === u32[b + 2] && u32[a + 3] === u32[b + 3];

const isConstant = (values: Uint8Array | Uint16Array | Uint32Array, count: number, value: number): boolean => {
  for (let row = 0; row < count; row++) if (values[row] !== value) return false;
  return true;
};

let room = new ArrayBuffer(0);

type Views = { u8: Uint8Array; u16: Uint16Array; u32: Uint32Array; validity: Uint8Array };
const kinds = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, validity: Uint8Array } as const;

/** A column of all batches in one piece, each batch from its first place on; valid until the next call. */
const wholeColumn = <K extends keyof Views>(columns: readonly BatchColumn[], kind: K): Views[K] => {
  const { width } = columns[0] as BatchColumn;
  if (room.byteLength < columns.length * batchRows * width) room = new ArrayBuffer(columns.length * batchRows * 8);
  const whole = new kinds[kind](room) as Uint8Array;
  for (const [at, column] of columns.entries()) {
    const part = column[kind] as Uint8Array;
    whole.set(part, at * part.length);
  }
  return whole as unknown as Views[K];
};

// The same loop three times: each sees arrays of one type only.
const gatherOctets = (whole: Uint8Array, places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = whole[places[i]!]!;
};

const gatherShorts = (whole: Uint16Array, places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = whole[places[i]!]!;
};

const gatherWords = (whole: Uint32Array, places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = whole[places[i]!]!;
};
