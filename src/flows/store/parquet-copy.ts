/**
 * Parquet out of Parquet: where an answer is made of whole row groups of sealed files, their pages are sent as they lie there and
 * get a footer of their own. Nothing is unpacked, and nothing waits.
 *
 *   sealed   | id | time | ... | ingested_at || id | time | ...   footer |     | id | time ...
 *   answer   | PAR1 | id | time | ... | byte_count || id | time | ...          | footer of all of them | PAR1 |
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallContext } from '../../core/thread.ts';
import { emptyChunk, entryOf, packChunk } from '../parquet/chunk.ts';
import { magic, ParquetFooter } from '../parquet/file.ts';
import { Unreadable } from '../parquet/read-fault.ts';
import { type Footer, type RowGroup, readFooter } from '../parquet/read-footer.ts';
import { typeOf } from '../parquet/types.ts';
import { type Column, columnsOf, type Shape } from '../schema.ts';
import type { FileEntry } from './catalog.ts';
import { exportColumns, keepsRemainders, remainderColumn } from './file-layout.ts';
import { isPlain } from './plain-columns.ts';
import { planSlices } from './slices.ts';
import type { Snapshot } from './store.ts';
import type { StreamQuery } from './stream-query.ts';

/** Rows of a row group on average from which on they are worth keeping; readers are slow with many small ones. */
const fewestRows = 4096;

/** Octets of a block; blocks that have been sent are filled again. */
const blockOctets = 256 * 1024;

type Source = { path: string; groups: readonly RowGroup[] };

/** How an answer is copied; undefined where DuckDB must write it: rows are chosen, sorted or hot, or files are not what is known here. */
export const planCopy = (folder: string, snapshot: Snapshot, query: StreamQuery): RowGroupCopy | undefined => {
  const files = wholeFiles(snapshot, query);
  const [first] = files ?? [];
  if (files === undefined || first === undefined) return undefined;
  if (!isPlain(query.fields, 'addressed', first.shape) || !keepsRemainders(query.fields, first.shape)) return undefined;
  const columns = exportColumns(query.fields);
  const stored = columns.filter(({ name }) => isStored(name, first.shape));
  try {
    const sources = files.map(({ path, rows }) => ({ path: join(folder, path), groups: groupsOf(join(folder, path), rows, stored) }));
    const groups = sources.reduce((sum, source) => sum + source.groups.length, 0);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    return rows < groups * fewestRows ? undefined : new RowGroupCopy(columns, sources, rows);
  } catch (error) {
    if (error instanceof Unreadable) return undefined; // DuckDB knows more, and tells what is wrong
    throw error;
  }
};

/** The files of an answer in order, where every row of them is wanted and they are of one shape. */
const wholeFiles = ({ files, hot }: Snapshot, query: StreamQuery): FileEntry[] | undefined => {
  const { bounds, condition, ingestedAfterUs, direction, offset, limit = Number.POSITIVE_INFINITY } = query;
  if (condition !== '' || ingestedAfterUs !== undefined || direction === 'descending' || offset > 0) return undefined;
  const slices = planSlices(files, hot, bounds, direction);
  if (slices.some((slice) => slice.hot || slice.needsSort)) return undefined;
  const chosen = slices.flatMap((slice) => slice.files);
  const isWhole = chosen.every(({ minTime, maxTime, shape }) => {
    return minTime >= bounds.from && maxTime <= bounds.to && shape === chosen[0]?.shape;
  });
  return isWhole && chosen.reduce((sum, { rows }) => sum + rows, 0) <= limit ? chosen : undefined;
};

const isStored = (name: string, shape: Shape): boolean =>
  name === remainderColumn ? shape === 'addressed' : columnsOf(shape).some((column) => column.name === name);

/** The row groups of a file that has these columns as they would be written today. */
const groupsOf = (path: string, rows: number, stored: readonly Column[]): readonly RowGroup[] => {
  const footer = footerOf(path, new Set(stored.map(({ name }) => name)));
  if (footer.rows !== rows) throw new Unreadable(`${path} has ${footer.rows} rows in place of ${rows}`);
  for (const column of stored) {
    if (footer.optional.get(column.name) !== true) throw new Unreadable(`${path} has no column ${column.name} that may be NULL`);
    for (const group of footer.groups) {
      if (group.chunks.get(column.name)?.type !== typeOf(column)) throw new Unreadable(`${column.name} has another type in ${path}`);
    }
  }
  return footer.groups;
};

const footerOf = (path: string, wanted: ReadonlySet<string>): Footer => {
  const descriptor = openSync(path, 'r');
  try {
    return readFooter(descriptor, fstatSync(descriptor).size, wanted);
  } finally {
    closeSync(descriptor);
  }
};

class RowGroupCopy {
  readonly #columns: readonly Column[];
  readonly #sources: readonly Source[];
  readonly #rows: number;

  constructor(columns: readonly Column[], sources: readonly Source[], rows: number) {
    this.#columns = columns;
    this.#sources = sources;
    this.#rows = rows;
  }

  /** Sends the file and returns its rows. */
  async send(context: CallContext): Promise<number> {
    const out = new Blocks(context);
    const footer = new ParquetFooter(this.#columns);
    await out.write(magic);
    for (const { path, groups } of this.#sources) {
      const source = await open(path, 'r');
      try {
        for (const group of groups) await this.#sendGroup(source, group, footer, out);
      } finally {
        await source.close();
      }
    }
    for (const part of footer.end()) await out.write(part);
    await out.flush();
    return this.#rows;
  }

  async #sendGroup(source: FileHandle, { rows, chunks }: RowGroup, footer: ParquetFooter, out: Blocks): Promise<void> {
    const sent = [];
    for (const column of this.#columns) {
      const chunk = chunks.get(column.name);
      if (chunk === undefined) {
        const empty = packChunk(emptyChunk(column, rows));
        for (const page of empty.pages) await out.write(page);
        sent.push(empty);
        continue;
      }
      await out.copy(source, chunk.offset, chunk.octets);
      const { min, max } = chunk;
      const bounds = min === undefined || max === undefined ? undefined : { min, max };
      sent.push({ octets: chunk.octets, entry: entryOf(column, { ...chunk, rows, bounds }) });
    }
    footer.addRowGroup(sent, rows);
  }
}

/** Octets that become blocks on their way. */
class Blocks {
  readonly #context: CallContext;
  #block: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(context: CallContext) {
    this.#context = context;
    this.#block = this.#next();
  }

  async write(octets: Uint8Array): Promise<void> {
    for (let from = 0; from < octets.length; ) {
      const part = octets.subarray(from, from + this.#block.length - this.#at);
      this.#block.set(part, this.#at);
      from += part.length;
      await this.#advance(part.length);
    }
  }

  async copy(source: FileHandle, offset: number, octets: number): Promise<void> {
    for (let copied = 0; copied < octets; ) {
      const most = Math.min(octets - copied, this.#block.length - this.#at);
      const { bytesRead } = await source.read(this.#block, this.#at, most, offset + copied);
      if (bytesRead === 0) throw new Error('a stream broke off: a file of the store was cut short');
      copied += bytesRead;
      await this.#advance(bytesRead);
    }
  }

  async flush(): Promise<void> {
    if (this.#at > 0) await this.#context.send(this.#block.subarray(0, this.#at));
  }

  async #advance(octets: number): Promise<void> {
    this.#at += octets;
    if (this.#at < this.#block.length) return;
    await this.#context.send(this.#block);
    this.#block = this.#next();
    this.#at = 0;
  }

  #next(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#context.spare() ?? new ArrayBuffer(blockOctets));
  }
}
