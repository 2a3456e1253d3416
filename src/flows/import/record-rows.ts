/**
 * Ended records in the order in which they are written. They become columns only as these are encoded: each is read out of the records, which lie in
 * the cache of a core or near it. What most columns need is done by the kernel, in whose memory they lie.
 */
import { field, recordWords } from '../meter/flow-record.ts';
import { type Kernel, kernelMemory, startKernel } from '../meter/kernel/kernel.ts';
import { encoding } from '../meter/kernel/layout.ts';
import { ended, has } from '../meter/record-batch.ts';
import { type Records, recordReaders } from '../meter/record-columns.ts';
import { mostRows } from '../parquet/dictionary.ts';
import { columnsOf } from '../schema.ts';
import type { CodedWords, MeteredRows, Present } from './ordered-rows.ts';
import type { RowPlace } from './run-order.ts';

const idAt = columnsOf('addressed').findIndex(({ name }) => name === 'id');

/** Memory for the records of a run, and what the kernel needs to make columns of them. */
export class RecordMemory implements Records {
  readonly kernel: Kernel;
  /** The records. */
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** The places of the rows at hand in their order, of those that have a value, and which rows these are. */
  readonly places: Uint32Array;
  readonly chosen: Uint32Array;
  readonly levels: Uint32Array;
  readonly codes: Uint32Array;
  readonly entries: Uint32Array;

  constructor() {
    const memory = kernelMemory(encoding.end);
    const { buffer } = memory;
    this.kernel = startKernel(memory);
    this.words = new Int32Array(buffer, encoding.records, mostRows * recordWords);
    this.doubles = new Float64Array(buffer, encoding.records, (mostRows * recordWords) / 2);
    this.places = new Uint32Array(buffer, encoding.places, mostRows);
    this.chosen = new Uint32Array(buffer, encoding.chosen, mostRows);
    this.levels = new Uint32Array(buffer, encoding.levels, mostRows);
    this.codes = new Uint32Array(buffer, encoding.codes, mostRows);
    this.entries = new Uint32Array(buffer, encoding.entries, mostRows * 4);
  }
}

/** Up to `mostRows` records of a run; there is one such object at a time, and what a method answers holds until the next call of it. */
export class RecordRows implements MeteredRows {
  readonly places: Uint32Array;
  readonly #memory: RecordMemory;
  readonly #firstOrdinal: number;

  /** `firstOrdinal` is the place in the file of the record at place 0. */
  constructor(memory: RecordMemory, places: Uint32Array, firstOrdinal: number) {
    this.#memory = memory;
    memory.places.set(places);
    memory.kernel.survey(places.length);
    this.places = memory.places.subarray(0, places.length);
    this.#firstOrdinal = firstOrdinal;
  }

  get count(): number {
    return this.places.length;
  }

  present(at: number): Present {
    const { places } = this;
    const { kernel, chosen, levels } = this.#memory;
    if (at === idAt) return { levels: 'all', places };
    const reader = recordReaders[at];
    if (reader?.has === 0) return { levels: 'all', places };
    const count = reader === undefined ? 0 : kernel.choose(places.length, reader.has);
    if (count === places.length) return { levels: 'all', places };
    return { levels: count === 0 ? 'none' : levels, places: chosen.subarray(0, count) };
  }

  coded(at: number, places: Uint32Array): CodedWords | undefined {
    const { kernel, codes, entries: words } = this.#memory;
    const size = recordReaders[at]?.code?.(kernel, places.byteOffset, places.length) ?? -1;
    return size < 0 ? undefined : { codes, words, size };
  }

  /** Nothing is known without a look, and then it has its codes as well. */
  constant(): undefined {
    return undefined;
  }

  gatherSmall(at: number, places: Uint32Array, to: Uint32Array): void {
    recordReaders[at]!.read(this.#memory, places, to);
  }

  gatherPairs(at: number, places: Uint32Array, to: Uint32Array): void {
    if (at === idAt) this.#readIds(places, to);
    else recordReaders[at]!.read(this.#memory, places, to);
  }

  #readIds(places: Uint32Array, to: Uint32Array): void {
    for (let i = 0; i < places.length; i++) {
      const ordinal = this.#firstOrdinal + places[i]!;
      to[i * 2] = ordinal;
      to[i * 2 + 1] = ordinal / 4294967296;
    }
  }

  texts(): never {
    throw new TypeError('a meter writes no texts');
  }

  icmpPorts(): (place: RowPlace) => number {
    const { words } = this.#memory;
    return (place) => {
      const at = place * recordWords;
      if ((words[at + ended.has]! & has.icmp) === 0) return 0;
      return (words[at + field.ports]! & 0xff00) | ((words[at + field.flowLabel]! >>> 20) & 255);
    };
  }
}
