/**
 * Parquet files of the store, read by ourselves: of ten million rows DuckDB's reading and the copies out of it take 2.7 seconds of
 * processor time, this 1.3, since most columns are codes of a dictionary whose entries are made once
 * (`docs/adr/0013-own-reader.md`). It knows what `chunk.ts` and DuckDB write into files of the store, and says `Unreadable`
 * to all else.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import type { ColumnType } from '../schema.ts';
import { ColumnReader } from './read-column.ts';
import { Unreadable } from './read-fault.ts';
import { type Footer, type RowGroup, readFooter, readOctets } from './read-footer.ts';
import type { Scratch } from './scratch.ts';
import { Vector, vectorRows } from './vector.ts';

/** A column that is read: its name in the file, what its values are to become, and whether it counts only where another is NULL. */
export type FileColumn = { readonly name: string; readonly type: ColumnType; readonly unless?: string };

/** A row group being read forwards, column by column. */
export type GroupReader = {
  /** Passes over rows. */
  skip(rows: number): void;
  /** Reads at most `most` rows into the vectors, one for each column; returns how many. There must be some left. */
  read(most: number, vectors: readonly Vector[]): number;
};

/** An open file. */
export class ParquetReader {
  readonly #descriptor: number;
  readonly #columns: readonly FileColumn[];
  readonly #footer: Footer;
  readonly #scratch: Scratch;

  private constructor(descriptor: number, columns: readonly FileColumn[], footer: Footer, scratch: Scratch) {
    this.#descriptor = descriptor;
    this.#columns = columns;
    this.#footer = footer;
    this.#scratch = scratch;
  }

  /** Opens a file for some of its columns; `more` may be read as well. `scratch` is used by nobody else meanwhile. */
  static open(path: string, columns: readonly FileColumn[], scratch: Scratch, more: readonly FileColumn[] = []): ParquetReader {
    const descriptor = openSync(path, 'r');
    try {
      const all = [...columns, ...more];
      const footer = readFooter(descriptor, fstatSync(descriptor).size, new Set(all.map(({ name }) => name)));
      for (const { name } of all) if (!footer.optional.has(name)) throw new Unreadable(`there is no column ${name}`);
      return new ParquetReader(descriptor, columns, footer, scratch);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** All rows of the file. */
  get rows(): number {
    return this.#footer.rows;
  }

  /** The row groups, in order. */
  get groups(): readonly RowGroup[] {
    return this.#footer.groups;
  }

  /** Vectors for rows of this file. */
  vectors(columns = this.#columns): Vector[] {
    return columns.map(({ type }) => new Vector(type));
  }

  /** Reads the octets of a row group, for some `rows` of it; what was read of others before is of no use afterwards. */
  read(group: RowGroup, columns = this.#columns, rows = group.rows): GroupReader {
    this.#scratch.clear();
    const readers = columns.map(({ name, type }) => {
      const chunk = group.chunks.get(name);
      if (chunk === undefined) throw new Unreadable(`a row group has no column ${name}`);
      const octets = this.#scratch.octets(chunk.octets);
      readOctets(this.#descriptor, chunk.offset, octets);
      return new ColumnReader(octets, chunk, { type, isOptional: this.#footer.optional.get(name) === true, rows }, this.#scratch);
    });
    const unless = columns.map((column) => columns.findIndex(({ name }) => name === column.unless));
    return new Group(readers, unless);
  }
}

class Group implements GroupReader {
  readonly #columns: readonly ColumnReader[];
  /** For each column the place of the one that makes NULL of it where it has a value, or -1. */
  readonly #unless: readonly number[];

  constructor(columns: readonly ColumnReader[], unless: readonly number[]) {
    this.#columns = columns;
    this.#unless = unless;
  }

  skip(rows: number): void {
    for (const column of this.#columns) column.skip(rows);
  }

  read(most: number, vectors: readonly Vector[]): number {
    // Pages end at other rows in each column; nothing is read over the end of one.
    const count = this.#columns.reduce((least, column) => Math.min(least, column.ready()), Math.min(most, vectorRows));
    for (const [at, column] of this.#columns.entries()) {
      const vector = vectors[at] as Vector;
      const other = vectors[this.#unless[at] as number];
      if (other !== undefined && other.validity === null) {
        column.skip(count);
        vector.clear();
        continue;
      }
      column.read(count, vector);
      if (other !== undefined) vector.removeWhere(other.bits);
    }
    return count;
  }
}
