/**
 * Writes what Arrow has in front of its data: small trees of tables in the format of FlatBuffers
 * (https://flatbuffers.dev/internals/), little-endian. Each table is written in front of what it refers to, since such
 * offsets point forwards:
 *
 *   vtable: [its octets][octets of the table][where field 0 is][field 1] ...   16 bits each, 0 = not there
 *   table:  [offset back to the vtable][fields, each aligned to its size]
 */

/** A value in a table: numbers in place, all else behind it. */
export type Value =
  | { readonly octets: 1 | 2 | 4 | 8; readonly number: number }
  | { readonly text: string }
  | { readonly table: Table }
  | { readonly tables: readonly Table[] }
  /** A vector of structs of 64-bit numbers, of `width` each. */
  | { readonly longs: readonly number[]; readonly width: number };

/** The fields of a table by their numbers; undefined where one has its default. */
export type Table = readonly (Value | undefined)[];

const alignedTo = (at: number, size: number): number => Math.ceil(at / size) * size;

/** The octets of a tree whose root is a table; a multiple of eight. */
export const writeTree = (root: Table): Uint8Array => {
  const writer = new Writer();
  writer.link(0, writer.table(root, 4));
  return writer.written();
};

class Writer {
  #octets = new Uint8Array(1024);
  #view = new DataView(this.#octets.buffer);
  #end = 0;

  written(): Uint8Array {
    this.#reserve(8);
    return this.#octets.subarray(0, alignedTo(this.#end, 8));
  }

  /** Writes at `at` how far it is to `target`. */
  link(at: number, target: number): void {
    this.#view.setUint32(at, target - at, true);
  }

  /** Writes a table and all that it refers to, behind `from`; returns where it begins. */
  table(fields: Table, from = this.#end): number {
    const head = alignedTo(from, 2);
    const slots = 4 + fields.length * 2;
    // At 4 behind a multiple of 8, so that what follows the offset to the vtable is aligned to 8.
    const begin = alignedTo(head + slots + 4, 8) - 4;
    const places: number[] = [];
    let end = begin + 4;
    for (const field of fields) {
      const size = field === undefined ? 0 : 'octets' in field ? field.octets : 4;
      const place = size === 0 ? 0 : alignedTo(end, size);
      if (size > 0) end = place + size;
      places.push(place);
    }
    this.#reserve(end - this.#end + 8);
    this.#end = end;
    this.#view.setUint16(head, slots, true);
    this.#view.setUint16(head + 2, end - begin, true);
    this.#view.setInt32(begin, begin - head, true);
    for (const [at, field] of fields.entries()) {
      const place = places[at] as number;
      this.#view.setUint16(head + 4 + at * 2, place === 0 ? 0 : place - begin, true);
      if (field !== undefined) this.#value(field, place);
    }
    return begin;
  }

  #value(value: Value, at: number): void {
    if ('octets' in value) this.#number(value.octets, value.number, at);
    else if ('text' in value) this.link(at, this.#text(value.text));
    else if ('table' in value) this.link(at, this.table(value.table));
    else if ('tables' in value) this.link(at, this.#tables(value.tables));
    else this.link(at, this.#longs(value.longs, value.width));
  }

  #number(octets: 1 | 2 | 4 | 8, number: number, at: number): void {
    if (octets === 1) this.#view.setUint8(at, number);
    else if (octets === 2) this.#view.setInt16(at, number, true);
    else if (octets === 4) this.#view.setInt32(at, number, true);
    else this.#view.setBigInt64(at, BigInt(number), true);
  }

  /** Its length, its UTF-8, and a zero. */
  #text(text: string): number {
    const bytes = Buffer.from(text);
    const begin = this.#vector(bytes.length, bytes.length + 1, 4);
    this.#octets.set(bytes, begin + 4);
    return begin;
  }

  #tables(tables: readonly Table[]): number {
    const begin = this.#vector(tables.length, tables.length * 4, 4);
    for (const [at, table] of tables.entries()) this.link(begin + 4 + at * 4, this.table(table));
    return begin;
  }

  #longs(longs: readonly number[], width: number): number {
    const begin = this.#vector(longs.length / width, longs.length * 8, 8);
    for (const [at, long] of longs.entries()) this.#view.setBigInt64(begin + 4 + at * 8, BigInt(long), true);
    return begin;
  }

  /** Room for a vector of `count` elements that are aligned to `alignment`, with its count in front; returns where that is. */
  #vector(count: number, octets: number, alignment: 4 | 8): number {
    const begin = alignedTo(this.#end + 4, alignment) - 4;
    this.#reserve(begin - this.#end + 4 + octets + 8);
    this.#end = begin + 4 + octets;
    this.#view.setUint32(begin, count, true);
    return begin;
  }

  #reserve(octets: number): void {
    if (this.#end + octets <= this.#octets.length) return;
    const grown = new Uint8Array(Math.max(this.#end + octets, this.#octets.length * 2));
    grown.set(this.#octets);
    this.#octets = grown;
    this.#view = new DataView(grown.buffer);
  }
}
