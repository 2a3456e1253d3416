/**
 * Ended records in the order in which they are written. They become columns only as these are encoded: each is read out of the records, which lie in
 * the cache of a core or near it.
 */
import { field, recordWords } from '../meter/flow-record.ts';
import { ended, has } from '../meter/record-batch.ts';
import { type Records, recordReaders } from '../meter/record-columns.ts';
import { mostRows } from '../parquet/dictionary.ts';
import { columnsOf } from '../schema.ts';
import type { MeteredRows, Present } from './ordered-rows.ts';
import type { RowPlace } from './run-order.ts';

const idAt = columnsOf('addressed').findIndex(({ name }) => name === 'id');
const samplingAt = columnsOf('addressed').findIndex(({ name }) => name === 'sampling_rate');

/** What each record has, in order: most columns ask for it. */
const possessions = new Uint32Array(mostRows);
const levels = new Uint32Array(mostRows);
const chosen = new Uint32Array(mostRows);

/** Notes which of the records have what a bit tells; answers how many. */
const choose = (places: Uint32Array, bit: number): number => {
  let count = 0;
  for (let i = 0; i < places.length; i++) {
    const level = (possessions[i]! & bit) === 0 ? 0 : 1;
    levels[i] = level;
    chosen[count] = places[i]!;
    count += level;
  }
  return count;
};

/** Up to `mostRows` records of a run; what a method answers holds until the next call of it, all of it until there is another object of this class. */
export class RecordRows implements MeteredRows {
  readonly places: Uint32Array;
  readonly #records: Records;
  readonly #firstOrdinal: number;
  /** What all of the records have, and what any of them has: bits of `has`. */
  readonly #all: number;
  readonly #any: number;

  /** `firstOrdinal` is the place in the file of the record at place 0. */
  constructor(records: Records, places: Uint32Array, firstOrdinal: number) {
    this.#records = records;
    this.places = places;
    this.#firstOrdinal = firstOrdinal;
    const { words } = records;
    let all = -1;
    let any = 0;
    for (let i = 0; i < places.length; i++) {
      const bits = words[places[i]! * recordWords + ended.has]!;
      possessions[i] = bits;
      all &= bits;
      any |= bits;
    }
    this.#all = all;
    this.#any = any;
  }

  get count(): number {
    return this.places.length;
  }

  present(at: number): Present {
    const { places } = this;
    if (at === idAt) return { levels: 'all', places };
    const reader = recordReaders[at];
    if (reader === undefined) return { levels: 'none', places: places.subarray(0, 0) };
    if ((this.#all & reader.has) === reader.has) return { levels: 'all', places };
    if ((this.#any & reader.has) === 0) return { levels: 'none', places: places.subarray(0, 0) };
    return { levels, places: chosen.subarray(0, choose(places, reader.has)) };
  }

  constant(at: number): number | undefined {
    return at === samplingAt ? 1 : undefined;
  }

  gatherSmall(at: number, places: Uint32Array, to: Uint32Array): void {
    recordReaders[at]!.read(this.#records, places, to);
  }

  gatherPairs(at: number, places: Uint32Array, to: Uint32Array): void {
    if (at !== idAt) recordReaders[at]!.read(this.#records, places, to);
    else {
      for (let i = 0; i < places.length; i++) {
        const ordinal = this.#firstOrdinal + places[i]!;
        to[i * 2] = ordinal;
        to[i * 2 + 1] = ordinal / 4294967296;
      }
    }
  }

  texts(): never {
    throw new TypeError('a meter writes no texts');
  }

  icmpPorts(): (place: RowPlace) => number {
    const { words } = this.#records;
    return (place) => {
      const at = place * recordWords;
      if ((words[at + ended.has]! & has.icmp) === 0) return 0;
      return (words[at + field.ports]! & 0xff00) | ((words[at + field.flowLabel]! >>> 20) & 255);
    };
  }
}
