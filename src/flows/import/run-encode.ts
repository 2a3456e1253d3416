/**
 * Runs of named data as Parquet without DuckDB, which spends 500 ns on a row of them: it hashes each text octet by octet,
 * and twice. Here a text is four words, and numbers that rise with the rows are seen as such. Takes what the LANL sets have;
 * anything unusual (an epoch, rows out of order, texts of more than 12 octets that have no codes) is left to DuckDB.
 */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { countChunk, dictionaryChunk, emptyChunk, fast, type Levels, numbersChunk, type OpenChunk, packChunkBy } from '../parquet/chunk.ts';
import { Dictionary } from '../parquet/dictionary.ts';
import { magic, ParquetFooter } from '../parquet/file.ts';
import { Octets } from '../parquet/octets.ts';
import { ZstdPacker } from '../parquet/zstd.ts';
import { columnsOf } from '../schema.ts';
import { CodedColumns, type Span } from './coded-columns.ts';
import { groupRows } from './run-size.ts';
import { carriedColumns, hasValues, longAt, type RunPart } from './run-survey.ts';

/** What the writer puts into every row: what is added to ids, the import, and microseconds since 1970. */
export type RunConstants = { base: number; sourceId: number; ingestedAt: bigint };

/** Whether a run is of the plain kind that is encoded here. */
export const isPlainRun = (batches: readonly FlowBatch[], parts: readonly RunPart[], isSorted: boolean): boolean => {
  if (!isSorted || batches.some(({ shape, heapLength }) => shape !== 'named' || heapLength > 0)) return false;
  const texts = batches[0]?.texts;
  if (batches.some((batch) => batch.texts !== texts)) return false;
  if (parts.some(({ day, min_time: time }) => day === null || time < 0)) return false;
  const carried = carriedColumns(batches);
  return !carried.has('start_time') && !carried.has('end_time');
};

const named = columnsOf('named');
const dictionary = new Dictionary();
const rising = new Float64Array(groupRows);
const levels = new Uint32Array(groupRows);

const packer = new ZstdPacker(fast);
/** The columns of the texts at hand. */
let coded: CodedColumns | undefined;

/** The Parquet file of rows in order of time; it is in `memory` until that is used again. */
export const encodeRows = (spans: readonly Span[], constants: RunConstants, memory = new Octets()): Uint8Array => {
  const texts = spans[0]?.batch.texts;
  if (coded?.texts !== texts) coded = texts && new CodedColumns(texts);
  const footer = new ParquetFooter(named);
  memory.clear().append(magic);
  for (const group of rowGroups(spans)) {
    const rows = group.reduce((sum, { from, to }) => sum + to - from, 0);
    const chunks = named.map((_, at) => {
      packer.clear();
      const chunk = packChunkBy(packer.pack, encodeColumn(at, group, rows, constants));
      for (const octets of chunk.pages) memory.append(octets);
      return chunk;
    });
    footer.addRowGroup(chunks, rows);
  }
  for (const octets of footer.end()) memory.append(octets);
  return memory.written();
};

/** The spans of rows `from` to `from + count` of a run. */
export const spansOf = (batches: readonly FlowBatch[], from: number, count: number): Span[] => {
  const spans: Span[] = [];
  let start = 0;
  for (const batch of batches) {
    const [first, end] = [Math.max(from, start), Math.min(from + count, start + batch.count)];
    if (first < end) spans.push({ batch, from: first - start, to: end - start });
    start += batch.count;
  }
  return spans;
};

/** The spans of each row group: all have as many rows as they may, but for the last. */
const rowGroups = (spans: readonly Span[]): Span[][] => {
  const groups: Span[][] = [];
  let room = 0;
  for (const { batch, from: first, to: end } of spans) {
    for (let from = first; from < end; ) {
      if (room === 0) {
        groups.push([]);
        room = groupRows;
      }
      const to = Math.min(end, from + room);
      (groups.at(-1) as Span[]).push({ batch, from, to });
      room -= to - from;
      from = to;
    }
  }
  return groups;
};

const encodeColumn = (at: number, spans: readonly Span[], rows: number, constants: RunConstants): OpenChunk => {
  const column = named[at] as (typeof named)[number];
  const { base, sourceId, ingestedAt } = constants;
  if (column.name === 'id' && isCounting(at, spans, rows)) return countChunk(column, rows, firstOf(at, spans) + base);
  if (column.name === 'id') return numbersChunk(column, rows, gather(at, spans, base), rows, 'all');
  if (column.name === 'time') return coded?.byDifferences(at, spans, rows) ?? numbersChunk(column, rows, gather(at, spans, 0), rows, 'all');
  dictionary.clear();
  if (column.name === 'source_id') dictionary.addConstant(sourceId, 0, rows);
  else if (column.name === 'ingested_at') dictionary.addConstant(Number(ingestedAt & 0xffff_ffffn), Number(ingestedAt >> 32n), rows);
  else {
    if (isEmpty(at, spans)) return emptyChunk(column, rows);
    const chunk = coded?.byDictionary(at, spans, rows);
    if (chunk !== undefined) return chunk;
    const levels = addRows(at, spans);
    return dictionaryChunk(column, rows, dictionary.coded(column), levels);
  }
  return dictionaryChunk(column, rows, dictionary.coded(column), 'all');
};

const firstOf = (at: number, [first]: readonly Span[]): number =>
  first === undefined ? 0 : longAt((first.batch.columns[at] as BatchColumn).u32, first.from);

/** Whether ids, which rise from row to row, rise by one, as they do where no line was left out. */
const isCounting = (at: number, spans: readonly Span[], rows: number): boolean => {
  const { batch, to } = spans.at(-1) as Span;
  return longAt((batch.columns[at] as BatchColumn).u32, to - 1) - firstOf(at, spans) === rows - 1;
};

const gather = (at: number, spans: readonly Span[], base: number): Float64Array => {
  let count = 0;
  for (const { batch, from, to } of spans) {
    const { u32 } = batch.columns[at] as BatchColumn;
    for (let row = from; row < to; row++) rising[count++] = longAt(u32, row) + base;
  }
  return rising;
};

/** Whether no row has a value, nor any other of the same batches. */
const isEmpty = (at: number, spans: readonly Span[]): boolean =>
  spans.every(({ batch }) => !hasValues(batch.columns[at] as BatchColumn, batch.count));

/** Adds the values of a column to the dictionary and tells which rows have one. */
const addRows = (at: number, spans: readonly Span[]): Levels => {
  let row = 0;
  let present = 0;
  for (const { batch, from, to } of spans) {
    const column = batch.columns[at] as BatchColumn;
    if (column.column.type === 'VARCHAR' && batch.texts !== undefined) dictionary.addCodes(column.u32, from, to, batch.texts);
    else if (column.validity === undefined) addSpan(column, from, to);
    else
      for (let i = from; i < to; i++) {
        const level = ((column.validity[i >> 3] as number) >> (i & 7)) & 1;
        if (level === 1) addSpan(column, i, i + 1);
        present += level;
        levels[row++] = level;
      }
  }
  if (row === 0 || present === row) return 'all';
  return present === 0 ? 'none' : levels;
};

const addSpan = ({ column, width, u8, u16, u32 }: BatchColumn, from: number, to: number): void => {
  if (column.type === 'VARCHAR') dictionary.addTexts(u32, from, to);
  else if (width === 8) dictionary.addLongs(u32, from, to);
  else dictionary.addSmall(width === 4 ? u32 : width === 2 ? u16 : u8, from, to);
};
