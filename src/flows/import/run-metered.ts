/**
 * Runs of metered flows as Parquet without DuckDB, which spends 1.9 us on a row of them. What the columns hold is known
 * here: addresses and their texts have one dictionary of numbers, and only its entries are written as text; times and
 * counters of many values are written as differences, session ids as they are, and for all else there are dictionaries.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { sourcePortAt, targetPortAt, writeDecimal, writeEnd } from '../end-names.ts';
import { AddressCodes } from '../parquet/address-codes.ts';
import { type Chunk, dictionaryChunk, emptyChunk, numbersChunk, randomChunk } from '../parquet/chunk.ts';
import { Dictionary, mostRows } from '../parquet/dictionary.ts';
import { TextEntries } from '../parquet/entries.ts';
import { ParquetFile } from '../parquet/file.ts';
import { type Column, columnsOf } from '../schema.ts';
import { remainderColumn } from '../store/file-layout.ts';
import { batchOf, gatherPairs, gatherSmall, OrderedRows, type Present, rowOf } from './ordered-rows.ts';
import type { RunConstants } from './run-encode.ts';

const addressed = columnsOf('addressed');
const remainder: Column = { name: remainderColumn, type: 'UINTEGER', nullable: true, named: false, doc: '' };
const fileColumns = [...addressed, remainder];
const placeOf = new Map(addressed.map(({ name }, at) => [name, at]));

/** Whether the meter made all rows of a run. */
export const isMeteredRun = (batches: readonly FlowBatch[]): boolean => batches.every(({ isUnnamed }) => isUnnamed);

/** Microseconds or counters beyond this are no whole numbers of a double any more (or not for their differences). */
const mostExact = 2 ** 52;

/** How the values of a column are written; those that are not named have a dictionary. */
const numbers = new Set(['id', 'time', 'byte_count', 'rev_byte_count', 'rtt_us']);
const random = new Set(['session_id', 'parent_session_id']);

const encoder = new TextEncoder();

/** Whether two texts of a batch are the same octets in the same place. */
const isSameText = (u32: Uint32Array, row: number, other: number): boolean =>
  u32[row * 4] === u32[other * 4] &&
  u32[row * 4 + 1] === u32[other * 4 + 1] &&
  u32[row * 4 + 2] === u32[other * 4 + 2] &&
  u32[row * 4 + 3] === u32[other * 4 + 3];

const dictionary = new Dictionary();
const halves = new Dictionary();
const addresses = new AddressCodes();
const texts = new TextEntries(mostRows);
const values = new Float64Array(mostRows);
const small = new Uint32Array(mostRows);
const pairs = new Uint32Array(mostRows * 2);
const remainders = new Uint32Array(mostRows);

/**
 * The Parquet file of the rows at these places, which are in order of time, in parts; undefined where a value is none that
 * a meter of our days would give, such as a time of the year 2200.
 */
export const encodeMetered = (batches: readonly FlowBatch[], places: Uint32Array, constants: RunConstants): Uint8Array[] | undefined => {
  const file = new ParquetFile(fileColumns);
  for (let from = 0; from < places.length; from += mostRows) {
    const rows = new OrderedRows(batches, places.subarray(from, from + mostRows));
    const chunks = new RowGroup(rows, constants).encode();
    if (chunks === undefined) return undefined;
    file.addRowGroup(chunks, rows.count);
  }
  return file.end();
};

class RowGroup {
  readonly #rows: OrderedRows;
  readonly #constants: RunConstants;
  readonly #chunks: Chunk[] = [];
  #isExact = true;

  constructor(rows: OrderedRows, constants: RunConstants) {
    this.#rows = rows;
    this.#constants = constants;
  }

  encode(): Chunk[] | undefined {
    remainders.fill(0);
    this.#addEnd('src');
    this.#addEnd('dst');
    for (const [at, column] of addressed.entries()) this.#chunks[at] ??= this.#encode(column, this.#rows.column(at));
    this.#chunks.push(this.#remainders());
    return this.#isExact ? this.#chunks : undefined;
  }

  #encode(column: Column, columns: readonly BatchColumn[]): Chunk {
    const { name, type } = column;
    const { sourceId, ingestedAt } = this.#constants;
    if (name === 'source_id') return this.#constant(column, sourceId, 0);
    if (name === 'ingested_at') return this.#constant(column, Number(ingestedAt & 0xffff_ffffn), Number(ingestedAt >> 32n));
    const { levels, places } = this.#rows.present(columns);
    if (levels === 'none') return emptyChunk(column, this.#rows.count);
    if (type === 'VARCHAR') return this.#repeated(column, columns, { levels, places });
    if (type === 'TIMESTAMP_NS') {
      this.#gatherTimes(columns, places, levels);
      return numbersChunk(column, this.#rows.count, values, places.length, levels);
    }
    if (numbers.has(name)) {
      this.#gatherNumbers(columns, places, name === 'id' ? this.#constants.base : 0);
      return numbersChunk(column, this.#rows.count, values, places.length, levels);
    }
    if (columns[0]!.width === 8) gatherPairs(columns, places, pairs);
    else gatherSmall(columns, places, small);
    if (random.has(name)) return randomChunk(column, this.#rows.count, pairs, places.length, levels);
    dictionary.clear();
    if (columns[0]!.width === 8) dictionary.addLongs(pairs, 0, places.length);
    else dictionary.addSmall(small, 0, places.length);
    return dictionaryChunk(column, this.#rows.count, dictionary.coded(column), levels);
  }

  /** Addresses of exporters and next hops: texts that many rows share, and mostly with the row before them. */
  #repeated(column: Column, columns: readonly BatchColumn[], { levels, places }: Present): Chunk {
    const codes = new Map<string, number>();
    let [batch, row, code] = [-1, 0, 0];
    texts.clear();
    for (let i = 0; i < places.length; i++) {
      const at = batchOf(places[i]!);
      const next = rowOf(places[i]!);
      if (at !== batch || !isSameText(columns[at]!.u32, row, next)) {
        const text = this.#rows.text(columns, places[i]!);
        code = codes.get(text) ?? codes.size;
        if (code === codes.size) {
          codes.set(text, code);
          texts.add((octets, to) => to + encoder.encodeInto(text, octets.subarray(to)).written);
        }
      }
      small[i] = code;
      [batch, row] = [at, next];
    }
    return dictionaryChunk(column, this.#rows.count, { codes: small, count: places.length, entries: texts }, levels);
  }

  #constant(column: Column, low: number, high: number): Chunk {
    dictionary.clear();
    dictionary.addConstant(low, high, this.#rows.count);
    return dictionaryChunk(column, this.#rows.count, dictionary.coded(column), 'all');
  }

  #gatherNumbers(columns: readonly BatchColumn[], places: Uint32Array, base: number): void {
    if (columns[0]!.width === 4) {
      gatherSmall(columns, places, small);
      for (let i = 0; i < places.length; i++) values[i] = small[i]!;
      return;
    }
    gatherPairs(columns, places, pairs);
    let most = 0;
    for (let i = 0; i < places.length; i++) {
      const value = (pairs[i * 2 + 1]! | 0) * 4294967296 + pairs[i * 2]! + base;
      values[i] = value;
      if (value > most) most = value;
      if (-value > most) most = -value;
    }
    if (most > mostExact) this.#isExact = false;
  }

  /** Microseconds, and what is below them into `remainders`: see `store/file-layout.ts`. */
  #gatherTimes(columns: readonly BatchColumn[], places: Uint32Array, levels: 'all' | Uint32Array): void {
    const factor = { start_time: 1, end_time: 1000, rev_start_time: 1_000_000 }[columns[0]!.column.name as 'end_time'];
    gatherPairs(columns, places, pairs);
    let row = 0;
    let most = 0;
    for (let i = 0; i < places.length; i++, row++) {
      const high = pairs[i * 2 + 1]! | 0;
      // 2^32 is 4,294,967 thousands and 296.
      const rest = high * 296 + pairs[i * 2]!;
      const thousands = Math.floor(rest / 1000);
      const value = high * 4_294_967 + thousands;
      values[i] = value;
      if (value > most) most = value;
      if (-value > most) most = -value;
      if (levels !== 'all') while (levels[row] === 0) row++;
      remainders[row]! += factor * (rest - thousands * 1000);
    }
    if (most > mostExact) this.#isExact = false;
  }

  /** What is left of the three times below a microsecond; NULL for nothing. */
  #remainders(): Chunk {
    const rows = this.#rows.count;
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = remainders[row]!;
      values[count] = value;
      const level = value === 0 ? 0 : 1;
      small[row] = level;
      count += level;
    }
    if (count === 0) return emptyChunk(remainder, rows);
    return numbersChunk(remainder, rows, values, count, count === rows ? 'all' : small);
  }

  /** The five columns of the source or the destination. */
  #addEnd(side: 'src' | 'dst'): void {
    this.#readAddresses(side);
    const { size, codes, words, versions } = addresses;
    texts.clear();
    for (let code = 0; code < size; code++) {
      const at = code * 4;
      texts.add((octets, to) => writeEnd(octets, to, versions[code]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!));
    }
    this.#put(`${side}_comp`, (column) =>
      dictionaryChunk(column, this.#rows.count, { codes, count: this.#rows.count, entries: texts }, 'all'),
    );
    this.#put(`${side}_addr_hi`, (column) => this.#half(column, 0));
    this.#put(`${side}_addr_lo`, (column) => this.#half(column, 2));
    this.#addPort(side);
  }

  #put(name: string, encode: (column: Column) => Chunk): void {
    const at = placeOf.get(name) as number;
    this.#chunks[at] = encode(addressed[at] as Column);
  }

  #readAddresses(side: 'src' | 'dst'): void {
    const { places } = this.#rows;
    const arrays = (name: string) => this.#rows.column(placeOf.get(name) as number);
    const versions = arrays('ip_version').map(({ u8 }) => u8);
    const highs = arrays(`${side}_addr_hi`).map(({ u32 }) => u32);
    const lows = arrays(`${side}_addr_lo`).map(({ u32 }) => u32);
    addresses.clear();
    for (let i = 0; i < places.length; i++) {
      const batch = batchOf(places[i]!);
      const row = rowOf(places[i]!);
      const high = highs[batch]!;
      const low = lows[batch]!;
      addresses.add(versions[batch]![row]!, high[row * 2 + 1]!, high[row * 2]!, low[row * 2 + 1]!, low[row * 2]!);
    }
  }

  /** Half of each address, from the word at `word` of its four on: addresses that share it have one entry. */
  #half(column: Column, word: number): Chunk {
    const { size, codes, words } = addresses;
    halves.clear();
    for (let code = 0; code < size; code++) halves.addLong(words[code * 4 + word + 1]!, words[code * 4 + word]!);
    const { codes: shared } = halves;
    const { count } = this.#rows;
    for (let i = 0; i < count; i++) small[i] = shared[codes[i]!]!;
    return dictionaryChunk(column, count, { ...halves.coded(column), codes: small, count }, 'all');
  }

  /** A port as text; as a number it is a column like others. */
  #addPort(side: 'src' | 'dst'): void {
    const { places } = this.#rows;
    const columns = (name: string) => this.#rows.column(placeOf.get(name) as number);
    const [ports, types, codes] = [columns(`${side}_port_num`), columns('icmp_type'), columns('icmp_code')];
    const parts = ports.map((port, at) => ({ port, type: types[at] as BatchColumn, code: codes[at] as BatchColumn }));
    const portAt = side === 'src' ? sourcePortAt : targetPortAt;
    for (let i = 0; i < places.length; i++) small[i] = portAt(parts[batchOf(places[i]!)]!, rowOf(places[i]!));
    dictionary.clear();
    dictionary.addSmall(small, 0, places.length);
    texts.clear();
    for (let code = 0; code < dictionary.size; code++) texts.add((octets, to) => writeDecimal(octets, to, dictionary.words[code * 4]!));
    const coded = { codes: dictionary.codes, count: dictionary.count, entries: texts };
    this.#put(`${side}_port`, (column) => dictionaryChunk(column, places.length, coded, 'all'));
  }
}
