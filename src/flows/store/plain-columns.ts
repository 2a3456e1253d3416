/**
 * How the columns that the encoders ask for come from those of a sealed file without DuckDB: what `relation.ts` and
 * `file-layout.ts` say in SQL, for the columns that need no more than copying.
 */
import type { RawColumn } from '../encode/raw-column.ts';
import type { FileColumn } from '../parquet/read-file.ts';
import { Vector } from '../parquet/vector.ts';
import { type Column, type ColumnName, columns, columnsOf, type Shape } from '../schema.ts';
import { isDerived, remainderColumn, remainderFactor } from './file-layout.ts';

/** Makes a column of the encoder from the vectors that a file has filled, for the first `count` rows. */
type Maker = (vectors: readonly Vector[], count: number) => RawColumn;

/** What is read of a file, and what becomes of it. */
export type PlainLayout = { columns: FileColumn[]; makers: Maker[] };

/** The file columns in which an address lies beside its text. */
const addresses: Partial<Record<string, readonly [high: string, low: string]>> = {
  src_comp: ['src_addr_hi', 'src_addr_lo'],
  dst_comp: ['dst_addr_hi', 'dst_addr_lo'],
};

/** Whether fields of a stream of the shape `stream` can be read from a file without DuckDB. */
export const isPlain = (names: readonly ColumnName[], stream: Shape, file: Shape): boolean =>
  !names.some((name) => {
    const column = columnNamed(name);
    return isIn(column, stream) && !isIn(column, file) && isDerived(column);
  });

/** The layout for the columns that `rawTypes(encodedFields(names, stream))` lists, from a file that `isPlain`. */
export const plainLayout = (names: readonly ColumnName[], stream: Shape, file: Shape): PlainLayout => {
  const layout = new Layout(stream, file);
  for (const name of names) layout.add(columnNamed(name));
  return layout;
};

const columnNamed = (name: ColumnName): Column => columns.find((column) => column.name === name) as Column;
const isIn = ({ name }: Column, shape: Shape): boolean => columnsOf(shape).some((column) => column.name === name);

class Layout implements PlainLayout {
  readonly columns: FileColumn[] = [];
  readonly makers: Maker[] = [];
  readonly #stream: Shape;
  readonly #file: Shape;

  constructor(stream: Shape, file: Shape) {
    this.#stream = stream;
    this.#file = file;
  }

  add(column: Column): void {
    const { name, type } = column;
    const halves = this.#stream === 'addressed' ? addresses[name] : undefined;
    if (halves !== undefined) this.#addAddress(name, halves);
    else if (!isIn(column, this.#stream) || !isIn(column, this.#file)) this.#addAbsent(type);
    else if (type === 'TIMESTAMP_NS') this.#addInstant(name);
    else this.#addPlain({ name, type });
  }

  #addAddress(name: string, [high, low]: readonly [string, string]): void {
    if (this.#file === 'named') {
      this.#addPlain({ name, type: 'VARCHAR' });
      this.#addAbsent('UBIGINT');
      this.#addAbsent('UBIGINT');
      return;
    }
    // The halves are read first: where they are, the text is not even unpacked.
    const halves = [this.#place({ name: high, type: 'UBIGINT' }), this.#place({ name: low, type: 'UBIGINT' })];
    this.#addPlain({ name, type: 'VARCHAR', unless: high });
    for (const at of halves) this.makers.push((vectors) => vectors[at] as Vector);
  }

  #addPlain(column: FileColumn): void {
    const at = this.#place(column);
    this.makers.push((vectors) => vectors[at] as Vector);
  }

  #addAbsent(type: Column['type']): void {
    const nothing = new Vector(type);
    nothing.clear();
    this.makers.push(() => nothing);
  }

  #addInstant(name: string): void {
    const time = this.#place({ name, type: 'TIMESTAMP' });
    const rest = this.#file === 'named' ? -1 : this.#place({ name: remainderColumn, type: 'UINTEGER' });
    const factor = remainderFactor(name);
    const instants = new Vector('TIMESTAMP_NS');
    this.makers.push((vectors, count) => {
      vectors[time]!.expand();
      vectors[rest]?.expand();
      joinInstants(instants, vectors[time] as Vector, count);
      const below = vectors[rest];
      if (below !== undefined) addRemainders(instants, below, factor, count);
      return instants;
    });
  }

  /** Where the vector of a column of the file comes to lie. */
  #place(column: FileColumn): number {
    const known = this.columns.findIndex(({ name }) => name === column.name);
    return known < 0 ? this.columns.push(column) - 1 : known;
  }
}

const word = 4294967296;

/** Nanoseconds of microseconds, both of two words. */
const joinInstants = (target: Vector, { u32, validity }: Vector, count: number): void => {
  target.validity = validity;
  const out = target.u32;
  for (let at = 0; at < count * 2; at += 2) {
    const low = u32[at]! * 1000;
    out[at] = low;
    out[at + 1] = Math.imul(u32[at + 1]!, 1000) + Math.floor(low / word);
  }
};

/** Adds what lies below the microseconds; NULL stands for 0. */
const addRemainders = (target: Vector, { u32, validity }: Vector, factor: number, count: number): void => {
  const out = target.u32;
  for (let row = 0; row < count; row++) {
    if (validity !== null && (validity[row >> 3]! & (1 << (row & 7))) === 0) continue;
    const low = out[row * 2]! + (Math.floor(u32[row]! / factor) % 1000);
    out[row * 2] = low;
    if (low >= word) out[row * 2 + 1]!++;
  }
};
