/**
 * Rows of raw columns as text, at some hundred nanoseconds a row. The tricks, each of which a profile asked for:
 *
 *  - Nothing is made for a value: no string, no BigInt. Digits come from tables (`digits.ts`). A text of up to 12 octets
 *    is copied as three words whatever its length, and the words are asked with bit operations whether one of their
 *    octets needs escaping (no branch depends on the text); only then it is written again, the slow way.
 *  - What stands around values is known beforehand. It is kept as doubles and stored eight octets at a time, at any
 *    alignment; the store that reaches past the end is overwritten by what follows. (A double is bits here. The one
 *    pattern that an engine may change is NaN, and in UTF-8 its two top octets, 7F after F0 or more, cannot occur.)
 *  - One check of room for a whole row: a row of numbers and short texts has a greatest length. Long texts ask again.
 *  - One loop for all formats, with the format as data (`notation.ts`), so that it is compiled once and stays fast;
 *    `inlining.ts` has V8 compile all of it in one piece.
 */
import { ipv6TextOctets, writeIpv4, writeIpv6 } from '../../core/address.ts';
import type { BlockPool } from './block.ts';
import { BlockQueue } from './block.ts';
import type { LongTexts, RawColumn } from './chunk.ts';
import { inlineOctets, isPresent } from './chunk.ts';
import { digitsOctets, writeSigned64, writeUnsigned32, writeUnsigned64 } from './digits.ts';
import type { Encoder } from './encoder.ts';
import { allowInlining } from './inlining.ts';
import { instantOctets, ticks, writeInstant } from './instant.ts';
import type { CellNotation, Notation } from './notation.ts';

const kinds = {
  UTINYINT: 0,
  USMALLINT: 1,
  UINTEGER: 2,
  UBIGINT: 3,
  BIGINT: 4,
  VARCHAR: 5,
  ADDRESS: 6,
  TIMESTAMP: 7,
  TIMESTAMP_NS: 8,
} as const;

/** The octets that `escape` may write for a text of that many. */
const escapedOctets = (length: number): number => length * 6 + 2;
const valueOctets = Math.max(digitsOctets, ipv6TextOctets, instantOctets, escapedOctets(inlineOctets));

/** Octets that stand around values, as doubles: the first three in fields of their own, which cost fewer checks than an array. */
class Constant {
  readonly length: number;
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly others: Float64Array;

  constructor(text: string) {
    const bytes = new TextEncoder().encode(text);
    const words = new Float64Array(3 + Math.ceil(bytes.length / 8));
    new Uint8Array(words.buffer).set(bytes);
    this.length = bytes.length;
    this.first = words[0]!;
    this.second = words[1]!;
    this.third = words[2]!;
    this.others = words.subarray(3);
  }
}

/** Stores whole words: up to eight octets past the end are overwritten. */
const writeConstant = (view: DataView, at: number, constant: Constant): number => {
  const { length } = constant;
  view.setFloat64(at, constant.first, true);
  if (length > 8) {
    view.setFloat64(at + 8, constant.second, true);
    if (length > 16) {
      view.setFloat64(at + 16, constant.third, true);
      if (length > 24) writeOthers(view, at + 24, constant.others);
    }
  }
  return at + length;
};

const writeOthers = (view: DataView, at: number, words: Float64Array): void => {
  for (let i = 0, to = at; i < words.length; i++, to += 8) view.setFloat64(to, words[i]!, true);
};

/** For each length of a text in place (13 lengths a word): blanks in the octets of that word behind its end, which are 0. */
const blanks = new Int32Array(39);
for (let length = 0; length < 13; length++) {
  for (let octet = length; octet < 12; octet++) blanks[(octet >> 2) * 13 + length]! |= 0x20 << ((octet & 3) * 8);
}

/** Has bit 7 of some octet set where one of the four octets of `word` is a control or one of four octets; also seldom where not. */
const suspects = (word: number, s0: number, s1: number, s2: number, s3: number): number => {
  const x0 = word ^ s0;
  const x1 = word ^ s1;
  const x2 = word ^ s2;
  const x3 = word ^ s3;
  return (
    ((word - 0x20202020) & ~word) |
    ((x0 - 0x01010101) & ~x0) |
    ((x1 - 0x01010101) & ~x1) |
    ((x2 - 0x01010101) & ~x2) |
    ((x3 - 0x01010101) & ~x3)
  );
};

const repeated = (octet: number): number => (octet * 0x01010101) | 0;

const none = new Uint32Array(0) as Uint32Array;

/** One field in the loop: what is written around it, and its column in the chunk at hand. */
class Cell {
  readonly kind: number;
  readonly prefix: Constant;
  readonly suffix: Constant;
  readonly absent: Constant;
  u8: Uint8Array = new Uint8Array(0);
  u16: Uint16Array = new Uint16Array(0);
  u32: Uint32Array = none;
  validity: Uint8Array | null = null;
  longTexts: LongTexts | null = null;
  /** The halves of an address, where the field is one. */
  high: RawColumn | null = null;
  highWords: Uint32Array = none;
  lowWords: Uint32Array = none;

  constructor(notation: CellNotation) {
    this.kind = kinds[notation.field.type];
    this.prefix = new Constant(notation.prefix);
    this.suffix = new Constant(notation.suffix);
    this.absent = new Constant(notation.absent);
  }

  /** Takes its columns, beginning with `columns[index]`; returns the index behind. */
  bind(columns: readonly RawColumn[], index: number): number {
    const column = columns[index]!;
    this.u8 = column.u8;
    this.u16 = column.u16;
    this.u32 = column.u32;
    this.validity = column.validity;
    this.longTexts = column.longTexts;
    if (this.kind !== kinds.ADDRESS) return index + 1;
    this.high = columns[index + 1]!;
    this.highWords = this.high.u32;
    this.lowWords = columns[index + 2]!.u32;
    return index + 3;
  }

  /** The most octets that it can have in a row, long texts aside. */
  get most(): number {
    return this.prefix.length + valueOctets + this.suffix.length + this.absent.length + 40;
  }
}

/** Encodes rows in a notation. See `Encoder` for the order of calls. */
export class RowEncoder implements Encoder {
  readonly contentType: string;
  readonly #notation: Notation;
  readonly #blocks: BlockQueue;
  readonly #cells: readonly Cell[];
  readonly #firstStart: Constant;
  readonly #rowStart: Constant;
  readonly #rowEnd: Constant;
  readonly #rowOctets: number;
  /** The octets of `Notation.escaped`, each four times over in a word. */
  readonly #suspects: readonly [number, number, number, number];
  /** 1 for each octet that needs escaping. */
  readonly #special: Uint8Array;
  #hasRows = false;

  constructor(notation: Notation, contentType: string, pool: BlockPool) {
    allowInlining();
    this.contentType = contentType;
    this.#notation = notation;
    this.#blocks = new BlockQueue(pool);
    const [first = 0x22, second = first, third = first, fourth = first] = notation.escaped;
    this.#suspects = [repeated(first), repeated(second), repeated(third), repeated(fourth)];
    this.#special = Uint8Array.from({ length: 256 }, (_, octet) => (octet < 0x20 || notation.escaped.includes(octet) ? 1 : 0));
    this.#cells = notation.cells.map((cell) => new Cell(cell));
    this.#firstStart = new Constant(notation.firstStart);
    this.#rowStart = new Constant(notation.rowStart);
    this.#rowEnd = new Constant(notation.rowEnd);
    const around = this.#firstStart.length + this.#rowStart.length + this.#rowEnd.length + 24;
    this.#rowOctets = this.#cells.reduce((sum, cell) => sum + cell.most, around);
  }

  head(): Uint8Array {
    return new TextEncoder().encode(this.#notation.head);
  }

  rows(columns: readonly RawColumn[], count: number): void {
    if (count === 0) return;
    let index = 0;
    for (const cell of this.#cells) index = cell.bind(columns, index);
    this.#write(count);
    this.#hasRows = true;
  }

  take(): Uint8Array | null {
    return this.#blocks.take();
  }

  flush(): void {
    this.#blocks.close();
  }

  tail(): Uint8Array {
    const { tail, emptyTail } = this.#notation;
    return new TextEncoder().encode(this.#hasRows ? tail : emptyTail);
  }

  #write(count: number): void {
    const blocks = this.#blocks;
    const cells = this.#cells;
    const { escapesEmpty } = this.#notation;
    const rowStart = this.#rowStart;
    const rowEnd = this.#rowEnd;
    const rowOctets = this.#rowOctets;
    const [s0, s1, s2, s3] = this.#suspects;
    let start = this.#hasRows ? rowStart : this.#firstStart;
    let { u8, view, at } = blocks;
    for (let row = 0; row < count; row++) {
      if (at + rowOctets > u8.length) {
        blocks.at = at;
        blocks.next(rowOctets);
        ({ u8, view, at } = blocks);
      }
      at = writeConstant(view, at, start);
      start = rowStart;
      for (let i = 0; i < cells.length; i++) {
        const cell = cells[i]!;
        const { validity } = cell;
        if (validity !== null && (validity[row >> 3]! & (1 << (row & 7))) === 0) {
          at = cell.high === null ? writeConstant(view, at, cell.absent) : writeAddress(u8, view, at, cell, row);
          continue;
        }
        at = writeConstant(view, at, cell.prefix);
        switch (cell.kind) {
          case kinds.UTINYINT:
            at = writeUnsigned32(view, at, cell.u8[row]!);
            break;
          case kinds.USMALLINT:
            at = writeUnsigned32(view, at, cell.u16[row]!);
            break;
          case kinds.UINTEGER:
            at = writeUnsigned32(view, at, cell.u32[row]!);
            break;
          case kinds.UBIGINT:
            at = writeUnsigned64(view, at, cell.u32[row * 2]!, cell.u32[row * 2 + 1]!);
            break;
          case kinds.BIGINT:
            at = writeSigned64(view, at, cell.u32[row * 2]!, cell.u32[row * 2 + 1]!);
            break;
          case kinds.TIMESTAMP:
            at = writeInstant(u8, view, at, cell.u32[row * 2]!, cell.u32[row * 2 + 1]!, ticks.microseconds);
            break;
          case kinds.TIMESTAMP_NS:
            at = writeInstant(u8, view, at, cell.u32[row * 2]!, cell.u32[row * 2 + 1]!, ticks.nanoseconds);
            break;
          default: {
            const length = cell.u32[row * 4]!;
            if (length > inlineOctets || (length === 0 && escapesEmpty)) {
              blocks.at = at;
              this.#writeText(cell, row, length);
              ({ u8, view, at } = blocks);
              break;
            }
            const { u32 } = cell;
            const w0 = u32[row * 4 + 1]! | 0;
            const w1 = u32[row * 4 + 2]! | 0;
            const w2 = u32[row * 4 + 3]! | 0;
            view.setInt32(at, w0, true);
            view.setInt32(at + 4, w1, true);
            view.setInt32(at + 8, w2, true);
            const found =
              suspects(w0 | blanks[length]!, s0, s1, s2, s3) |
              suspects(w1 | blanks[length + 13]!, s0, s1, s2, s3) |
              suspects(w2 | blanks[length + 26]!, s0, s1, s2, s3);
            at = (found & 0x80808080) === 0 ? at + length : this.#notation.escape(u8, at, cell.u8, row * 16 + 4, length);
          }
        }
        at = writeConstant(view, at, cell.suffix);
      }
      at = writeConstant(view, at, rowEnd);
    }
    blocks.at = at;
  }

  /** Writes a text of any length into the open block, which grows where it must; leaves room for the rest of the row. */
  #writeText(cell: Cell, row: number, length: number): void {
    const special = this.#special;
    const { escapesEmpty } = this.#notation;
    let bytes = cell.u8;
    let from = row * 16 + 4;
    if (length > inlineOctets) {
      const texts = cell.longTexts!;
      texts.locate(row);
      bytes = texts.bytes;
      from = texts.at;
    }
    const blocks = this.#blocks;
    let found = length === 0 && escapesEmpty ? 1 : 0;
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

/** An address field whose text is NULL: the address of its halves, or nothing when these are NULL too. */
const writeAddress = (u8: Uint8Array, view: DataView, at: number, cell: Cell, row: number): number => {
  const words = cell.highWords;
  const { lowWords } = cell;
  if (cell.high === null || !isPresent(cell.high, row)) return writeConstant(view, at, cell.absent);
  const start = writeConstant(view, at, cell.prefix);
  const a = words[row * 2 + 1]!;
  const b = words[row * 2]!;
  const c = lowWords[row * 2 + 1]!;
  const d = lowWords[row * 2]!;
  const isIpv4 = a === 0 && b === 0 && c === 0xffff;
  return writeConstant(view, isIpv4 ? writeIpv4(u8, start, d) : writeIpv6(u8, start, a, b, c, d), cell.suffix);
};
