/**
 * Columns of a row group whose texts are codes of the import, by the kernel that has read them (`lanl-kernel`): it makes dictionaries, codes and
 * differences in a third of the time that `Dictionary` and `packing.ts` take, and V8 has nothing to compile.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { type DictionaryPage, type OpenChunk, packedCodesChunk, risingChunk } from '../parquet/chunk.ts';
import { type Bounds, longBounds } from '../parquet/entries.ts';
import { codeLengths, codesOf, describeTree, symbols } from '../parquet/huffman.ts';
import { bitsFor } from '../parquet/packing.ts';
import type { Texts } from '../texts.ts';
import { coding, entries, frame, known, memoryOctets, page, prefix, values } from './lanl-kernel/coding-layout.ts';
import { type LanlKernel, startLanlKernel } from './lanl-kernel/kernel.ts';
import { longAt } from './run-survey.ts';

/** Codes have 16 bits, with some to spare: by so much the base rises with each column. */
const baseStep = 65_536;
/** Octets of the texts of each length by which prefix codes are chosen, and texts of a length that are worth a block. */
const countedOctets = 4096;
const leastTexts = 64;
const lastBase = 2 ** 31 - 2 * baseStep;

/** Rows of one batch, `to` exclusive. */
export type Span = { batch: FlowBatch; from: number; to: number };

export class CodedColumns {
  readonly texts: Texts;
  readonly #kernel: LanlKernel;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  #base = 0;

  constructor(texts: Texts) {
    const { memory } = texts.place;
    this.texts = texts;
    this.#kernel = startLanlKernel(memory);
    this.#u8 = new Uint8Array(memory.buffer);
    this.#u32 = new Uint32Array(memory.buffer);
  }

  /** Column number `at` by a dictionary; undefined where rows may lack a value, or a text is longer than twelve octets. */
  byDictionary(at: number, spans: readonly Span[], rows: number): OpenChunk | undefined {
    const { column, width, validity } = columnOf(spans, at);
    if (validity !== undefined) return undefined;
    const isText = column.type === 'VARCHAR';
    this.#begin();
    for (const span of spans) {
      const count = span.to - span.from;
      if (isText) this.#kernel.codeTexts(placeOf(span, at, 4), count);
      else this.#kernel.codeNumbers(placeOf(span, at, width), count, width);
    }
    const size = this.#u32[coding.size / 4] as number;
    const dictionary = isText ? this.#textEntries(rows) : this.#numberEntries(size, width);
    if (dictionary === undefined) return undefined;
    const bits = this.#u8.subarray(values, this.#kernel.packCodes(rows, Math.max(1, bitsFor(size - 1)), values));
    const bounds = isText ? this.#textBounds() : this.#numberBounds(size, width);
    return packedCodesChunk(column, rows, { size, dictionary, codes: bits, bounds });
  }

  /** Column number `at`, whole numbers of 64 bits that do not fall, by their differences; undefined where one is too large. */
  byDifferences(at: number, spans: readonly Span[], rows: number): OpenChunk | undefined {
    let to = values;
    for (const span of spans) {
      const from = placeOf(span, at, 8);
      const octets = (span.to - span.from) * 8;
      this.#u8.copyWithin(to, from, from + octets);
      to += octets;
    }
    const end = this.#kernel.writeRising(rows);
    if (end === 0) return undefined;
    const times = values / 8;
    const [first, last] = [longAt(this.#u32, times), longAt(this.#u32, times + rows - 1)];
    return risingChunk(columnOf(spans, at).column, rows, first, last, this.#u8.subarray(page, end));
  }

  #begin(): void {
    if (this.#base === lastBase) this.#u8.fill(0, known, memoryOctets);
    this.#base = this.#base === lastBase ? baseStep : this.#base + baseStep;
    this.#u32[coding.base / 4] = this.#base;
    this.#u32[coding.count / 4] = 0;
    this.#u32[coding.size / 4] = 0;
  }

  /** The texts as a page or, where they are many, as its frame, by which rows get other codes; undefined where one is longer than twelve octets. */
  #textEntries(rows: number): DictionaryPage | undefined {
    const kernel = this.#kernel;
    const kind = kernel.surveyTexts();
    if (kind === 0) return undefined;
    const plain = kind === 2 ? kernel.sortTexts(rows) : 0;
    if (plain === 0) return plainPage(this.#u8.subarray(page, kernel.writeTexts()));
    const counts = this.#u32.subarray(prefix.counts / 4, prefix.counts / 4 + symbols);
    counts.fill(0);
    kernel.countOctets(countedOctets);
    const lengths = codeLengths(counts);
    this.#u32.set(codesOf(lengths), prefix.codes / 4);
    this.#u8.set(describeTree(lengths), prefix.tree);
    let end = kernel.packTexts(plain, leastTexts);
    // Where the rest of the texts is not like those by which the codes were chosen, blocks might be larger than readers take them.
    if (end - frame >= plain) end = kernel.packTexts(plain, 2 ** 31 - 1);
    return { octets: this.#u8.subarray(frame, end), plainOctets: plain, isPacked: true };
  }

  #textBounds(): Bounds {
    const textAt = (at: number): Uint8Array => this.#u8.slice(at + 4, at + 4 + (this.#u32[at / 4] as number));
    return { min: textAt(this.#u32[coding.least / 4] as number), max: textAt(this.#u32[coding.most / 4] as number) };
  }

  #numberBounds(size: number, width: number): Bounds {
    const bounds = longBounds(this.#u32.subarray(entries / 4, entries / 4 + size * 2));
    return width === 8 ? bounds : bounds && { min: bounds.min.subarray(0, 4), max: bounds.max.subarray(0, 4) };
  }

  /** Entries have 64 bits here; in Parquet those of small numbers have 32. */
  #numberEntries(size: number, width: number): DictionaryPage {
    if (width === 8) return plainPage(this.#u8.subarray(entries, entries + size * 8));
    const words = Uint32Array.from({ length: size }, (_, code) => this.#u32[entries / 4 + code * 2] as number);
    return plainPage(new Uint8Array(words.buffer));
  }
}

const plainPage = (octets: Uint8Array): DictionaryPage => ({ octets, plainOctets: octets.length, isPacked: false });

const columnOf = (spans: readonly Span[], at: number): BatchColumn => (spans[0] as Span).batch.columns[at] as BatchColumn;

/** Where the first value of a span lies, of those that have `width` octets. */
const placeOf = ({ batch, from }: Span, at: number, width: number): number => (batch.columns[at] as BatchColumn).offset + from * width;
