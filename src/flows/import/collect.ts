/** An emitter that keeps every row as text: what tests and fuzzing look at. Not for imports, which would not fit the memory. */
import type { BatchColumn } from '../batch.ts';
import { FlowBatch } from '../batch.ts';
import type { Shape } from '../schema.ts';
import type { MovingEmitter } from './emitter.ts';

/** The columns of a row by name, in decimal or as they are; NULL is left out. Time stamps are nanoseconds since 1970. */
export type CollectedRow = Readonly<Record<string, string>>;

export class Collector implements MovingEmitter {
  batch: FlowBatch;
  readonly #rows: CollectedRow[] = [];

  /** Fills `batch`, which is emptied first: a used one will do. */
  constructor(shape: Shape, batch = new FlowBatch(shape)) {
    this.batch = batch.emptied();
  }

  full(): FlowBatch {
    this.#take();
    return this.batch.emptied();
  }

  moveTo(make: (number: number) => FlowBatch): void {
    this.batch = make(0).emptied();
  }

  /** All rows so far; empties the batch. */
  get rows(): readonly CollectedRow[] {
    this.#take();
    this.batch.reset();
    return this.#rows;
  }

  #take(): void {
    const batch = this.batch.spelledOut();
    for (let row = 0; row < batch.count; row++) {
      const present = batch.columns.filter((column) => !givenAnew.has(column.column.name) && isPresent(column, row));
      this.#rows.push(Object.fromEntries(present.map((column) => [column.column.name, textOf(batch, column, row)])));
    }
  }
}

const givenAnew: ReadonlySet<string> = new Set(['source_id', 'ingested_at']);

const isPresent = ({ validity }: BatchColumn, row: number): boolean =>
  validity === undefined || ((validity[row >> 3] as number) & (1 << (row & 7))) !== 0;

const textOf = ({ heap }: FlowBatch, column: BatchColumn, row: number): string => {
  const view = new DataView(column.u8.buffer, column.offset);
  if (column.width === 1) return String(view.getUint8(row));
  if (column.width === 2) return String(view.getUint16(row * 2, true));
  if (column.width === 4) return String(view.getUint32(row * 4, true));
  if (column.width === 8) return String(view.getBigInt64(row * 8, true) < 0n ? wide(view, row, column) : view.getBigInt64(row * 8, true));
  const length = view.getUint32(row * 16, true);
  const at = view.getUint32(row * 16 + 8, true);
  const octets = length <= 12 ? column.u8.subarray(row * 16 + 4, row * 16 + 4 + length) : heap.subarray(at, at + length);
  return Buffer.from(octets).toString('utf8');
};

const wide = (view: DataView, row: number, { column }: BatchColumn): bigint =>
  column.type === 'UBIGINT' ? view.getBigUint64(row * 8, true) : view.getBigInt64(row * 8, true);
