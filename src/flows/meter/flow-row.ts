/** Writes records as rows of a batch of shape `addressed`: the only place that knows both layouts. */
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { setInteger, setPresent } from '../batch.ts';
import { setHalves, setShort, setSmall, setTime, setWord } from '../cell.ts';
import { interfaceOf, protocols } from './flow-key.ts';
import { annexField, annexWords, field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';

/** The columns that the meter fills; `id`, `source_id`, `ingested_at` and what the ends are called are for who writes the run. */
const names = [
  'time',
  'duration',
  'protocol',
  'packet_count',
  'byte_count',
  'start_time',
  'end_time',
  'rev_packet_count',
  'rev_byte_count',
  'ip_version',
  'src_addr_hi',
  'src_addr_lo',
  'dst_addr_hi',
  'dst_addr_lo',
  'src_port_num',
  'dst_port_num',
  'rev_start_time',
  'tcp_flags',
  'rev_tcp_flags',
  'icmp_type',
  'icmp_code',
  'tos',
  'ttl_min',
  'ttl_max',
  'vlan_id',
  'vlan_inner_id',
  'mpls_label',
  'flow_label',
  'src_mac',
  'dst_mac',
  'in_if',
  'sampling_rate',
  'end_reason',
  'direction',
  'tunnel_type',
  'tunnel_depth',
  'session_id',
  'parent_session_id',
  'flow_part',
  'fragments',
  'retransmits',
  'rtt_us',
  'flags',
] as const;

type Columns = Record<(typeof names)[number], BatchColumn>;

const columnsOf = (batch: FlowBatch): Columns => Object.fromEntries(names.map((name) => [name, batch.column(name)])) as Columns;
const mappedWord = 0xffff;

export class FlowRows {
  #batch: FlowBatch;
  #columns: Columns;
  readonly #isBiflow: boolean;
  readonly #known = new WeakMap<FlowBatch, Columns>();

  constructor(batch: FlowBatch, isBiflow: boolean) {
    this.#batch = batch;
    batch.isUnnamed = true;
    this.#columns = columnsOf(batch);
    this.#isBiflow = isBiflow;
  }

  get batch(): FlowBatch {
    return this.#batch;
  }

  /** Goes on with another batch; batches come back from a pool, so their columns are remembered. */
  set batch(batch: FlowBatch) {
    let columns = this.#known.get(batch);
    if (columns === undefined) {
      columns = columnsOf(batch);
      this.#known.set(batch, columns);
    }
    this.#batch = batch;
    batch.isUnnamed = true;
    this.#columns = columns;
  }

  /** Adds a row; the batch must have room. `reason` is an IPFIX flowEndReason. */
  write(table: FlowTable, record: number, reason: number): void {
    const { words, doubles } = table;
    const row = this.#batch.count++;
    const word = record * recordWords;
    const double = record * recordDoubles;
    this.#writeTimes(row, words, doubles, word, double);
    this.#writeEnds(row, words, word);
    this.#writeCounters(row, words, doubles, word, double);
    this.#writeTraits(row, words, word);
    if ((words[word + field.state]! & state.macs) !== 0) this.#writeMacs(row, table.annex, record * annexWords);
    this.#writeSession(row, words, word, table.annex, record * annexWords);
    setSmall(this.#columns.end_reason, row, reason);
  }

  #writeTimes(row: number, words: Int32Array, doubles: Float64Array, word: number, double: number): void {
    const c = this.#columns;
    const start = doubles[double + field64.start]!;
    const end = doubles[double + field64.last]!;
    const startNanos = words[word + field.startNanos]!;
    const endNanos = words[word + field.lastNanos]!;
    setInteger(c.time, row, start);
    setInteger(c.duration, row, end - start - (endNanos < startNanos ? 1 : 0));
    setTime(c.start_time, row, start, startNanos);
    setTime(c.end_time, row, end, endNanos);
    if (doubles[double + field64.reversePackets]! > 0) {
      setTime(c.rev_start_time, row, doubles[double + field64.reverse]!, words[word + field.reverseNanos]!);
    }
  }

  #writeEnds(row: number, words: Int32Array, word: number): void {
    const c = this.#columns;
    const metaWord = words[word + field.meta]!;
    const srcD = words[word + field.srcD]!;
    const dstD = words[word + field.dstD]!;
    c.protocol.u8[row] = metaWord;
    if ((metaWord & meta.ipv6) === 0) {
      setSmall(c.ip_version, row, 4);
      setHalf(c.src_addr_hi, row, 0, 0);
      setHalf(c.src_addr_lo, row, mappedWord, srcD);
      setHalf(c.dst_addr_hi, row, 0, 0);
      setHalf(c.dst_addr_lo, row, mappedWord, dstD);
    } else {
      setSmall(c.ip_version, row, 6);
      writeIpv6(c.src_addr_hi, c.src_addr_lo, row, words, word + field.srcA, srcD);
      writeIpv6(c.dst_addr_hi, c.dst_addr_lo, row, words, word + field.dstA, dstD);
    }
    this.#writePorts(row, metaWord, words[word + field.ports]!, words[word + field.flowLabel]! >>> 20);
  }

  #writePorts(row: number, metaWord: number, ports: number, icmpCode: number): void {
    const c = this.#columns;
    const protocol = metaWord & 255;
    if ((metaWord & meta.portless) !== 0) return;
    if (protocol === protocols.icmp || protocol === protocols.icmpv6) {
      const type = (ports >>> 8) & 255;
      setSmall(c.icmp_type, row, type);
      setSmall(c.icmp_code, row, icmpCode);
    } else {
      setShort(c.src_port_num, row, ports >>> 16);
      setShort(c.dst_port_num, row, ports & 0xffff);
    }
  }

  #writeCounters(row: number, words: Int32Array, doubles: Float64Array, word: number, double: number): void {
    const c = this.#columns;
    setInteger(c.packet_count, row, doubles[double + field64.packets]!);
    setInteger(c.byte_count, row, doubles[double + field64.octets]!);
    setWord(c.fragments, row, words[word + field.fragments]!);
    const isTcp = (words[word + field.meta]! & 255) === protocols.tcp;
    const stateWord = words[word + field.state]!;
    if (isTcp) {
      setShort(c.tcp_flags, row, stateWord & 511);
      setWord(c.retransmits, row, words[word + field.retransmits]!);
    }
    if (!this.#isBiflow) return;
    setPresent(c.rev_packet_count, row);
    setInteger(c.rev_packet_count, row, doubles[double + field64.reversePackets]!);
    setPresent(c.rev_byte_count, row);
    setInteger(c.rev_byte_count, row, doubles[double + field64.reverseOctets]!);
    if (!isTcp) return;
    setShort(c.rev_tcp_flags, row, (stateWord >>> state.reverseFlagsShift) & 511);
    if ((stateWord & state.roundTrip) !== 0) setWord(c.rtt_us, row, words[word + field.roundTripUs]!);
  }

  #writeTraits(row: number, words: Int32Array, word: number): void {
    const c = this.#columns;
    const traits = words[word + field.traits]!;
    setSmall(c.ttl_min, row, traits & 255);
    setSmall(c.ttl_max, row, (traits >>> 8) & 255);
    setSmall(c.tos, row, (traits >>> 16) & 255);
    setWord(c.flags, row, traits >>> 24);
    setWord(c.sampling_rate, row, 1);
    const metaWord = words[word + field.meta]!;
    if ((metaWord & meta.ipv6) !== 0) setWord(c.flow_label, row, words[word + field.flowLabel]! & 0xfffff);
    const vlans = words[word + field.vlans]!;
    if ((vlans & 0xffff) !== 0) setShort(c.vlan_id, row, (vlans & 0xffff) - 1);
    if (vlans >>> 16 !== 0) setShort(c.vlan_inner_id, row, (vlans >>> 16) - 1);
    const label = words[word + field.mplsLabel]!;
    if (label >= 0) setWord(c.mpls_label, row, label);
    const capture = interfaceOf(words[word + field.place]!);
    if (capture >= 0) setWord(c.in_if, row, capture);
  }

  #writeMacs(row: number, annex: Int32Array, at: number): void {
    const c = this.#columns;
    const macsHigh = annex[at + annexField.macsHigh]!;
    setHalf(c.src_mac, row, macsHigh >>> 16, annex[at + annexField.srcMacLow]!);
    setHalf(c.dst_mac, row, macsHigh & 0xffff, annex[at + annexField.dstMacLow]!);
  }

  #writeSession(row: number, words: Int32Array, word: number, annex: Int32Array, at: number): void {
    const c = this.#columns;
    const metaWord = words[word + field.meta]!;
    const depth = (metaWord >>> meta.depthShift) & 15;
    setHalf(c.session_id, row, words[word + field.sessionHigh]!, words[word + field.sessionLow]!);
    setShort(c.flow_part, row, words[word + field.part]!);
    setSmall(c.direction, row, (words[word + field.state]! & state.initiator) !== 0 ? 1 : 0);
    setSmall(c.tunnel_depth, row, depth);
    if (depth === 0) return;
    setSmall(c.tunnel_type, row, (metaWord >>> meta.typeShift) & 15);
    const parentHigh = annex[at + annexField.parentHigh]!;
    const parentLow = annex[at + annexField.parentLow]!;
    if ((parentHigh | parentLow) !== 0) setHalf(c.parent_session_id, row, parentHigh, parentLow);
  }
}

const setHalf = (column: BatchColumn, row: number, high: number, low: number): void => {
  setHalves(column, row, high, low);
  setPresent(column, row);
};

const writeIpv6 = (high: BatchColumn, low: BatchColumn, row: number, words: Int32Array, upper: number, d: number): void => {
  setHalf(high, row, words[upper]!, words[upper + 1]!);
  setHalf(low, row, words[upper + 2]!, d);
};
