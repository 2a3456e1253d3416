/** The records of a run in the memory of a kernel, which makes columns of them: see meter/kernel/columns.ts. */
import { field64, recordDoubles, recordWords } from '../meter/flow-record.ts';
import { type Kernel, kernelMemory, startKernel } from '../meter/kernel/kernel.ts';
import { encoding } from '../meter/kernel/layout.ts';
import { RecordBatch } from '../meter/record-batch.ts';
import { mostRows } from '../parquet/dictionary.ts';

/** Octets and numbers from one to the next pair of fields. */
const { stride } = encoding;
const strideDoubles = stride / 8;

export class RecordMemory {
  readonly kernel: Kernel;
  /** The places of the rows at hand, in their order. */
  readonly places: Uint32Array;
  /** Four words for each code. */
  readonly entries: Int32Array;
  /** What was gathered. */
  readonly values: Float64Array;
  /** What was written as numbers: it holds until other numbers are. */
  readonly page: Uint8Array;
  readonly #octets: Uint8Array;
  readonly #told: Uint32Array;
  readonly #bounds: Float64Array;
  readonly #batch: Int32Array;
  readonly #doubles: Float64Array;

  constructor() {
    const memory = kernelMemory(encoding.end);
    const { buffer } = memory;
    this.kernel = startKernel(memory);
    this.places = new Uint32Array(buffer, encoding.places, mostRows);
    this.entries = new Int32Array(buffer, encoding.entries, mostRows * 4);
    this.values = new Float64Array(buffer, encoding.values, mostRows);
    this.page = new Uint8Array(buffer, encoding.page, encoding.packed - encoding.page);
    this.#octets = new Uint8Array(buffer);
    this.#told = new Uint32Array(buffer, 0, 16);
    this.#bounds = new Float64Array(buffer, 0, 8);
    this.#batch = new Int32Array(buffer, encoding.batch, (encoding.records - encoding.batch) / 4);
    this.#doubles = new Float64Array(buffer, encoding.records, recordDoubles * strideDoubles);
  }

  /** Copies the records of a batch to the places from `place` on. */
  add(batch: RecordBatch, place: number): void {
    this.#batch.set(batch.words.subarray(0, batch.count * recordWords));
    this.kernel.spread(batch.count, place);
  }

  /** The records at places from `place` on, as they came. */
  batchFrom(place: number, count: number): RecordBatch {
    const batch = new RecordBatch();
    const { doubles } = batch;
    for (let i = 0; i < count; i++)
      for (let pair = 0; pair < recordDoubles; pair++) doubles[i * recordDoubles + pair] = this.#doubles[pair * strideDoubles + place + i]!;
    batch.count = count;
    return batch;
  }

  /** The times of all records in whole seconds, by place. */
  get times(): Float64Array {
    const from = field64.start * strideDoubles;
    return this.#doubles.subarray(from, from + mostRows);
  }

  /** The places of so many records in order of time; the first and the last time are `least` and `most` then. */
  placesByTime(count: number): Uint32Array {
    return new Uint32Array(this.places.buffer, this.kernel.orderByTime(count), count).slice();
  }

  /** The texts of so many entries, which are addresses or ports; they hold until others are written. */
  addressTexts(size: number): Uint8Array {
    return this.#texts(this.kernel.writeAddresses(size));
  }

  portTexts(size: number): Uint8Array {
    return this.#texts(this.kernel.writePorts(size));
  }

  #texts(end: number): Uint8Array {
    return this.#octets.subarray(encoding.names, end);
  }

  /** The least and the greatest of the texts that were written. */
  textBounds(): { min: Uint8Array; max: Uint8Array } {
    return { min: this.#textAt(this.leastAt), max: this.#textAt(this.mostAt) };
  }

  /** A text behind its length, which has four octets. */
  #textAt(at: number): Uint8Array {
    const octets = this.#octets;
    return octets.slice(at, at + octets[at - 4]!);
  }

  /** The least and the greatest of what was gathered. */
  get least(): number {
    return this.#bounds[encoding.least / 8]!;
  }

  get most(): number {
    return this.#bounds[encoding.most / 8]!;
  }

  /** The numbers, or the places of the texts, of the least and the greatest of what was written. */
  get leastAt(): number {
    return this.#told[encoding.leastAt / 4]!;
  }

  get mostAt(): number {
    return this.#told[encoding.mostAt / 4]!;
  }

  /** The codes, or the levels, for who writes them in few bits. */
  readonly codes = { pack: (count: number, width: number): Uint8Array => this.#packed(encoding.codes, count, width) };
  readonly levels = { pack: (count: number, width: number): Uint8Array => this.#packed(encoding.levels, count, width) };

  #packed(from: number, count: number, width: number): Uint8Array {
    const end = this.kernel.pack(from, count, width, encoding.packed);
    return this.#octets.subarray(encoding.packed, end);
  }

  /** What was gathered as differences (parquet/packing.ts); undefined where they have too many bits. */
  differences(count: number): Uint8Array | undefined {
    const end = this.kernel.writeDifferences(count);
    return end === 0 ? undefined : this.page.subarray(0, end - encoding.page);
  }
}
