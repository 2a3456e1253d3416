/**
 * Writes the records of a set as rows of a batch: column by column, from the places that the plan of their template names,
 * so that nothing is looked up and nothing allocated for a record. Only what hangs together (times, ports) goes row by row.
 */
import { writeIpv4, writeIpv6 } from '../../core/address.ts';
import { type BatchColumn, batchRows, type FlowBatch, setPresent } from '../batch.ts';
import type { Emitter } from '../import/emitter.ts';
import { copyNumbers, copyText, fillNumber, markPresent } from './cells.ts';
import type { Header } from './domain.ts';
import { slot } from './elements.ts';
import { type ExportColumns, exportColumnsOf } from './export-columns.ts';
import { fillAddresses, fillPorts } from './record-ends.ts';
import type { RecordRun, RowOrigin } from './record-run.ts';
import { fillSampling } from './record-sampling.ts';
import { fillTimes } from './record-times.ts';
import { fillMacs, fillTraits } from './record-traits.ts';
import type { Plan } from './template.ts';

/** Columns that are a number of the record as it stands. */
const plainColumns = [
  ['tcp_flags', slot.tcpFlags],
  ['rev_tcp_flags', slot.reverseTcpFlags],
  ['tos', slot.tos],
  ['ttl_min', slot.ttlMin],
  ['ttl_max', slot.ttlMax],
  ['in_if', slot.inInterface],
  ['out_if', slot.outInterface],
  ['src_as', slot.srcAs],
  ['dst_as', slot.dstAs],
  ['flow_label', slot.flowLabel],
  ['end_reason', slot.endReason],
  ['direction', slot.biflowDirection],
  ['fragments', slot.fragments],
  ['retransmits', slot.retransmits],
  ['rtt_us', slot.roundTrip],
  ['rev_packet_count', slot.reversePackets],
  ['rev_byte_count', slot.reverseOctets],
] as const;

/** Octets of the text of an address and room behind them. */
const textOctets = 64;
const noFlags = 0;

/** Settings of the rows. */
export type RowOptions = { readonly macs: boolean };

export class ExportRows {
  readonly #emit: Emitter;
  readonly #options: RowOptions;
  #batch: FlowBatch;
  #columns: ExportColumns;
  readonly #known = new WeakMap<FlowBatch, ExportColumns>();
  readonly #text = new Uint8Array(textOctets);
  /** The row of this batch that has the text of `#exporter`, or -1. */
  #exporterRow = -1;
  #exporter: Uint8Array | undefined;
  #hopRow = -1;
  #hop = 0;

  constructor(emit: Emitter, options: RowOptions) {
    this.#emit = emit;
    this.#options = options;
    this.#batch = emit.batch;
    this.#columns = exportColumnsOf(emit.batch);
  }

  /** Columns of the batch that has room, and the next row of it; the caller fills all that must not be null. */
  nextRow(): { columns: ExportColumns; batch: FlowBatch; row: number } {
    this.#turnBatch();
    return { columns: this.#columns, batch: this.#batch, row: this.#batch.count };
  }

  /** Ends a row that `nextRow` began. */
  addRow(origin: RowOrigin): void {
    this.#fillExporter(origin.exporter, this.#batch.count, this.#batch.count + 1);
    this.#batch.count++;
  }

  /** Writes `count` records of `size` octets each from `at` of the view. */
  write(view: DataView, at: number, count: number, plan: Plan, size: number, header: Header, origin: RowOrigin): void {
    const run: RecordRun = { view, at, size, plan, header, origin, row: 0, count: 0 };
    for (let left = count; left > 0; left -= run.count) {
      this.#turnBatch();
      run.row = this.#batch.count;
      run.count = Math.min(left, batchRows - run.row);
      this.#fill(run);
      this.#batch.count += run.count;
      run.at += run.count * size;
    }
  }

  /** Another batch after a full one, or after a part was sent: batches come back, so their columns are remembered. */
  #turnBatch(): void {
    if (this.#emit.batch.count >= batchRows) this.#emit.full();
    const { batch } = this.#emit;
    if (batch === this.#batch && batch.count > 0) return;
    let columns = this.#known.get(batch);
    if (columns === undefined) {
      columns = exportColumnsOf(batch);
      this.#known.set(batch, columns);
    }
    this.#batch = batch;
    batch.isUnnamed = true;
    this.#columns = columns;
    this.#exporterRow = -1;
    this.#hopRow = -1;
  }

  #fill(run: RecordRun): void {
    const c = this.#columns;
    const { row, count, plan } = run;
    fillAddresses(c, run);
    fillColumn(c.protocol, slot.protocol, run);
    fillPorts(c, run);
    fillColumn(c.packet_count, slot.packets, run);
    fillColumn(c.byte_count, slot.octets, run);
    fillNumber(c.flags, row, row + count, noFlags);
    fillNumber(c.tunnel_depth, row, row + count, 0);
    fillTimes(c, run);
    for (let i = 0; i < plainColumns.length; i++) {
      const [name, place] = plainColumns[i]!;
      if (plan.offsets[place]! >= 0) fillColumn(c[name], place, run);
    }
    fillTraits(c, run);
    if (this.#options.macs) fillMacs(c, run);
    if (plan.offsets[slot.nextHop4]! >= 0) this.#fillNextHop4(run);
    else if (plan.offsets[slot.nextHop6]! >= 0) this.#fillNextHop6(run);
    fillSampling(c, run);
    this.#fillExporter(run.origin.exporter, row, row + count);
  }

  /** Next hops repeat: the text of the last one is taken again. */
  #fillNextHop4({ view, at, size, plan, row: first, count }: RecordRun): void {
    const column = this.#columns.next_hop;
    for (let i = 0, row = first, from = at + plan.offsets[slot.nextHop4]!; i < count; i++, row++, from += size) {
      const word = view.getUint32(from);
      if (word === 0) continue;
      if (this.#hopRow >= 0 && word === this.#hop) copyText(column, row, this.#hopRow);
      else this.#batch.setText(column, row, this.#text, 0, writeIpv4(this.#text, 0, word));
      setPresent(column, row);
      this.#hopRow = row;
      this.#hop = word;
    }
  }

  #fillNextHop6({ view, at, size, plan, row: first, count }: RecordRun): void {
    const column = this.#columns.next_hop;
    for (let i = 0, row = first, from = at + plan.offsets[slot.nextHop6]!; i < count; i++, row++, from += size) {
      const [a, b, c, d] = [view.getInt32(from), view.getInt32(from + 4), view.getInt32(from + 8), view.getInt32(from + 12)];
      if ((a | b | c | d) === 0) continue;
      this.#batch.setText(column, row, this.#text, 0, writeIpv6(this.#text, 0, a, b, c, d));
      setPresent(column, row);
    }
  }

  #fillExporter(text: Uint8Array, from: number, to: number): void {
    const column = this.#columns.exporter;
    let row = from;
    if (this.#exporterRow < 0 || this.#exporter !== text) {
      this.#batch.setText(column, row, text, 0, text.length);
      this.#exporterRow = row++;
      this.#exporter = text;
    }
    for (; row < to; row++) copyText(column, row, this.#exporterRow);
    markPresent(column, from, to);
  }
}

/** Copies a field of the records into a column; 0 where the template does not have it. */
const fillColumn = (column: BatchColumn, place: number, { view, at, size, plan: { offsets, lengths }, row, count }: RecordRun): void => {
  if (offsets[place]! < 0) fillNumber(column, row, row + count, 0);
  else copyNumbers(column, row, view, { at: at + offsets[place]!, stride: size, count }, lengths[place]!);
};
