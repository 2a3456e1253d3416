/**
 * Writes the records of a set as rows of a batch: column by column, from the places that the plan of their template names,
 * so that nothing is looked up and nothing allocated for a record. Only what hangs together (times, ports) goes row by row.
 */
import { writeIpv4, writeIpv6 } from '../../core/address.ts';
import { protocols } from '../../packets/index.ts';
import { type BatchColumn, batchRows, type FlowBatch, setInteger, setPresent } from '../batch.ts';
import { setHalves, setTime } from '../cell.ts';
import type { Emitter } from '../import/emitter.ts';
import { flowFlags } from '../schema.ts';
import { copyNumbers, copyText, fillNumber, markPresent } from './cells.ts';
import type { Domain, Header } from './domain.ts';
import { slot } from './elements.ts';
import { readLow, readNumber } from './number.ts';
import type { Clock, Plan } from './template.ts';

/** The columns that exports fill; `id`, `source_id`, `ingested_at` and what the ends are called are for who writes the run. */
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
  'out_if',
  'src_as',
  'dst_as',
  'next_hop',
  'exporter',
  'sampling_rate',
  'end_reason',
  'direction',
  'tunnel_depth',
  'fragments',
  'retransmits',
  'rtt_us',
  'flags',
] as const;

export type ExportColumns = Record<(typeof names)[number], BatchColumn>;

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
const mappedWord = 0xffff;
/** Seconds from 1900, where NTP counts from, to 1970 (RFC 5905). */
const ntpEpoch = 2_208_988_800;
const ntpFraction = 1e9 / 2 ** 32;
const noFlags = 0;

/** What of an exporter goes into its rows. */
export type RowOrigin = { readonly domain: Domain; readonly exporter: Uint8Array; readonly sampling: number };

/** Settings of the rows. */
export type RowOptions = { readonly macs: boolean };

export class ExportRows {
  readonly #emit: Emitter;
  readonly #options: RowOptions;
  #batch: FlowBatch;
  #columns: ExportColumns;
  readonly #known = new WeakMap<FlowBatch, ExportColumns>();
  readonly #text = new Uint8Array(textOctets);
  /** Seconds and nanoseconds of the time read last. */
  readonly #moment = new Float64Array(2);
  /** The row of this batch that has the text of `#exporter`, or -1. */
  #exporterRow = -1;
  #exporter: Uint8Array | undefined;
  #hopRow = -1;
  #hop = 0;

  constructor(emit: Emitter, options: RowOptions) {
    this.#emit = emit;
    this.#options = options;
    this.#batch = emit.batch;
    this.#columns = columnsOf(emit.batch);
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
    for (let left = count, from = at; left > 0; ) {
      this.#turnBatch();
      const rows = Math.min(left, batchRows - this.#batch.count);
      this.#fill(view, from, rows, plan, size, header, origin);
      this.#batch.count += rows;
      from += rows * size;
      left -= rows;
    }
  }

  /** Another batch after a full one, or after a part was sent: batches come back, so their columns are remembered. */
  #turnBatch(): void {
    if (this.#emit.batch.count >= batchRows) this.#emit.full();
    const { batch } = this.#emit;
    if (batch === this.#batch && batch.count > 0) return;
    let columns = this.#known.get(batch);
    if (columns === undefined) {
      columns = columnsOf(batch);
      this.#known.set(batch, columns);
    }
    this.#batch = batch;
    batch.isUnnamed = true;
    this.#columns = columns;
    this.#exporterRow = -1;
    this.#hopRow = -1;
  }

  #fill(view: DataView, at: number, count: number, plan: Plan, size: number, header: Header, origin: RowOrigin): void {
    const c = this.#columns;
    const row = this.#batch.count;
    const { offsets, lengths } = plan;
    const stride = { at, stride: size, count };
    this.#fillEnds(view, at, count, plan, size);
    this.#fillNumber(c.protocol, slot.protocol, view, stride, plan);
    this.#fillPorts(view, at, count, plan, size);
    this.#fillNumber(c.packet_count, slot.packets, view, stride, plan);
    this.#fillNumber(c.byte_count, slot.octets, view, stride, plan);
    fillNumber(c.flags, row, row + count, noFlags);
    fillNumber(c.tunnel_depth, row, row + count, 0);
    this.#fillTimes(view, at, count, plan, size, header, origin.domain);
    for (let i = 0; i < plainColumns.length; i++) {
      const [name, place] = plainColumns[i]!;
      if (offsets[place]! < 0) continue;
      stride.at = at + offsets[place]!;
      copyNumbers(c[name], row, view, stride, lengths[place]!);
    }
    this.#fillRare(view, at, count, plan, size);
    this.#fillSampling(view, at, count, plan, size, origin);
    this.#fillExporter(origin.exporter, row, row + count);
  }

  /** A column that must have a value: 0 where the template has none. */
  #fillNumber(
    column: BatchColumn,
    place: number,
    view: DataView,
    stride: { at: number; stride: number; count: number },
    { offsets, lengths }: Plan,
  ): void {
    const row = this.#batch.count;
    if (offsets[place]! < 0) {
      fillNumber(column, row, row + stride.count, 0);
      return;
    }
    const { at } = stride;
    stride.at = at + offsets[place]!;
    copyNumbers(column, row, view, stride, lengths[place]!);
    stride.at = at;
  }

  #fillEnds(view: DataView, at: number, count: number, { offsets }: Plan, size: number): void {
    const c = this.#columns;
    const src4 = offsets[slot.src4]!;
    const dst4 = offsets[slot.dst4]!;
    const src6 = offsets[slot.src6]!;
    const dst6 = offsets[slot.dst6]!;
    const isOnly4 = src6 < 0 && dst6 < 0;
    const isBoth = !isOnly4 && (src4 >= 0 || dst4 >= 0);
    for (let i = 0, row = this.#batch.count, from = at; i < count; i++, row++, from += size) {
      const is4 = isOnly4 || (isBoth && hasIpv4(view, from, src4, dst4));
      c.ip_version.u8[row] = is4 ? 4 : 6;
      writeAddress(c.src_addr_hi, c.src_addr_lo, row, view, from, is4 ? src4 : src6, is4);
      writeAddress(c.dst_addr_hi, c.dst_addr_lo, row, view, from, is4 ? dst4 : dst6, is4);
    }
    const first = this.#batch.count;
    markPresent(c.ip_version, first, first + count);
    markPresent(c.src_addr_hi, first, first + count);
    markPresent(c.src_addr_lo, first, first + count);
    markPresent(c.dst_addr_hi, first, first + count);
    markPresent(c.dst_addr_lo, first, first + count);
  }

  /** After the protocol. */
  #fillPorts(view: DataView, at: number, count: number, { offsets, lengths }: Plan, size: number): void {
    const c = this.#columns;
    const src = offsets[slot.srcPort]!;
    const dst = offsets[slot.dstPort]!;
    const srcLength = lengths[slot.srcPort]!;
    const dstLength = lengths[slot.dstPort]!;
    const both = offsets[slot.icmpTypeCode]!;
    const type = offsets[slot.icmpType]!;
    const code = offsets[slot.icmpCode]!;
    for (let i = 0, row = this.#batch.count, from = at; i < count; i++, row++, from += size) {
      const protocol = c.protocol.u8[row]!;
      const srcPort = src < 0 ? 0 : readLow(view, from + src, srcLength) & 0xffff;
      const dstPort = dst < 0 ? 0 : readLow(view, from + dst, dstLength) & 0xffff;
      if (hasPorts(protocol)) {
        if (src >= 0) {
          c.src_port_num.u16[row] = srcPort;
          setPresent(c.src_port_num, row);
        }
        if (dst >= 0) {
          c.dst_port_num.u16[row] = dstPort;
          setPresent(c.dst_port_num, row);
        }
      } else if (protocol === protocols.icmp || protocol === protocols.icmpv6) {
        let message = dstPort;
        if (both >= 0) message = readLow(view, from + both, lengths[slot.icmpTypeCode]!) & 0xffff;
        else if (type >= 0) {
          message = (readLow(view, from + type, lengths[slot.icmpType]!) & 255) << 8;
          if (code >= 0) message |= readLow(view, from + code, lengths[slot.icmpCode]!) & 255;
        }
        c.icmp_type.u8[row] = message >> 8;
        setPresent(c.icmp_type, row);
        c.icmp_code.u8[row] = message & 255;
        setPresent(c.icmp_code, row);
      }
    }
  }

  /** After the flags, to which it adds. */
  #fillTimes(view: DataView, at: number, count: number, plan: Plan, size: number, header: Header, domain: Domain): void {
    const c = this.#columns;
    const moment = this.#moment;
    const { offsets, lengths } = plan;
    const milliseconds = offsets[slot.durationMilliseconds]!;
    const microseconds = offsets[slot.durationMicroseconds]!;
    const base = plan.start === 'uptime' || plan.end === 'uptime' ? bootOf(view, at, count, plan, size, header, domain) : undefined;
    for (let i = 0, row = this.#batch.count, from = at; i < count; i++, row++, from += size) {
      let isInferred = base?.isGuessed === true;
      const hasEnd = this.#readMoment(view, from, plan.end, plan.endSlot, plan, header, base);
      let endSeconds = moment[0]!;
      let endNanos = moment[1]!;
      const hasStart = this.#readMoment(view, from, plan.start, plan.startSlot, plan, header, base);
      let seconds = moment[0]!;
      let nanos = moment[1]!;
      if (!hasStart || !hasEnd) {
        let ms = 0;
        if (milliseconds >= 0) ms = readNumber(view, from + milliseconds, lengths[slot.durationMilliseconds]!);
        else if (microseconds >= 0) ms = readNumber(view, from + microseconds, lengths[slot.durationMicroseconds]!) / 1000;
        if (!hasStart && !hasEnd) {
          isInferred = true;
          endSeconds = Math.floor(header.unixMs / 1000);
          endNanos = Math.round((header.unixMs - endSeconds * 1000) * 1e6);
        }
        if (ms > longestMs) ms = 0;
        if (hasStart) {
          endSeconds = seconds + Math.floor(ms / 1000);
          endNanos = nanos + Math.round((ms % 1000) * 1e6);
          if (endNanos >= 1e9) {
            endSeconds++;
            endNanos -= 1e9;
          }
        } else {
          seconds = endSeconds - Math.floor(ms / 1000);
          nanos = endNanos - Math.round((ms % 1000) * 1e6);
          if (nanos < 0) {
            seconds--;
            nanos += 1e9;
          }
        }
      }
      if (endSeconds < seconds || (endSeconds === seconds && endNanos < nanos)) {
        // Clocks of line cards differ; a flow is never shorter than nothing.
        endSeconds = seconds;
        endNanos = nanos;
        isInferred = true;
      }
      setInteger(c.time, row, seconds);
      setInteger(c.duration, row, endSeconds - seconds - (endNanos < nanos ? 1 : 0));
      setTime(c.start_time, row, seconds, nanos);
      setTime(c.end_time, row, endSeconds, endNanos);
      if (isInferred) c.flags.u32[row]! |= flowFlags.timeInferred;
    }
  }

  /** Puts a time of the record into `#moment`; false when the record has none. */
  #readMoment(view: DataView, from: number, clock: Clock, place: number, plan: Plan, header: Header, base: Boot | undefined): boolean {
    if (clock === 'none') return false;
    const at = from + plan.offsets[place]!;
    const length = plan.lengths[place]!;
    const moment = this.#moment;
    if (clock === 'fraction') {
      const seconds = view.getUint32(at);
      if (seconds === 0) return false;
      moment[0] = seconds - ntpEpoch + (seconds < 0x8000_0000 ? 2 ** 32 : 0); // era 1 begins in 2036
      moment[1] = Math.min(999_999_999, Math.round(view.getUint32(at + 4) * ntpFraction));
      return true;
    }
    let ms = readNumber(view, at, length);
    if (clock === 'uptime') {
      // Some send Unix milliseconds of eight octets here. Else the clock wraps after 49.7 days: a signed difference.
      if (ms < 2 ** 32) ms = (base as Boot).unixMs - (((base as Boot).uptimeMs - ms) | 0);
    } else if (clock === 'seconds') ms *= 1000;
    else if (clock === 'delta') ms = header.unixMs - ms / 1000;
    if (ms === 0) return false;
    const seconds = Math.floor(ms / 1000);
    if (seconds > latestSecond || seconds < 0) return false;
    moment[0] = seconds;
    moment[1] = Math.round((ms - seconds * 1000) * 1e6);
    return true;
  }

  /** What few templates have. */
  #fillRare(view: DataView, at: number, count: number, plan: Plan, size: number): void {
    const { offsets, lengths } = plan;
    const c = this.#columns;
    const row = this.#batch.count;
    if (offsets[slot.vlan]! >= 0) this.#fillVlan(c.vlan_id, slot.vlan, view, at, count, plan, size);
    if (offsets[slot.innerVlan]! >= 0) this.#fillVlan(c.vlan_inner_id, slot.innerVlan, view, at, count, plan, size);
    if (offsets[slot.tos]! < 0 && offsets[slot.dscp]! >= 0) {
      for (let i = 0, from = at + offsets[slot.dscp]!; i < count; i++, from += size)
        c.tos.u8[row + i] = readLow(view, from, lengths[slot.dscp]!) << 2;
      markPresent(c.tos, row, row + count);
    }
    if (offsets[slot.mplsTop]! >= 0 && lengths[slot.mplsTop] === 3) {
      for (let i = 0, from = at + offsets[slot.mplsTop]!; i < count; i++, from += size) {
        const label = readLow(view, from, 3) >> 4;
        if (label === 0) continue;
        c.mpls_label.u32[row + i] = label;
        setPresent(c.mpls_label, row + i);
      }
    }
    if (offsets[slot.flowDirection]! >= 0) {
      for (let i = 0, from = at + offsets[slot.flowDirection]!; i < count; i++, from += size) {
        const way = readLow(view, from, lengths[slot.flowDirection]!);
        if (way < 2) c.flags.u32[row + i]! |= way === 0 ? flowFlags.ingress : flowFlags.egress;
      }
    }
    if (this.#options.macs) {
      const stride = { at: at + offsets[slot.srcMac]!, stride: size, count };
      if (offsets[slot.srcMac]! >= 0) copyNumbers(c.src_mac, row, view, stride, 6);
      stride.at = at + offsets[slot.dstMac]!;
      if (offsets[slot.dstMac]! >= 0) copyNumbers(c.dst_mac, row, view, stride, 6);
    }
    if (offsets[slot.nextHop4]! >= 0) this.#fillNextHop4(view, at + offsets[slot.nextHop4]!, count, size);
    else if (offsets[slot.nextHop6]! >= 0) this.#fillNextHop6(view, at + offsets[slot.nextHop6]!, count, size);
  }

  /** 0 is how exporters say "no tag". */
  #fillVlan(column: BatchColumn, place: number, view: DataView, at: number, count: number, { offsets, lengths }: Plan, size: number): void {
    for (let i = 0, row = this.#batch.count, from = at + offsets[place]!; i < count; i++, row++, from += size) {
      const id = readLow(view, from, lengths[place]!) & 0xfff;
      if (id === 0) continue;
      column.u16[row] = id;
      setPresent(column, row);
    }
  }

  /** Next hops repeat: the text of the last one is taken again. */
  #fillNextHop4(view: DataView, at: number, count: number, size: number): void {
    const column = this.#columns.next_hop;
    for (let i = 0, row = this.#batch.count, from = at; i < count; i++, row++, from += size) {
      const word = view.getUint32(from);
      if (word === 0) continue;
      if (this.#hopRow >= 0 && word === this.#hop) copyText(column, row, this.#hopRow);
      else this.#batch.setText(column, row, this.#text, 0, writeIpv4(this.#text, 0, word));
      setPresent(column, row);
      this.#hopRow = row;
      this.#hop = word;
    }
  }

  #fillNextHop6(view: DataView, at: number, count: number, size: number): void {
    const column = this.#columns.next_hop;
    for (let i = 0, row = this.#batch.count, from = at; i < count; i++, row++, from += size) {
      const [a, b, c, d] = [view.getInt32(from), view.getInt32(from + 4), view.getInt32(from + 8), view.getInt32(from + 12)];
      if ((a | b | c | d) === 0) continue;
      this.#batch.setText(column, row, this.#text, 0, writeIpv6(this.#text, 0, a, b, c, d));
      setPresent(column, row);
    }
  }

  /** Counters stay as they are; how many packets one stands for is told beside them. */
  #fillSampling(view: DataView, at: number, count: number, plan: Plan, size: number, { domain, sampling }: RowOrigin): void {
    const c = this.#columns;
    const row = this.#batch.count;
    const general = domain.rate || sampling;
    const isPerRecord = plan.offsets[slot.sampler]! >= 0 || ownRates.some((place) => plan.offsets[place]! >= 0);
    if (!isPerRecord) {
      fillNumber(c.sampling_rate, row, row + count, general);
      return;
    }
    const sampler = plan.offsets[slot.sampler]!;
    for (let i = 0, from = at; i < count; i++, from += size) {
      const own = readRate(view, from, plan);
      let rate = own || general;
      if (own === 0 && sampler >= 0) {
        const id = readNumber(view, from + sampler, plan.lengths[slot.sampler]!);
        const known = domain.samplers.get(id);
        if (known !== undefined) rate = known;
        else if (id !== 0 && domain.rate === 0) c.flags.u32[row + i]! |= flowFlags.samplingUnknown;
      }
      c.sampling_rate.u32[row + i] = rate;
    }
    markPresent(c.sampling_rate, row, row + count);
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

const columnsOf = (batch: FlowBatch): ExportColumns => Object.fromEntries(names.map((name) => [name, batch.column(name)])) as ExportColumns;

/** Whether the protocol has ports. */
export const hasPorts = (protocol: number): boolean =>
  protocol === protocols.tcp ||
  protocol === protocols.udp ||
  protocol === protocols.sctp ||
  protocol === protocols.udpLite ||
  protocol === protocols.dccp;

/** An end that the template does not have (-1) is 0.0.0.0 or ::, as other collectors show it. */
const writeAddress = (hi: BatchColumn, lo: BatchColumn, row: number, view: DataView, from: number, offset: number, is4: boolean): void => {
  const at = from + offset;
  if (is4) {
    setHalves(hi, row, 0, 0);
    setHalves(lo, row, mappedWord, offset < 0 ? 0 : view.getUint32(at));
  } else if (offset < 0) {
    setHalves(hi, row, 0, 0);
    setHalves(lo, row, 0, 0);
  } else {
    setHalves(hi, row, view.getUint32(at), view.getUint32(at + 4));
    setHalves(lo, row, view.getUint32(at + 8), view.getUint32(at + 12));
  }
};

/** A template with addresses of both versions leaves those of the other zero. */
const hasIpv4 = (view: DataView, from: number, src4: number, dst4: number): boolean =>
  (src4 >= 0 && view.getUint32(from + src4) !== 0) || (dst4 >= 0 && view.getUint32(from + dst4) !== 0);

/** Milliseconds of a hundred years: a longer duration is none. */
const longestMs = 3_155_760_000_000;
/** 9999-12-31T23:59:59Z: what is later is no time. */
export const latestSecond = 253_402_300_799;

/** A moment on both clocks of an exporter. */
type Boot = { unixMs: number; uptimeMs: number; isGuessed: boolean };

/**
 * A moment of which both the Unix time and the uptime are known: the header of v5 and v9 has one. IPFIX has the start of the
 * exporter (element 160) in the record or in an options record; where neither came, it is taken that nothing ended after
 * its message was sent, which is right to within the time that the exporter kept the record.
 */
const bootOf = (view: DataView, at: number, count: number, plan: Plan, size: number, header: Header, domain: Domain): Boot => {
  if (header.uptimeMs > 0) return { ...header, isGuessed: false };
  const { offsets, lengths } = plan;
  const place = offsets[slot.bootMilliseconds]!;
  const told = place >= 0 ? readNumber(view, at + place, lengths[slot.bootMilliseconds]!) : domain.bootMs;
  if (told > 0) return { unixMs: told, uptimeMs: 0, isGuessed: false };
  const field = plan.end === 'uptime' ? plan.endSlot : plan.startSlot;
  for (let i = 0, from = at + offsets[field]!; i < count; i++, from += size) {
    const boot = header.unixMs - readLow(view, from, lengths[field]!);
    if (boot < domain.guessedBootMs) domain.guessedBootMs = boot;
  }
  return { unixMs: domain.guessedBootMs, uptimeMs: 0, isGuessed: true };
};

const ownRates = [slot.samplingInterval, slot.packetInterval, slot.samplingSize];

/** One packet in so many, as the fields of a record say (RFC 5477 section 8.2, 8.3); 0 where they do not. */
export const readRate = (view: DataView, from: number, { offsets, lengths }: Plan): number => {
  const read = (place: number): number => (offsets[place]! < 0 ? 0 : readNumber(view, from + offsets[place]!, lengths[place]!));
  const interval = read(slot.packetInterval);
  if (interval > 0 && offsets[slot.packetSpace]! >= 0)
    return Math.min(0xffff_ffff, Math.round((interval + read(slot.packetSpace)) / interval));
  const size = read(slot.samplingSize);
  if (size > 0 && offsets[slot.samplingPopulation]! >= 0) return Math.min(0xffff_ffff, Math.round(read(slot.samplingPopulation) / size));
  return Math.min(0xffff_ffff, read(slot.samplingInterval));
};
