/**
 * Runs of metered flows as Parquet without DuckDB, which spends 1.9 us on a row of them. What the columns hold is known
 * here: addresses and their texts have one dictionary of numbers, and only its entries are written as text; times and
 * counters of many values are written as differences, session ids as they are, and for all else there are dictionaries.
 */
import { widthOf } from '../batch.ts';
import { writeDecimal, writeEnd } from '../end-names.ts';
import { AddressCodes } from '../parquet/address-codes.ts';
import { dictionaryChunk, emptyChunk, numbersChunk, type OpenChunk, randomChunk } from '../parquet/chunk.ts';
import { Dictionary, mostRows } from '../parquet/dictionary.ts';
import { TextEntries } from '../parquet/entries.ts';
import type { Octets } from '../parquet/octets.ts';
import type { Column } from '../schema.ts';
import { addressed, constantChunk, encodeFile, mostExact, type PutChunk, placeOf, remainder } from './metered-file.ts';
import type { OrderedRows, Present } from './ordered-rows.ts';
import type { RunConstants } from './run-encode.ts';

/** How the values of a column are written; those that are not named have a dictionary. */
const numbers = new Set(['id', 'time', 'byte_count', 'rev_byte_count', 'rtt_us']);
const random = new Set(['session_id', 'parent_session_id']);

const encoder = new TextEncoder();

const dictionary = new Dictionary();
const halves = new Dictionary();
const addresses = new AddressCodes();
const texts = new TextEntries(mostRows);
const values = new Float64Array(mostRows);
const small = new Uint32Array(mostRows);
const pairs = new Uint32Array(mostRows * 2);
const lowPairs = new Uint32Array(mostRows * 2);
const remainders = new Uint32Array(mostRows);

/** Gives up to `mostRows` rows of a run. */
export type RowsAt = (places: Uint32Array) => OrderedRows;

/** The Parquet file of the rows at these places, which are in order of time, in `memory`; undefined where there is one that is not for us. */
export const encodeMetered = (rowsAt: RowsAt, places: Uint32Array, constants: RunConstants, memory: Octets): Uint8Array | undefined =>
  encodeFile(places, memory, (group, put) => new RowGroup(rowsAt(group), constants, put).encode());

/** Whether all values are the same, as a third of the columns have it: then there is nothing to look up. */
const isSame = (values: Uint32Array, count: number): boolean => {
  const first = values[0];
  for (let i = 1; i < count; i++) if (values[i] !== first) return false;
  return true;
};

class RowGroup {
  readonly #rows: OrderedRows;
  readonly #constants: RunConstants;
  readonly #put: PutChunk;
  /** The columns that have been put. */
  readonly #done = new Set<number>();
  #isExact = true;

  constructor(rows: OrderedRows, constants: RunConstants, put: PutChunk) {
    this.#rows = rows;
    this.#constants = constants;
    this.#put = put;
  }

  /** Puts all columns; false where a number is too great to be exact. */
  encode(): boolean {
    remainders.fill(0);
    this.#addEnd('src');
    this.#addEnd('dst');
    for (const [at, column] of addressed.entries()) if (!this.#done.has(at)) this.#put(at, this.#encode(column, at));
    this.#put(addressed.length, this.#remainders());
    return this.#isExact;
  }

  #encode(column: Column, at: number): OpenChunk {
    const { name, type } = column;
    const { sourceId, ingestedAt } = this.#constants;
    if (name === 'source_id') return constantChunk(column, this.#rows.count, sourceId);
    if (name === 'ingested_at')
      return constantChunk(column, this.#rows.count, Number(ingestedAt & 0xffff_ffffn), Number(ingestedAt >> 32n));
    const isLong = widthOf(column) === 8;
    const constant = isLong || type === 'VARCHAR' ? undefined : this.#rows.constant(at);
    if (constant !== undefined) return constantChunk(column, this.#rows.count, constant);
    const { levels, places } = this.#rows.present(at);
    if (levels === 'none') return emptyChunk(column, this.#rows.count);
    if (type === 'VARCHAR') return this.#repeated(column, at, { levels, places });
    if (isLong) this.#rows.gatherPairs(at, places, pairs);
    else this.#rows.gatherSmall(at, places, small);
    if (random.has(name)) return randomChunk(column, this.#rows.count, pairs, places.length, levels);
    if (type === 'TIMESTAMP_NS') this.#readTimes(name, places.length, levels);
    else if (numbers.has(name)) this.#readNumbers(isLong, places.length, name === 'id' ? this.#constants.base : 0);
    else {
      dictionary.clear();
      if (isLong) dictionary.addLongs(pairs, 0, places.length);
      else if (isSame(small, places.length)) dictionary.addConstant(small[0]!, 0, places.length);
      else dictionary.addSmall(small, 0, places.length);
      return dictionaryChunk(column, this.#rows.count, dictionary.coded(column), levels);
    }
    return numbersChunk(column, this.#rows.count, values, places.length, levels);
  }

  /** Addresses of exporters and next hops: texts that many rows share. */
  #repeated(column: Column, at: number, { levels, places }: Present): OpenChunk {
    const codes = new Map<string, number>();
    const textAt = this.#rows.texts(at);
    texts.clear();
    for (let i = 0; i < places.length; i++) {
      const text = textAt(places[i]!);
      const code = codes.get(text) ?? codes.size;
      small[i] = code;
      if (code < codes.size) continue;
      codes.set(text, code);
      texts.end(texts.begin + encoder.encodeInto(text, texts.room().subarray(texts.begin)).written);
    }
    return dictionaryChunk(column, this.#rows.count, { codes: small, count: places.length, entries: texts }, levels);
  }

  /** What was gathered as numbers. */
  #readNumbers(isLong: boolean, count: number, base: number): void {
    if (!isLong) {
      for (let i = 0; i < count; i++) values[i] = small[i]!;
      return;
    }
    let most = 0;
    for (let i = 0; i < count; i++) {
      const value = (pairs[i * 2 + 1]! | 0) * 4294967296 + pairs[i * 2]! + base;
      values[i] = value;
      const size = Math.abs(value);
      if (size > most) most = size;
    }
    if (most > mostExact) this.#isExact = false;
  }

  /** What was gathered as microseconds, and what is below them into `remainders`: see `store/file-layout.ts`. */
  #readTimes(name: string, count: number, levels: 'all' | Uint32Array): void {
    const factor = { start_time: 1, end_time: 1000, rev_start_time: 1_000_000 }[name as 'end_time'];
    let row = 0;
    let most = 0;
    for (let i = 0; i < count; i++, row++) {
      const high = pairs[i * 2 + 1]! | 0;
      // 2^32 is 4,294,967 thousands and 296.
      const rest = high * 296 + pairs[i * 2]!;
      const thousands = Math.floor(rest / 1000);
      const value = high * 4_294_967 + thousands;
      values[i] = value;
      const size = Math.abs(value);
      if (size > most) most = size;
      if (levels !== 'all') while (levels[row] === 0) row++;
      remainders[row]! += factor * (rest - thousands * 1000);
    }
    if (most > mostExact) this.#isExact = false;
  }

  /** What is left of the three times below a microsecond; NULL for nothing. */
  #remainders(): OpenChunk {
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

  /** The four columns of the source or the destination. */
  #addEnd(side: 'src' | 'dst'): void {
    const { count } = this.#rows;
    this.#readAddresses(side);
    const { size, codes, words, versions } = addresses;
    texts.clear();
    for (let code = 0; code < size; code++) {
      const at = code * 4;
      texts.end(writeEnd(texts.room(), texts.begin, versions[code]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!));
    }
    this.#putNamed(`${side}_comp`, (column) => dictionaryChunk(column, count, { codes, count, entries: texts }, 'all'));
    this.#putNamed(`${side}_addr_hi`, (column) => this.#half(column, 0));
    this.#putNamed(`${side}_addr_lo`, (column) => this.#half(column, 2));
    this.#addPort(side);
  }

  #putNamed(name: string, encode: (column: Column) => OpenChunk): void {
    const at = placeOf(name);
    this.#put(at, encode(addressed[at] as Column));
    this.#done.add(at);
  }

  #readAddresses(side: 'src' | 'dst'): void {
    const { places, count } = this.#rows;
    this.#rows.gatherSmall(placeOf('ip_version'), places, small);
    this.#rows.gatherPairs(placeOf(`${side}_addr_hi`), places, pairs);
    this.#rows.gatherPairs(placeOf(`${side}_addr_lo`), places, lowPairs);
    const [high, low] = [new Int32Array(pairs.buffer), new Int32Array(lowPairs.buffer)];
    addresses.clear();
    for (let i = 0; i < count; i++) {
      addresses.add(small[i]!, high[i * 2 + 1]!, high[i * 2]!, low[i * 2 + 1]!, low[i * 2]!);
    }
  }

  /** Half of each address, from the word at `word` of its four on: addresses that share it have one entry. */
  #half(column: Column, word: number): OpenChunk {
    const { size, codes, words } = addresses;
    halves.clear();
    for (let code = 0; code < size; code++) halves.addLong(words[code * 4 + word + 1]! >>> 0, words[code * 4 + word]! >>> 0);
    const { codes: shared } = halves;
    const { count } = this.#rows;
    if (halves.size === size) return dictionaryChunk(column, count, { ...halves.coded(column), codes, count }, 'all');
    for (let i = 0; i < count; i++) small[i] = shared[codes[i]!]!;
    return dictionaryChunk(column, count, { ...halves.coded(column), codes: small, count }, 'all');
  }

  /** A port as text; as a number it is a column like others. */
  #addPort(side: 'src' | 'dst'): void {
    const { places, count } = this.#rows;
    const { levels } = this.#rows.present(placeOf(`${side}_port_num`));
    this.#rows.gatherSmall(placeOf(`${side}_port_num`), places, small);
    // Where there is no number stands whatever was there before.
    if (levels !== 'all') {
      const icmpAt = side === 'src' ? () => 0 : this.#rows.icmpPorts();
      for (let i = 0; i < count; i++) if (levels === 'none' || levels[i] === 0) small[i] = icmpAt(places[i]!);
    }
    dictionary.clear();
    dictionary.addSmall(small, 0, count);
    texts.clear();
    for (let code = 0; code < dictionary.size; code++) texts.end(writeDecimal(texts.room(), texts.begin, dictionary.words[code * 4]!));
    const coded = { codes: dictionary.codes, count, entries: texts };
    this.#putNamed(`${side}_port`, (column) => dictionaryChunk(column, count, coded, 'all'));
  }
}
