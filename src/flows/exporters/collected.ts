/** Keeps the rows of a decoder in memory, for tests and fuzzing: an emitter whose batches can be read back. */
import { type BatchColumn, batchRows, FlowBatch } from '../batch.ts';
import { nameEnds } from '../end-names.ts';
import type { Emitter } from '../import/emitter.ts';
import type { ColumnName } from '../schema.ts';

export type CollectedRow = Partial<Record<ColumnName, number | bigint | string>>;

export class CollectedRows implements Emitter {
  batch = new FlowBatch('addressed');
  readonly #full: FlowBatch[] = [];

  full(): FlowBatch {
    this.#full.push(this.batch);
    this.batch = new FlowBatch('addressed');
    return this.batch;
  }

  get count(): number {
    return this.#full.length * batchRows + this.batch.count;
  }

  /** All rows, without the columns that are null. */
  rows(): CollectedRow[] {
    return [...this.#full, this.batch].flatMap((batch) => {
      nameEnds(batch);
      return Array.from({ length: batch.count }, (_, row) => readRow(batch, row));
    });
  }

  /** The sum of a counter. */
  sum(name: 'packet_count' | 'byte_count' | 'rev_packet_count' | 'rev_byte_count'): number {
    return this.rows().reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
  }
}

const readRow = (batch: FlowBatch, row: number): CollectedRow => {
  const read: CollectedRow = {};
  for (const column of batch.columns) {
    const { name } = column.column;
    if (name === 'id' || name === 'source_id' || name === 'ingested_at') continue;
    if (column.validity !== undefined && ((column.validity[row >> 3] as number) & (1 << (row & 7))) === 0) continue;
    read[name as ColumnName] = readValue(batch, column, row);
  }
  return read;
};

const readValue = (batch: FlowBatch, { column, u8, u16, u32 }: BatchColumn, row: number): number | bigint | string => {
  if (column.type === 'VARCHAR') {
    const length = u32[row * 4] as number;
    const at = length <= 12 ? row * 16 + 4 : (u32[row * 4 + 2] as number);
    return Buffer.from((length <= 12 ? u8 : batch.heap).subarray(at, at + length)).toString();
  }
  if (column.type === 'UTINYINT') return u8[row] as number;
  if (column.type === 'USMALLINT') return u16[row] as number;
  if (column.type === 'UINTEGER') return u32[row] as number;
  const value = (BigInt(u32[row * 2 + 1] as number) << 32n) | BigInt(u32[row * 2] as number);
  return column.type === 'UBIGINT' ? value : BigInt.asIntN(64, value);
};
