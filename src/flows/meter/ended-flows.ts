/** Flows that have ended, on their way out of a meter: the kernel copies their records behind one another, and from there they go into batches. */
import { batchRows } from '../batch.ts';
import { annexWords, field, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import type { Kernel } from './kernel/kernel.ts';
import { counting } from './kernel/layout.ts';
import { type RecordBatch, takeAnnex } from './record-batch.ts';
import { wheel } from './wheel.ts';

/** Where flows go. */
export type MeterSink = {
  /** The first batch to fill. */
  readonly batch: RecordBatch;
  /** Takes a full batch and gives the next, empty one. */
  full(batch: RecordBatch): RecordBatch;
};

/** IPFIX flowEndReason (RFC 5102 section 5.11.3). */
export const endReasons = { idle: 1, active: 2, endSeen: 3, forced: 4, lackOfResources: 5 } as const;

export class EndedFlows {
  /** How many have ended, by reason. */
  readonly byReason: Float64Array;
  readonly #kernel: Kernel;
  readonly #table: FlowTable;
  readonly #sink: MeterSink;
  #batch: RecordBatch;
  /** The records, as the kernel leaves them. */
  readonly #records: Int32Array;
  /** See `counting`. */
  readonly #words: Int32Array;

  constructor(kernel: Kernel, table: FlowTable, sink: MeterSink) {
    const { buffer } = table.memory;
    this.byReason = new Float64Array(buffer, counting.reasons, 6);
    this.#kernel = kernel;
    this.#table = table;
    this.#sink = sink;
    this.#batch = sink.batch;
    this.#records = new Int32Array(buffer, counting.ended, batchRows * recordWords);
    this.#words = new Int32Array(buffer, 0, counting.block / 4);
    this.#tellRoom();
  }

  /** The batch that is being filled, with all that have ended so far. */
  get batch(): RecordBatch {
    this.handOver();
    return this.#batch;
  }

  /** Goes on with another, empty one. */
  set batch(batch: RecordBatch) {
    this.handOver();
    this.#batch = batch;
    this.#tellRoom();
  }

  /** Ends a flow: it leaves the table. */
  end(record: number, reason: number): void {
    this.#kernel.end(record, reason);
    this.#note(record);
  }

  /** Ends a flow whose record goes on with what follows. */
  write(record: number, reason: number): void {
    this.#kernel.write(record, reason);
    this.#note(record);
  }

  /** Ends the flows whose time-outs have passed: see expiry.ts. */
  readonly endDue = (due: Float64Array): void => {
    // What the annex has must go with each flow.
    if (this.#table.annex.length > 0) {
      for (const order of due) this.#endSilent(order % wheel.recordSpan);
      return;
    }
    const end = due.byteOffset + due.byteLength;
    for (let at = due.byteOffset; at < end; this.handOverIfFull()) at = this.#kernel.endDue(at, end);
  };

  #endSilent(record: number): void {
    const isClosed = (this.#table.words[record * recordWords + field.state]! & state.closed) !== 0;
    this.end(record, isClosed ? endReasons.endSeen : endReasons.idle);
  }

  #note(record: number): void {
    const count = this.#words[counting.endedCount / 4]!;
    const { annex } = this.#table;
    if (annex.length > 0) takeAnnex(this.#records, (count - 1) * recordWords, annex, record * annexWords);
    this.handOverIfFull();
  }

  /** Makes room for the next, which there must be. */
  handOverIfFull(): void {
    if (this.#words[counting.endedCount / 4]! === this.#words[counting.endedRoom / 4]!) this.handOver();
  }

  /** Puts what has ended into the batch, and goes on with the next if that is full. */
  handOver(): void {
    const count = this.#words[counting.endedCount / 4]!;
    this.#words[counting.endedCount / 4] = 0;
    this.#batch.append(this.#records.subarray(0, count * recordWords));
    if (this.#batch.isFull) this.#batch = this.#sink.full(this.#batch);
    this.#tellRoom();
  }

  /** Tells the kernel how many flows may end before somebody takes them. */
  #tellRoom(): void {
    this.#words[counting.endedRoom / 4] = batchRows - this.#batch.count;
  }
}
