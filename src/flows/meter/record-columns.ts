/** Ended records as the columns of shape `addressed`: the only place that knows both layouts. */
import { batchRows, FlowBatch, setPresent, widthOf } from '../batch.ts';
import { columnsOf } from '../schema.ts';
import { field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import type { Kernel } from './kernel/kernel.ts';
import { ended, has, type RecordBatch } from './record-batch.ts';

/** Records one after the other, seen as words and as doubles. */
export type Records = { readonly words: Int32Array; readonly doubles: Float64Array };

/** Reads values of up to 32 bits of the records at these places, or of 64 bits as pairs of words with the lower first. */
type Read = (records: Records, places: Uint32Array, to: Uint32Array) => void;

/** Has the kernel code the values at so many places, which lie at an address in its memory; answers how many entries there are. See kernel/columns.ts. */
type Code = (kernel: Kernel, places: number, count: number) => number;

/** Has the kernel gather the values as numbers, with or without levels. See kernel/numbers.ts. */
type Gather = (kernel: Kernel, places: number, count: number, isAll: boolean) => void;

/**
 * How a column is read, and the bit of `has` that says where it is: 0 for everywhere. For the encoder it has codes, or is gathered as numbers, or
 * written as pairs of words that look random.
 */
type Reader = { read: Read; has: number } & ({ code: Code } | { gather: Gather } | { pairs: Gather });

/** Some bits of a word, and what is added to them. */
const bits = (word: number, shift: number, mask: number, of = 0, plus = 0): Reader => ({
  read: ({ words }, places, to) => readBits(words, places, to, word, shift, mask, plus),
  code: (kernel, places, count) => kernel.codeBits(places, count, word * 4, shift, mask, plus),
  has: of,
});

/** Words of many values. */
const number = (word: number, of: number): Reader => ({
  read: ({ words }, places, to) => readBits(words, places, to, word, 0, -1, 0),
  gather: (kernel, places, count) => kernel.gatherWords(places, count, word * 4),
  has: of,
});

/** Two words, of the upper one some bits. */
const halves = (high: number, low: number, of = 0, shift = 0, mask = -1): Reader => ({
  read: ({ words }, places, to) => readHalves(words, places, to, high, low, shift, mask),
  code: (kernel, places, count) => kernel.codeHalves(places, count, high * 4, shift, mask, low * 4),
  has: of,
});

/** Two words that look random. */
const random = (high: number, low: number, of = 0): Reader => ({
  read: ({ words }, places, to) => readHalves(words, places, to, high, low, 0, -1),
  pairs: (kernel, places, count) => kernel.writePairs(places, count, high * 4, low * 4),
  has: of,
});

/** A whole number that is kept as a double. */
const integer = (double: number, of = 0): Reader => ({
  read: ({ doubles }, places, to) => readIntegers(doubles, places, to, double),
  code: (kernel, places, count) => kernel.codeWholes(places, count, double * 8),
  has: of,
});

/** The same of many values. */
const counter = (double: number, of = 0): Reader => ({
  read: ({ doubles }, places, to) => readIntegers(doubles, places, to, double),
  gather: (kernel, places, count) => kernel.gatherWholes(places, count, double * 8),
  has: of,
});

/** Seconds and nanoseconds; `factor` is that of what is below a microsecond (store/file-layout.ts). */
const instant = (seconds: number, nanos: number, of: number, factor: number): Reader => ({
  read: (records, places, to) => readInstants(records, places, to, seconds, nanos),
  gather: (kernel, places, count, isAll) => kernel.gatherTimes(places, count, seconds * 8, nanos * 4, factor, isAll ? 1 : 0),
  has: of,
});

const readers: Record<string, Reader> = {
  time: counter(field64.start),
  duration: {
    read: (records, places, to) => readDurations(records, places, to),
    code: (kernel, places, count) => kernel.codeDurations(places, count),
    has: 0,
  },
  protocol: bits(field.meta, 0, 255),
  packet_count: integer(field64.packets),
  byte_count: counter(field64.octets),
  start_time: instant(field64.start, field.startNanos, has.start, 1),
  end_time: instant(field64.last, field.lastNanos, has.end, 1000),
  rev_packet_count: integer(field64.reversePackets, has.reverse),
  rev_byte_count: counter(field64.reverseOctets, has.reverse),
  // The bit of IPv6 becomes a 2.
  ip_version: bits(field.meta, 7, meta.ipv6 >> 7, 0, 4),
  src_addr_hi: halves(field.srcA, field.srcB),
  src_addr_lo: halves(field.srcC, field.srcD),
  dst_addr_hi: halves(field.dstA, field.dstB),
  dst_addr_lo: halves(field.dstC, field.dstD),
  src_port_num: bits(field.ports, 16, 0xffff, has.ports),
  dst_port_num: bits(field.ports, 0, 0xffff, has.ports),
  rev_start_time: instant(field64.reverse, field.reverseNanos, has.answer, 1_000_000),
  tcp_flags: bits(field.state, 0, 511, has.tcp),
  rev_tcp_flags: bits(field.state, state.reverseFlagsShift, 511, has.reverseTcp),
  icmp_type: bits(field.ports, 8, 255, has.icmp),
  icmp_code: bits(field.flowLabel, 20, 255, has.icmp),
  tos: bits(field.traits, 16, 255),
  ttl_min: bits(field.traits, 0, 255),
  ttl_max: bits(field.traits, 8, 255),
  vlan_id: bits(field.vlans, 0, 0xffff, has.vlan, -1),
  vlan_inner_id: bits(field.vlans, 16, 0xffff, has.innerVlan, -1),
  mpls_label: bits(field.mplsLabel, 0, -1, has.mpls),
  flow_label: bits(field.flowLabel, 0, 0xfffff, has.flowLabel),
  src_mac: halves(ended.macsHigh, ended.srcMacLow, has.macs, 16, 0xffff),
  dst_mac: halves(ended.macsHigh, ended.dstMacLow, has.macs, 0, 0xffff),
  in_if: bits(field.place, 13, -1, has.interface, -1),
  sampling_rate: bits(field.meta, 0, 0, 0, 1),
  end_reason: bits(ended.reason, 0, 255),
  direction: bits(field.state, Math.log2(state.initiator), 1),
  tunnel_type: bits(field.meta, meta.typeShift, 15, has.tunnel),
  tunnel_depth: bits(field.meta, meta.depthShift, 15),
  session_id: random(field.sessionHigh, field.sessionLow),
  parent_session_id: random(ended.parentHigh, ended.parentLow, has.parent),
  flow_part: bits(field.part, 0, 0xffff),
  fragments: bits(field.fragments, 0, -1),
  retransmits: bits(field.retransmits, 0, -1, has.tcp),
  rtt_us: number(field.roundTripUs, has.roundTrip),
  flags: bits(field.traits, 24, 255),
};

/** By the place of the column in its shape; undefined for those that a meter does not fill, or that belong to the run (`id`, what the ends are called ...). */
export const recordReaders: readonly (Reader | undefined)[] = columnsOf('addressed').map(({ name }) => readers[name]);

const readBits = (words: Int32Array, places: Uint32Array, to: Uint32Array, word: number, shift: number, mask: number, plus: number) => {
  for (let i = 0; i < places.length; i++) to[i] = ((words[places[i]! * recordWords + word]! >>> shift) & mask) + plus;
};

const readHalves = (words: Int32Array, places: Uint32Array, to: Uint32Array, high: number, low: number, shift: number, mask: number) => {
  for (let i = 0; i < places.length; i++) {
    const at = places[i]! * recordWords;
    to[i * 2] = words[at + low]!;
    to[i * 2 + 1] = (words[at + high]! >>> shift) & mask;
  }
};

const readIntegers = (doubles: Float64Array, places: Uint32Array, to: Uint32Array, double: number) => {
  for (let i = 0; i < places.length; i++) {
    const value = doubles[places[i]! * recordDoubles + double]!;
    const high = Math.floor(value / 4294967296);
    to[i * 2] = value - high * 4294967296;
    to[i * 2 + 1] = high;
  }
};

const readInstants = ({ words, doubles }: Records, places: Uint32Array, to: Uint32Array, seconds: number, nanos: number) => {
  for (let i = 0; i < places.length; i++) {
    const whole = doubles[places[i]! * recordDoubles + seconds]!;
    const part = words[places[i]! * recordWords + nanos]!;
    // As `setTimestamp` of batch.ts.
    const low = (Math.imul(whole, 1e9) + part) >>> 0;
    to[i * 2] = low;
    to[i * 2 + 1] = Math.round((whole * 1e9 + part - low) / 4294967296);
  }
};

/** Whole seconds between the first and the last packet. */
const readDurations = ({ words, doubles }: Records, places: Uint32Array, to: Uint32Array) => {
  for (let i = 0; i < places.length; i++) {
    const word = places[i]! * recordWords;
    const double = places[i]! * recordDoubles;
    const borrowed = words[word + field.lastNanos]! < words[word + field.startNanos]! ? 1 : 0;
    const value = doubles[double + field64.last]! - doubles[double + field64.start]! - borrowed;
    const high = Math.floor(value / 4294967296);
    to[i * 2] = value - high * 4294967296;
    to[i * 2 + 1] = high;
  }
};

const values = new Uint32Array(batchRows * 2);

/** The same flows as a batch of rows, as who reads them one by one wants them; `firstOrdinal` is the `id` of the first. */
export const flowBatchOf = (records: RecordBatch, firstOrdinal = 0): FlowBatch => {
  const batch = new FlowBatch('addressed');
  batch.count = records.count;
  batch.isUnnamed = true;
  fillIds(batch, firstOrdinal);
  const places = Uint32Array.from({ length: records.count }, (_, place) => place);
  for (const [at, reader] of recordReaders.entries()) {
    if (reader === undefined) continue;
    const column = batch.columns[at]!;
    const rows = reader.has === 0 ? places : places.filter((place) => (records.words[place * recordWords + ended.has]! & reader.has) !== 0);
    reader.read(records, rows, values);
    const width = widthOf(column.column);
    const to = width === 1 ? column.u8 : width === 2 ? column.u16 : column.u32;
    for (const [i, row] of rows.entries()) {
      if (width === 8) to.set(values.subarray(i * 2, i * 2 + 2), row * 2);
      else to[row] = values[i]!;
      if (column.validity !== undefined) setPresent(column, row);
    }
  }
  return batch;
};

const fillIds = (batch: FlowBatch, firstOrdinal: number): void => {
  const { u32 } = batch.column('id');
  for (let row = 0; row < batch.count; row++) {
    u32[row * 2] = firstOrdinal + row;
    u32[row * 2 + 1] = (firstOrdinal + row) / 4294967296;
  }
};
