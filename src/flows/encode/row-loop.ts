/**
 * The loop over the rows of a chunk, written for one notation and one set of fields and compiled when it is first needed:
 * a loop that asks at each value what kind it is and loads what stands around it spends two thirds of its time on that.
 * In the source below all of it is in place: the kind, the column, and the octets between values as numbers. A source
 * is made of those numbers only; no name of a field, and nothing that a client has sent, is ever part of one.
 *
 *  - Nothing is made for a value: no string, no BigInt. Digits come from tables (`digits.ts`). A text of up to 12 octets
 *    is copied as words, which are then asked whether one of their octets may need escaping (`suspects.ts`); only then it
 *    is written again, the slow way.
 *  - Octets between values are stored eight at a time, as doubles, at any alignment; the store that reaches past their end
 *    is overwritten by what follows. (A double is bits here. The one pattern that an engine may change is NaN, and in
 *    UTF-8 its two top octets, 7F after F0 or more, cannot occur.) Where a column has no NULL in the chunk, the end of one
 *    field and the begin of the next are one constant.
 *  - One check of room for a whole row: a row of numbers and short texts has a greatest length. Long texts ask again.
 */
import { writeIpv4, writeIpv6 } from '../../core/address.ts';
import type { BlockQueue } from './block.ts';
import type { Cells } from './cells.ts';
import { writeLead, writeSigned64, writeUnsigned32, writeUnsigned64 } from './digits.ts';
import { ticks, writeInstant } from './instant.ts';
import type { CellNotation, Notation } from './notation.ts';
import { inlineOctets, type RawColumn } from './raw-column.ts';
import { blanks, suspicion } from './suspects.ts';

/** Writes texts that are not short and plain, on behalf of a loop. */
export type TextWriter = {
  /** Writes a text of more than 12 octets, or an empty one, into the open block, and leaves room for the rest of the row. */
  writeText(blocks: BlockQueue, column: RawColumn, row: number, length: number): void;
  /** Writes an escaped text that lies in place; returns the position behind. */
  escapeText(target: Uint8Array, at: number, column: RawColumn, row: number, length: number): number;
};

/** The first `count` rows of a chunk; `cells` of the fields that have some; `isFirst` when no row has been before. */
export type Rows = { columns: readonly RawColumn[]; cells: readonly (Cells | null)[]; count: number; isFirst: boolean };

/** Writes rows into blocks. */
export type RowLoop = (rows: Rows, blocks: BlockQueue, texts: TextWriter) => void;

/**
 * How a field is found in a chunk, a letter for each field: `p` there is no NULL, `m` there may be some, or a digit: there are
 * cells of so many words.
 */
export const presenceOf = (notation: Notation, columns: readonly RawColumn[], cells: readonly (Cells | null)[]): string => {
  let letters = '';
  let index = 0;
  for (const [place, { field }] of notation.cells.entries()) {
    const isAddress = field.type === 'ADDRESS';
    // An address whose halves are always there is never a text.
    letters += cells[place]?.words ?? (columns[isAddress ? index + 1 : index]!.validity === null ? 'p' : 'm');
    index += isAddress ? 3 : 1;
  }
  return letters;
};

/** Compiles the loop for chunks whose NULLs lie as `presence` tells; `room` is the most octets of a row without long texts. */
export const compileRowLoop = (notation: Notation, presence: string, room: number): RowLoop => {
  const source = new RowSource(notation, presence).loop(room);
  return new Function(...Object.keys(tools), source)(...Object.values(tools)) as RowLoop;
};

const isPresentAt = (validity: Uint8Array | null, row: number): boolean =>
  validity === null || (validity[row >> 3]! & (1 << (row & 7))) !== 0;

/** An address from its halves, most significant half first. */
const writeAddress = (u8: Uint8Array, at: number, high: Uint32Array, low: Uint32Array, row: number): number => {
  const a = high[row * 2 + 1]!;
  const b = high[row * 2]!;
  const c = low[row * 2 + 1]!;
  const d = low[row * 2]!;
  return a === 0 && b === 0 && c === 0xffff ? writeIpv4(u8, at, d) : writeIpv6(u8, at, a, b, c, d);
};

/** What the sources below call. */
const tools = { writeLead, writeUnsigned32, writeUnsigned64, writeSigned64, writeInstant, writeAddress, isPresentAt, blanks };

/** The source that writes a value that is no text. */
const numberSource = (type: Exclude<CellNotation['field']['type'], 'VARCHAR'>, index: number): string => {
  const low = `c${index}[row * 2]`;
  const high = `c${index}[row * 2 + 1]`;
  switch (type) {
    case 'UTINYINT':
      return `at = writeLead(view, at, c${index}[row]);`;
    case 'USMALLINT':
    case 'UINTEGER':
      return `at = writeUnsigned32(view, at, c${index}[row]);`;
    case 'UBIGINT':
      return `at = ${high} === 0 ? writeUnsigned32(view, at, ${low}) : writeUnsigned64(view, at, ${low}, ${high});`;
    case 'BIGINT':
      return `at = ${high} === 0 ? writeUnsigned32(view, at, ${low}) : writeSigned64(view, at, ${low}, ${high});`;
    case 'TIMESTAMP':
      return `at = writeInstant(u8, view, at, ${low}, ${high}, ${ticks.microseconds});`;
    case 'TIMESTAMP_NS':
      return `at = writeInstant(u8, view, at, ${low}, ${high}, ${ticks.nanoseconds});`;
    case 'ADDRESS':
      return `at = writeAddress(u8, at, c${index + 1}, c${index + 2}, row);`;
  }
};

const reload = '({ u8, view, at } = blocks);';

/** The source of one loop, line by line. */
class RowSource {
  readonly #notation: Notation;
  readonly #presence: string;
  readonly #lines: string[] = [];
  /** Octets that stand before what comes next, not written yet. */
  #pending = '';

  constructor(notation: Notation, presence: string) {
    this.#notation = notation;
    this.#presence = presence;
  }

  loop(room: number): string {
    const { cells, firstStart, rowStart, rowEnd } = this.#notation;
    this.#add('return ({ columns, cells, count, isFirst }, blocks, texts) => {');
    this.#columns();
    this.#add('let { u8, view, at } = blocks;');
    this.#add('for (let row = 0; row < count; row++) {');
    this.#add(`if (at + ${room} > u8.length) { blocks.at = at; blocks.next(${room}); ${reload} }`);
    this.#add('if (isFirst && row === 0) {');
    this.#octets(firstStart);
    this.#add('} else {');
    this.#octets(rowStart);
    this.#add('}');
    let index = 0;
    cells.forEach((cell, place) => {
      this.#field(cell, index, place);
      index += cell.field.type === 'ADDRESS' ? 3 : 1;
    });
    this.#octets(this.#pending + rowEnd);
    this.#add('}', 'blocks.at = at;', '};');
    return this.#lines.join('\n');
  }

  #add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** A variable for the values of each column: `c0`, `c1`, ... */
  #columns(): void {
    const arrays = { UTINYINT: 'u8', USMALLINT: 'u16' } as Record<string, string>;
    let index = 0;
    for (const [place, { field }] of this.#notation.cells.entries()) {
      if (this.#words(place) > 0)
        this.#add(
          `const codes${place} = columns[${index}].coded.codes, { octets: octets${place}, lengths: lengths${place} } = cells[${place}];`,
        );
      for (let part = 0; part < (field.type === 'ADDRESS' ? 3 : 1); part++, index++) {
        this.#add(`const c${index} = columns[${index}].${arrays[field.type] ?? 'u32'};`);
        this.#add(`const v${index} = columns[${index}].validity;`);
      }
    }
  }

  /** Words of the cells of a field, or 0 where it has none. */
  #words(place: number): number {
    return Number.parseInt(this.#presence[place] as string, 10) || 0;
  }

  #field(cell: CellNotation, index: number, place: number): void {
    const words = this.#words(place);
    if (words === 0) this.#cell(cell, index, this.#presence[place] === 'p');
    else {
      this.#octets(this.#pending);
      this.#pending = '';
      this.#add('{', `const code = codes${place}[row], from = code * ${words};`);
      for (let word = 0; word < words; word++) this.#add(`view.setFloat64(at + ${word * 8}, octets${place}[from + ${word}], true);`);
      this.#add(`at += lengths${place}[code];`, '}');
    }
  }

  #cell({ field, prefix, suffix, absent }: CellNotation, index: number, isThere: boolean): void {
    if (isThere) {
      this.#octets(this.#pending + prefix);
      this.#value(field.type, index);
      this.#pending = suffix;
      return;
    }
    this.#octets(this.#pending);
    this.#pending = '';
    const one = (condition: string, write: () => void): void => {
      this.#add(`if (${condition}) {`);
      this.#octets(prefix);
      write();
      this.#octets(suffix);
      this.#add('} else {');
    };
    one(`isPresentAt(v${index}, row)`, () => this.#value(field.type === 'ADDRESS' ? 'VARCHAR' : field.type, index));
    if (field.type === 'ADDRESS') one(`isPresentAt(v${index + 1}, row)`, () => this.#value(field.type, index));
    this.#octets(absent);
    this.#add(field.type === 'ADDRESS' ? '}}' : '}');
  }

  #value(type: CellNotation['field']['type'], index: number): void {
    this.#add(...(type === 'VARCHAR' ? this.#text(index) : [numberSource(type, index)]));
  }
  /** A length, then up to 12 octets in place (see `raw-column.ts`). */
  #text(index: number): string[] {
    const { escaped, escapesEmpty } = this.#notation;
    const word = (n: number): string => `const w${n} = c${index}[row * 4 + ${n + 1}] | 0; view.setInt32(at + ${n * 4}, w${n}, true);`;
    const suspect = (n: number): string => {
      return `const s${n} = w${n} | blanks[length + ${n * 13}]; found |= ${suspicion(`s${n}`, escaped)};`;
    };
    return [
      '{',
      `const length = c${index}[row * 4];`,
      `if (length > ${inlineOctets}${escapesEmpty ? ' || length === 0' : ''}) {`,
      `blocks.at = at; texts.writeText(blocks, columns[${index}], row, length); ${reload}`,
      '} else {',
      `let found = 0; ${word(0)} ${suspect(0)}`,
      // Names have 3 to 8 octets in no order: whether there is a second word could not be foretold.
      `${word(1)} ${suspect(1)}`,
      `if (length > 8) { ${word(2)} ${suspect(2)} }`,
      `at = (found & 0x80808080) === 0 ? at + length : texts.escapeText(u8, at, columns[${index}], row, length);`,
      '}',
      '}',
    ];
  }

  /** Stores of a text that is known beforehand; up to seven octets past its end are overwritten. */
  #octets(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    for (let from = 0; from < bytes.length; from += 8) {
      const left = bytes.length - from;
      const word = Buffer.alloc(8);
      bytes.copy(word, 0, from);
      if (left === 1) this.#add(`view.setInt8(at + ${from}, ${word.readInt8()});`);
      else if (left <= 4) this.#add(`view.setInt32(at + ${from}, ${word.readInt32LE()}, true);`);
      else this.#add(`view.setFloat64(at + ${from}, ${word.readDoubleLE()}, true);`);
    }
    if (bytes.length > 0) this.#add(`at += ${bytes.length};`);
  }
}
