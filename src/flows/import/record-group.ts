/**
 * Ended records as a row group of Parquet. They become columns only here, column by column, and what is done with each row and each entry is done by the
 * kernel. The files are, octet by octet, those that run-metered.ts makes of the same flows as rows.
 */
import { field } from '../meter/flow-record.ts';
import type { Kernel } from '../meter/kernel/kernel.ts';
import { encoding } from '../meter/kernel/layout.ts';
import { recordReaders } from '../meter/record-columns.ts';
import {
  dictionaryChunk,
  emptyChunk,
  type Levels,
  numbersChunk,
  type OpenChunk,
  writtenNumbersChunk,
  writtenRandomChunk,
} from '../parquet/chunk.ts';
import type { Entries } from '../parquet/entries.ts';
import type { Octets } from '../parquet/octets.ts';
import { physical, typeOf } from '../parquet/types.ts';
import type { Column } from '../schema.ts';
import { addressed, constantChunk, mostExact, type PutChunk, placeOf, remainder } from './metered-file.ts';
import type { RecordMemory } from './record-memory.ts';
import type { RunConstants } from './run-encode.ts';

/** Which rows have a value, and where the kernel finds the places of those. */
type Present = { levels: Levels; places: number; count: number };

/** Entries of numbers, which the kernel writes. */
class NumberEntries implements Entries {
  readonly size: number;
  readonly #memory: RecordMemory;
  readonly #width: number;

  constructor(memory: RecordMemory, column: Column, size: number) {
    this.#memory = memory;
    this.#width = typeOf(column) === physical.int64 ? 8 : 4;
    this.size = size;
  }

  write(page: Octets): void {
    this.#memory.kernel.writeEntries(this.size, this.#width);
    page.append(this.#memory.page.subarray(0, this.size * this.#width));
  }

  bounds(): { min: Uint8Array; max: Uint8Array } {
    const { entries, leastAt, mostAt } = this.#memory;
    const octetsOf = (code: number): Uint8Array => new Uint8Array(entries.slice(code * 4, code * 4 + 2).buffer, 0, this.#width);
    return { min: octetsOf(leastAt), max: octetsOf(mostAt) };
  }
}

/** How a column of names is coded by the kernel, and how its entries become texts. */
type Name = { code: (kernel: Kernel, count: number) => number; write: (memory: RecordMemory, size: number) => Uint8Array };

const address = (first: number, last: number): Name => ({
  code: (kernel, count) => kernel.codeAddresses(count, first * 4, last * 4),
  write: (memory, size) => memory.addressTexts(size),
});

const port = (shift: number, isDestination: number): Name => ({
  code: (kernel, count) => kernel.codePorts(count, shift, isDestination),
  write: (memory, size) => memory.portTexts(size),
});

/** By the place of their column. */
const names = new Map<number, Name>([
  [placeOf('src_comp'), address(field.srcA, field.srcD)],
  [placeOf('dst_comp'), address(field.dstA, field.dstD)],
  [placeOf('src_port'), port(16, 0)],
  [placeOf('dst_port'), port(0, 1)],
]);

export class RecordGroup {
  readonly #memory: RecordMemory;
  readonly #count: number;
  readonly #firstOrdinal: number;
  readonly #constants: RunConstants;
  #isExact = true;

  /** The records at up to `mostRows` places; `firstOrdinal` is the place in the import of that at place 0. There is one such object at a time. */
  constructor(memory: RecordMemory, places: Uint32Array, firstOrdinal: number, constants: RunConstants) {
    this.#memory = memory;
    this.#count = places.length;
    this.#firstOrdinal = firstOrdinal;
    this.#constants = constants;
    memory.places.set(places);
    memory.kernel.survey(places.length);
  }

  /** Puts all columns; false where a number is too great to be exact. */
  encode(put: PutChunk): boolean {
    for (const [at, column] of addressed.entries()) put(at, this.#encode(column, at));
    put(addressed.length, this.#remainders());
    return this.#isExact;
  }

  #encode(column: Column, at: number): OpenChunk {
    const { kernel } = this.#memory;
    const { base, sourceId, ingestedAt } = this.#constants;
    const rows = this.#count;
    if (column.name === 'source_id') return constantChunk(column, rows, sourceId);
    if (column.name === 'ingested_at') return constantChunk(column, rows, Number(ingestedAt & 0xffff_ffffn), Number(ingestedAt >> 32n));
    if (column.name === 'id') {
      kernel.gatherPlaces(encoding.places, rows, this.#firstOrdinal + base);
      return this.#numbers(column, 'all', rows);
    }
    const name = names.get(at);
    if (name !== undefined) return this.#named(column, name);
    const reader = recordReaders[at];
    if (reader === undefined) return emptyChunk(column, rows);
    const { levels, places, count } = this.#present(reader.has);
    if (count === 0) return emptyChunk(column, rows);
    if ('code' in reader) return this.#coded(column, levels, count, reader.code(kernel, places, count));
    if ('gather' in reader) {
      reader.gather(kernel, places, count, levels === 'all');
      return this.#numbers(column, levels, count);
    }
    reader.pairs(kernel, places, count, levels === 'all');
    const { page, leastAt, mostAt } = this.#memory;
    return writtenRandomChunk(column, rows, page.subarray(0, count * 8), { least: leastAt * 8, most: mostAt * 8 }, levels);
  }

  #present(bit: number): Present {
    const count = bit === 0 ? this.#count : this.#memory.kernel.choose(this.#count, bit);
    if (count === this.#count) return { levels: 'all', places: encoding.places, count };
    return { levels: this.#memory.levels, places: encoding.chosen, count };
  }

  #coded(column: Column, levels: Levels, count: number, size: number): OpenChunk {
    const entries = new NumberEntries(this.#memory, column, size);
    return dictionaryChunk(column, this.#count, { codes: this.#memory.codes, count, entries }, levels);
  }

  /** What was gathered. */
  #numbers(column: Column, levels: Levels, count: number): OpenChunk {
    const { least, most, values } = this.#memory;
    if (Math.max(-least, most) > mostExact) this.#isExact = false;
    const octets = this.#isExact ? this.#memory.differences(count) : undefined;
    const chunk = octets && writtenNumbersChunk(column, this.#count, { octets, count, least, most }, levels);
    return chunk ?? numbersChunk(column, this.#count, values, count, levels);
  }

  #remainders(): OpenChunk {
    const rows = this.#count;
    const count = this.#memory.kernel.gatherRemainders(rows);
    return count === 0 ? emptyChunk(remainder, rows) : this.#numbers(remainder, count === rows ? 'all' : this.#memory.levels, count);
  }

  /** What an end is called: its address or its port as text. */
  #named(column: Column, { code, write }: Name): OpenChunk {
    const memory = this.#memory;
    const size = code(memory.kernel, this.#count);
    const entries = { size, write: (page: Octets) => page.append(write(memory, size)), bounds: () => memory.textBounds() };
    return dictionaryChunk(column, this.#count, { codes: memory.codes, count: this.#count, entries }, 'all');
  }
}
