/**
 * The values of a dictionary as they stand in an answer, each with the octets around it, made once for each row group. A row
 * costs a copy of some words then, where its value would be taken apart into digits, or looked through for what needs escaping.
 * All cells of a dictionary have the same room, a multiple of eight octets, so that the copy has no branch; what lies behind
 * the end of one is overwritten by what follows it. They are written in order, for the same reason: each may reach into the next.
 */
import { digitsOctets, writeLead, writeSigned64, writeUnsigned32, writeUnsigned64 } from './digits.ts';
import { instantOctets, ticks, writeInstant } from './instant.ts';
import type { CellNotation, Notation } from './notation.ts';
import { type Entries, inlineOctets } from './raw-column.ts';
import type { Suspects } from './suspects.ts';

/**
 * Cells of one dictionary, until those of the next are made: entry `n` has `lengths[n]` octets, in `words` doubles (as bits) from
 * `octets[n * words]` on.
 */
export type Cells = { readonly words: number; readonly octets: Float64Array; readonly lengths: Uint8Array };

/** Cells are at most so long: copying much for each row would be no gain. */
const mostWords = 9;

/** Octets by which the last cell may reach past its room: an escaped text is the longest value. */
const overshoot = inlineOctets * 6 + 16;

/** How the texts of a notation are escaped. */
type Escapes = Pick<Notation, 'escape' | 'escapesEmpty'>;

/** Where an escaped text is measured. */
const measured = new Uint8Array(overshoot);

/** Octets of a text of a notation, which stands before or behind each value. */
class Around {
  readonly length: number;
  readonly #words: Float64Array;

  constructor(text: string) {
    const octets = Buffer.from(text);
    this.length = octets.length;
    this.#words = new Float64Array((octets.length + 7) >> 3);
    new Uint8Array(this.#words.buffer).set(octets);
  }

  /** Up to seven octets past the end are overwritten. */
  write(view: DataView, at: number): number {
    const words = this.#words;
    for (let word = 0, to = at; word < words.length; word++, to += 8) view.setFloat64(to, words[word]!, true);
    return at + this.length;
  }
}

/** Makes the cells of one field. */
export class CellMaker {
  readonly #notation: Escapes;
  readonly #suspects: Suspects;
  readonly #prefix: Around;
  readonly #suffix: Around;
  readonly #type: CellNotation['field']['type'];
  #entries: Entries | undefined;
  #cells: Cells | null = null;
  /** Room only grows, so that few loops are compiled. */
  #words = 1;
  /** Memory of the cells, used again for the next dictionary, in three views. */
  #octets = new Float64Array(0);
  #u8 = new Uint8Array(0);
  #view = new DataView(this.#octets.buffer);
  #lengths = new Uint8Array(0);
  /** Whether one of the texts may need escaping. */
  #hasSuspects = false;

  constructor(notation: Escapes, { field, prefix, suffix }: CellNotation, suspects: Suspects) {
    this.#notation = notation;
    this.#suspects = suspects;
    this.#prefix = new Around(prefix);
    this.#suffix = new Around(suffix);
    this.#type = field.type;
  }

  /** The cells of a dictionary, or null where they would not be worth it. */
  of(entries: Entries): Cells | null {
    if (this.#entries === entries) return this.#cells;
    this.#entries = entries;
    const isWorthIt = entries.heap === undefined && entries.size * 2 <= entries.rows;
    this.#cells = isWorthIt ? this.#make(entries) : null;
    return this.#cells;
  }

  #make({ words: values, size }: Entries): Cells | null {
    const longest = this.#prefix.length + this.#longest(values, size) + this.#suffix.length;
    this.#words = Math.max(this.#words, (longest + 7) >> 3);
    if (this.#words > mostWords) return null;
    this.#reserve(size);
    if (this.#isText) this.#writeTexts(values, size);
    else this.#writeNumbers(values, size);
    return { words: this.#words, octets: this.#octets, lengths: this.#lengths };
  }

  get #isText(): boolean {
    return this.#type === 'VARCHAR' || this.#type === 'ADDRESS';
  }

  #reserve(size: number): void {
    if (this.#lengths.length < size) this.#lengths = new Uint8Array(size);
    const needed = size * this.#words + (overshoot >> 3);
    if (this.#octets.length >= needed) return;
    this.#octets = new Float64Array(needed);
    this.#u8 = new Uint8Array(this.#octets.buffer);
    this.#view = new DataView(this.#octets.buffer);
  }

  /** At least the octets of the longest value. */
  #longest(values: Uint32Array, size: number): number {
    if (this.#type === 'TIMESTAMP' || this.#type === 'TIMESTAMP_NS') return instantOctets;
    if (this.#isText) return this.#longestText(values, size);
    const isWide = this.#type === 'UBIGINT' || this.#type === 'BIGINT';
    let greatest = 0;
    for (let at = 0, step = isWide ? 2 : 1; at < size * step; at += step) {
      if (isWide && values[at + 1] !== 0) return digitsOctets;
      if (values[at]! > greatest) greatest = values[at]!;
    }
    return String(greatest).length;
  }

  #longestText(values: Uint32Array, size: number): number {
    let longest = 0;
    let hasSuspects = false;
    for (let word = 0; word < size * 4; word += 4) {
      const isSuspect = this.#isSuspect(values, word);
      const length = isSuspect ? this.#escape(measured, 0, values, word) : values[word]!;
      if (length > longest) longest = length;
      if (isSuspect) hasSuspects = true;
    }
    this.#hasSuspects = hasSuspects;
    return longest;
  }

  #isSuspect(values: Uint32Array, word: number): boolean {
    const length = values[word]!;
    if (length === 0) return this.#notation.escapesEmpty;
    return this.#suspects(values[word + 1]! | 0, values[word + 2]! | 0, values[word + 3]! | 0, length) !== 0;
  }

  #escape(target: Uint8Array, at: number, values: Uint32Array, word: number): number {
    const length = values[word]!;
    const bytes = new Uint8Array(values.buffer, values.byteOffset + (word + 1) * 4, length);
    return this.#notation.escape(target, at, bytes, 0, length);
  }

  #writeTexts(values: Uint32Array, size: number): void {
    const view = this.#view;
    const hasSuspects = this.#hasSuspects;
    const lengths = this.#lengths;
    const room = this.#words * 8;
    for (let entry = 0, start = 0, word = 0; entry < size; entry++, start += room, word += 4) {
      const at = this.#prefix.write(view, start);
      let end = at + values[word]!;
      if (hasSuspects && this.#isSuspect(values, word)) end = this.#escape(this.#u8, at, values, word);
      else {
        view.setInt32(at, values[word + 1]! | 0, true);
        view.setInt32(at + 4, values[word + 2]! | 0, true);
        view.setInt32(at + 8, values[word + 3]! | 0, true);
      }
      lengths[entry] = this.#suffix.write(view, end) - start;
    }
  }

  #writeNumbers(values: Uint32Array, size: number): void {
    const view = this.#view;
    const lengths = this.#lengths;
    const room = this.#words * 8;
    for (let entry = 0, start = 0; entry < size; entry++, start += room) {
      const end = this.#writeNumber(this.#prefix.write(view, start), values, entry);
      lengths[entry] = this.#suffix.write(view, end) - start;
    }
  }

  #writeNumber(at: number, values: Uint32Array, entry: number): number {
    const view = this.#view;
    const low = values[entry * 2]!;
    const high = values[entry * 2 + 1]!;
    switch (this.#type) {
      case 'UTINYINT':
        return writeLead(view, at, values[entry]!);
      case 'USMALLINT':
      case 'UINTEGER':
        return writeUnsigned32(view, at, values[entry]!);
      case 'TIMESTAMP':
        return writeInstant(this.#u8, view, at, low, high, ticks.microseconds);
      case 'TIMESTAMP_NS':
        return writeInstant(this.#u8, view, at, low, high, ticks.nanoseconds);
      case 'BIGINT':
        return high === 0 ? writeUnsigned32(view, at, low) : writeSigned64(view, at, low, high);
      default:
        return high === 0 ? writeUnsigned32(view, at, low) : writeUnsigned64(view, at, low, high);
    }
  }
}
