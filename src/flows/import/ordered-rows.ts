/** Columns of a run in the order in which its rows are written: what is spread over the batches comes out one after the other. */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { batchRows } from '../batch.ts';
import type { Levels } from '../parquet/chunk.ts';
import { mostRows } from '../parquet/dictionary.ts';
import type { RowPlace } from './run-order.ts';

const decoder = new TextDecoder();
const placeBits = Math.log2(batchRows);
const rowMask = batchRows - 1;

/** The batch and the row of a place. */
export const batchOf = (place: RowPlace): number => place >>> placeBits;
export const rowOf = (place: RowPlace): number => place & rowMask;

/** Which rows of a column have a value, and the places of those. */
export type Present = { levels: Levels; places: Uint32Array };

/** Up to `mostRows` rows of a run; what a method answers holds until the next call of it. */
export class OrderedRows {
  readonly #batches: readonly FlowBatch[];
  readonly places: Uint32Array;
  readonly #levels = levels;

  constructor(batches: readonly FlowBatch[], places: Uint32Array) {
    this.#batches = batches;
    this.places = places;
  }

  get count(): number {
    return this.places.length;
  }

  /** A column, once for each batch. */
  column(at: number): BatchColumn[] {
    return this.#batches.map((batch) => batch.columns[at] as BatchColumn);
  }

  /** The text at a place of a column of texts. */
  text(columns: readonly BatchColumn[], place: RowPlace): string {
    const { u8, u32 } = columns[batchOf(place)] as BatchColumn;
    const row = rowOf(place);
    const length = u32[row * 4] as number;
    const at = length <= 12 ? row * 16 + 4 : (u32[row * 4 + 2] as number);
    const octets = length <= 12 ? u8 : (this.#batches[batchOf(place)] as FlowBatch).heap;
    return decoder.decode(octets.subarray(at, at + length));
  }

  present(columns: readonly BatchColumn[]): Present {
    const { places } = this;
    const uniform = this.#uniformLevel(columns);
    if (uniform !== undefined) return { levels: uniform, places: uniform === 'all' ? places : places.subarray(0, 0) };
    const bits = columns.map(({ validity }) => validity as Uint8Array);
    let count = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      const level = (bits[place >>> placeBits]![(place & rowMask) >> 3]! >> (place & 7)) & 1;
      this.#levels[i] = level;
      chosen[count] = place;
      count += level;
    }
    if (count === places.length) return { levels: 'all', places };
    return { levels: count === 0 ? 'none' : this.#levels, places: chosen.subarray(0, count) };
  }

  /** The level of all rows of all batches, if it is the same. */
  #uniformLevel(columns: readonly BatchColumn[]): 'all' | 'none' | undefined {
    let ones = 255;
    let zeros = 0;
    for (const [at, { validity }] of columns.entries()) {
      if (validity === undefined) return 'all';
      const { count } = this.#batches[at] as FlowBatch;
      for (let i = 0; i < count >> 3; i++) {
        ones &= validity[i] as number;
        zeros |= validity[i] as number;
      }
      if ((count & 7) === 0) continue;
      const mask = (1 << (count & 7)) - 1;
      ones &= (validity[count >> 3] as number) | (255 & ~mask);
      zeros |= (validity[count >> 3] as number) & mask;
    }
    if (ones === 255) return 'all';
    return zeros === 0 ? 'none' : undefined;
  }
}

const levels = new Uint32Array(mostRows);
const chosen = new Uint32Array(mostRows);

/** Values of at most 32 bits at those places, into `values`. */
export const gatherSmall = (columns: readonly BatchColumn[], places: Uint32Array, values: Uint32Array): void => {
  const width = columns[0]!.width;
  const arrays = columns.map(({ u8, u16, u32 }) => (width === 1 ? u8 : width === 2 ? u16 : u32));
  if (width === 1) gatherOctets(arrays as Uint8Array[], places, values);
  else if (width === 2) gatherShorts(arrays as Uint16Array[], places, values);
  else gatherWords(arrays as Uint32Array[], places, values);
};

// The same loop three times: each sees arrays of one type only.
const gatherOctets = (arrays: readonly Uint8Array[], places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = arrays[places[i]! >>> placeBits]![places[i]! & rowMask]!;
};

const gatherShorts = (arrays: readonly Uint16Array[], places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = arrays[places[i]! >>> placeBits]![places[i]! & rowMask]!;
};

const gatherWords = (arrays: readonly Uint32Array[], places: Uint32Array, values: Uint32Array): void => {
  for (let i = 0; i < places.length; i++) values[i] = arrays[places[i]! >>> placeBits]![places[i]! & rowMask]!;
};

/** Values of 64 bits at those places, as pairs of words with the lower first. */
export const gatherPairs = (columns: readonly BatchColumn[], places: Uint32Array, pairs: Uint32Array): void => {
  const arrays = columns.map(({ u32 }) => u32);
  for (let i = 0; i < places.length; i++) {
    const from = arrays[places[i]! >>> placeBits]!;
    const word = (places[i]! & rowMask) * 2;
    pairs[i * 2] = from[word]!;
    pairs[i * 2 + 1] = from[word + 1]!;
  }
};
