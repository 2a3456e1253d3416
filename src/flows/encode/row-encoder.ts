/** Rows of raw columns as text, at some hundred nanoseconds a row: what there is besides the loop of `row-loop.ts`. */
import { ipv6TextOctets } from '../../core/address.ts';
import type { BlockPool } from './block.ts';
import { BlockQueue } from './block.ts';
import { CellMaker, type Cells } from './cells.ts';
import { digitsOctets } from './digits.ts';
import type { Encoder, Opening } from './encoder.ts';
import { allowInlining } from './inlining.ts';
import { instantOctets } from './instant.ts';
import type { CellNotation, Notation } from './notation.ts';
import type { RawColumn } from './raw-column.ts';
import { inlineOctets } from './raw-column.ts';
import { presenceOf, type RowLoop, type TextWriter } from './row-loop.ts';
import { type RowLoops, rowLoops } from './row-loops.ts';
import { suspectsOf } from './suspects.ts';

/** The octets that `escape` may write for a text of that many. */
const escapedOctets = (length: number): number => length * 6 + 2;
const valueOctets = Math.max(digitsOctets, ipv6TextOctets, instantOctets, escapedOctets(inlineOctets));

/** Octets by which stores may reach past what they write. */
const overshoot = 16;

const octetsOf = (text: string): number => Buffer.byteLength(text, 'utf8');

/** The most octets that a cell has in a row, long texts aside. */
const mostOctets = ({ prefix, suffix, absent }: CellNotation): number => octetsOf(prefix + suffix + absent) + valueOctets;

/** The most octets of a row, long texts aside, with what stores reach past it. */
const rowOctetsOf = ({ firstStart, rowStart, rowEnd, cells }: Notation): number =>
  cells.reduce((sum, cell) => sum + mostOctets(cell), octetsOf(firstStart + rowStart + rowEnd) + overshoot);

/** Encodes rows in a notation. See `Encoder` for the order of calls. */
export class RowEncoder implements Encoder, TextWriter {
  readonly contentType: string;
  readonly #notation: Notation;
  readonly #blocks: BlockQueue;
  readonly #rowOctets: number;
  readonly #loops: RowLoops;
  /** 1 for each octet that needs escaping. */
  readonly #special: Uint8Array;
  readonly #makers: readonly CellMaker[];
  /** Those of the chunk at hand, by field. */
  readonly #cells: (Cells | null)[];
  #hasRows: boolean;

  /** `continues`: rows have been before. */
  constructor(notation: Notation, contentType: string, { pool, continues }: { pool: BlockPool; continues: boolean }) {
    allowInlining();
    this.contentType = contentType;
    this.#hasRows = continues;
    this.#notation = notation;
    this.#blocks = new BlockQueue(pool);
    this.#rowOctets = rowOctetsOf(notation);
    this.#loops = rowLoops(notation, this.#rowOctets);
    this.#special = Uint8Array.from({ length: 256 }, (_, octet) => (octet < 0x20 || notation.escaped.includes(octet) ? 1 : 0));
    const suspects = suspectsOf(notation.escaped);
    this.#makers = notation.cells.map((cell) => new CellMaker(notation, cell, suspects));
    this.#cells = notation.cells.map(() => null);
  }

  head(): Uint8Array {
    return new TextEncoder().encode(this.#notation.head);
  }

  rows(columns: readonly RawColumn[], count: number): void {
    if (count === 0) return;
    const write = this.#loopWithCells(columns) ?? this.#loopWithout(columns);
    write({ columns, cells: this.#cells, count, isFirst: !this.#hasRows }, this.#blocks, this);
    this.#hasRows = true;
  }

  /** Finds the cells of columns that have some, and the values of all others. */
  #loopWithCells(columns: readonly RawColumn[]): RowLoop | undefined {
    let index = 0;
    for (const [place, { field }] of this.#notation.cells.entries()) {
      const width = field.type === 'ADDRESS' ? 3 : 1;
      const coded = width === 1 ? columns[index]!.coded : null;
      this.#cells[place] = coded === null ? null : (this.#makers[place] as CellMaker).of(coded.entries);
      for (let end = index + width; index < end; index++) if (this.#cells[place] === null) columns[index]!.expand();
    }
    return this.#loops(presenceOf(this.#notation, columns, this.#cells));
  }

  #loopWithout(columns: readonly RawColumn[]): RowLoop {
    this.#cells.fill(null);
    for (const column of columns) column.expand();
    return this.#loops(presenceOf(this.#notation, columns, this.#cells)) as RowLoop;
  }

  take(): Uint8Array | null {
    return this.#blocks.take();
  }

  flush(): void {
    this.#blocks.close();
  }

  tail(hasRows = this.#hasRows): Uint8Array {
    const { tail, emptyTail } = this.#notation;
    return new TextEncoder().encode(hasRows ? tail : emptyTail);
  }

  get opening(): Opening {
    const { firstStart, rowStart } = this.#notation;
    return { text: new TextEncoder().encode(firstStart), replaces: octetsOf(rowStart) };
  }

  escapeText(target: Uint8Array, at: number, column: RawColumn, row: number, length: number): number {
    return this.#notation.escape(target, at, column.u8, row * 16 + 4, length);
  }

  writeText(blocks: BlockQueue, column: RawColumn, row: number, length: number): void {
    const special = this.#special;
    let bytes = column.u8;
    let from = row * 16 + 4;
    if (length > inlineOctets) {
      const texts = column.longTexts!;
      texts.locate(row);
      bytes = texts.bytes;
      from = texts.at;
    }
    let found = length === 0 && this.#notation.escapesEmpty ? 1 : 0;
    for (let i = from; i < from + length && found === 0; i++) found = special[bytes[i]!]!;
    blocks.grow((found === 0 ? length : escapedOctets(length)) + this.#rowOctets);
    if (found !== 0) {
      blocks.at = this.#notation.escape(blocks.u8, blocks.at, bytes, from, length);
      return;
    }
    blocks.u8.set(bytes.subarray(from, from + length), blocks.at);
    blocks.at += length;
  }
}
