/** A Parquet file from the chunks of its row groups: magic, pages, footer (parquet.thrift, FileMetaData). */
import type { Column } from '../schema.ts';
import type { Chunk } from './chunk.ts';
import { Octets } from './octets.ts';
import { type Struct, writeStruct } from './thrift.ts';
import { elementOf } from './types.ts';

/** What a file begins and ends with. */
export const magic = Buffer.from('PAR1', 'latin1');

/** A file whose pages somebody else writes, one row group after the other behind the magic: keeps what its end tells of them. */
export class ParquetFooter {
  readonly #columns: readonly Column[];
  readonly #groups: Struct[] = [];
  #offset = magic.length;
  #rows = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  /** Notes rows by one chunk for each column, in their order. */
  addRowGroup(chunks: readonly Omit<Chunk, 'pages'>[], rows: number): void {
    const start = this.#offset;
    const entries: Struct[] = [];
    for (const { octets, entry } of chunks) {
      entries.push(entry(this.#offset));
      this.#offset += octets;
    }
    this.#groups.push([
      { id: 1, structs: entries },
      { id: 2, int64: this.#offset - start },
      { id: 3, int64: rows },
      { id: 5, int64: start },
      { id: 6, int64: this.#offset - start },
    ]);
    this.#rows += rows;
  }

  /** What stands behind all pages. */
  end(): Uint8Array[] {
    const footer = new Octets();
    const root: Struct = [
      { id: 4, binary: 'flows' },
      { id: 5, int32: this.#columns.length },
    ];
    writeStruct(footer, [
      { id: 1, int32: 1 },
      { id: 2, structs: [root, ...this.#columns.map(elementOf)] },
      { id: 3, int64: this.#rows },
      { id: 4, structs: this.#groups },
      { id: 6, binary: 'weir' },
      // The order of each column is that of its type: readers trust bounds only where this stands.
      { id: 7, structs: this.#columns.map(() => [{ id: 1, struct: [] }]) },
    ]);
    const length = footer.length;
    footer.word(length);
    return [footer.written(), magic];
  }
}
