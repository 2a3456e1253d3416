/**
 * The values of a dictionary as they stand in an answer, each with the octets around it, made once for each row group. A row
 * costs a copy of some words then, where its value would be taken apart into digits, or looked through for what needs escaping.
 * All cells of a dictionary have the same room, a multiple of eight octets, so that the copy has no branch; what lies behind
 * the end of one is overwritten by what follows it.
 */
import { digitsOctets, writeLead, writeSigned64, writeUnsigned32, writeUnsigned64 } from './digits.ts';
import { instantOctets, ticks, writeInstant } from './instant.ts';
import type { CellNotation, Notation } from './notation.ts';
import { type Entries, inlineOctets } from './raw-column.ts';

/**
 * Cells of one dictionary, until those of the next are made: entry `n` has `lengths[n]` octets, in `words` doubles (as bits) from
 * `octets[n * words]` on.
 */
export type Cells = { readonly words: number; readonly octets: Float64Array; readonly lengths: Uint8Array };

/** Cells are at most so long: copying much for each row would be no gain. */
const mostWords = 9;

/** Octets that a cell may have beside prefix and suffix while it is made: those of any value, an escaped text being the longest. */
const valueOctets = Math.max(digitsOctets, instantOctets, inlineOctets * 6 + 2) + 8;

let scratch = new Uint8Array(64 * 1024);
let view = new DataView(scratch.buffer);
let starts = new Uint32Array(0);

/** How the texts of a notation are escaped. */
type Escapes = Pick<Notation, 'escape' | 'escapesEmpty'>;

/** Makes the cells of one field. */
export class CellMaker {
  readonly #notation: Escapes;
  readonly #prefix: Uint8Array;
  readonly #suffix: Uint8Array;
  readonly #type: CellNotation['field']['type'];
  /** 1 for each octet that needs escaping. */
  readonly #special: Uint8Array;
  #entries: Entries | undefined;
  #cells: Cells | null = null;
  /** Room only grows, so that few loops are compiled. */
  #words = 1;
  /** Memory of the cells, used again for the next dictionary. */
  #octets = new Float64Array(0);
  #lengths = new Uint8Array(0);

  constructor(notation: Escapes, { field, prefix, suffix }: CellNotation, special: Uint8Array) {
    this.#notation = notation;
    this.#prefix = Buffer.from(prefix);
    this.#suffix = Buffer.from(suffix);
    this.#type = field.type;
    this.#special = special;
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
    const room = this.#prefix.length + valueOctets + this.#suffix.length;
    if (scratch.length < size * room) {
      scratch = new Uint8Array(size * room);
      view = new DataView(scratch.buffer);
    }
    if (starts.length < size) starts = new Uint32Array(size);
    if (this.#lengths.length < size) this.#lengths = new Uint8Array(size);
    const lengths = this.#lengths;
    let longest = 0;
    let at = 0;
    for (let entry = 0; entry < size; entry++) {
      starts[entry] = at;
      const end = this.#write(at, values, entry);
      const length = end - at;
      if (length > longest) longest = length;
      lengths[entry] = length;
      at = end;
    }
    this.#words = Math.max(this.#words, (longest + 7) >> 3);
    if (this.#words > mostWords) return null;
    this.#space(size);
    return { words: this.#words, octets: this.#octets, lengths };
  }

  /** Copies what lies in the scratch, with the same room for each. */
  #space(size: number): void {
    const words = this.#words;
    if (this.#octets.length < size * words) this.#octets = new Float64Array(size * words);
    const octets = this.#octets;
    for (let entry = 0, to = 0; entry < size; entry++) {
      const start = starts[entry]!;
      for (let word = 0; word < words; word++) octets[to++] = view.getFloat64(start + word * 8, true);
    }
  }

  #write(at: number, values: Uint32Array, entry: number): number {
    const target = scratch;
    let end = at;
    for (let i = 0; i < this.#prefix.length; i++) target[end++] = this.#prefix[i]!;
    end = this.#writeValue(end, values, entry);
    for (let i = 0; i < this.#suffix.length; i++) target[end++] = this.#suffix[i]!;
    return end;
  }

  #writeValue(at: number, values: Uint32Array, entry: number): number {
    const low = values[entry * 2]!;
    const high = values[entry * 2 + 1]!;
    switch (this.#type) {
      case 'UTINYINT':
        return writeLead(view, at, values[entry]!);
      case 'USMALLINT':
      case 'UINTEGER':
        return writeUnsigned32(view, at, values[entry]!);
      case 'UBIGINT':
        return writeUnsigned64(view, at, low, high);
      case 'BIGINT':
        return writeSigned64(view, at, low, high);
      case 'TIMESTAMP':
        return writeInstant(scratch, view, at, low, high, ticks.microseconds);
      case 'TIMESTAMP_NS':
        return writeInstant(scratch, view, at, low, high, ticks.nanoseconds);
      default:
        return this.#writeText(at, values, entry * 4);
    }
  }

  #writeText(at: number, values: Uint32Array, word: number): number {
    const length = values[word]!;
    view.setUint32(at, values[word + 1]!, true);
    view.setUint32(at + 4, values[word + 2]!, true);
    view.setUint32(at + 8, values[word + 3]!, true);
    let found = length === 0 && this.#notation.escapesEmpty ? 1 : 0;
    for (let i = at; i < at + length; i++) found |= this.#special[scratch[i]!]!;
    if (found === 0) return at + length;
    const bytes = new Uint8Array(values.buffer, values.byteOffset + (word + 1) * 4, length);
    return this.#notation.escape(scratch, at, bytes, 0, length);
  }
}
