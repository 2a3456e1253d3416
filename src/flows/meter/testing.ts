/** For tests of the meter: packets from a few words, rows of a batch as objects. */
import { Packet } from '../../packets/index.ts';
import type { BatchColumn, FlowBatch } from '../batch.ts';
import { nameEnds } from '../end-names.ts';
import { createMeter, type Meter } from './meter.ts';
import type { MeterOptions } from './options.ts';
import { RecordBatch } from './record-batch.ts';
import { flowBatchOf } from './record-columns.ts';

/** A row as a test reads it: numbers where they are exact, text, bigint for 64-bit hashes, undefined for NULL. */
export type Row = Record<string, number | string | bigint | undefined>;

const big = new Set([
  'session_id',
  'parent_session_id',
  'src_addr_hi',
  'src_addr_lo',
  'dst_addr_hi',
  'dst_addr_lo',
  'start_time',
  'end_time',
  'rev_start_time',
]);

const valueAt = (batch: FlowBatch, column: BatchColumn, row: number): Row[string] => {
  if (column.validity !== undefined && ((column.validity[row >> 3]! >> (row & 7)) & 1) === 0) return undefined;
  const { type, name } = column.column;
  if (type === 'UTINYINT') return column.u8[row]!;
  if (type === 'USMALLINT') return column.u16[row]!;
  if (type === 'UINTEGER') return column.u32[row]!;
  if (type === 'VARCHAR') {
    const length = column.u32[row * 4]!;
    const at = column.u32[row * 4 + 2]!;
    const bytes = length <= 12 ? column.u8.subarray(row * 16 + 4, row * 16 + 4 + length) : batch.heap.subarray(at, at + length);
    return Buffer.from(bytes).toString('latin1');
  }
  const view = new DataView(column.u32.buffer, column.u32.byteOffset + row * 8, 8);
  const value = type === 'UBIGINT' ? view.getBigUint64(0, true) : view.getBigInt64(0, true);
  return big.has(name) ? value : Number(value);
};

/** All rows of a batch. */
export const rowsOf = (from: FlowBatch | RecordBatch): Row[] => {
  const batch = from instanceof RecordBatch ? flowBatchOf(from) : from;
  nameEnds(batch);
  return Array.from({ length: batch.count }, (_, row) =>
    Object.fromEntries(batch.columns.map((column) => [column.column.name, valueAt(batch, column, row)])),
  );
};

/** A meter that keeps its rows. Thousands of runs may share a batch of 2 MB. */
export const meterWithRows = (options: Partial<MeterOptions> = {}, batch = new RecordBatch()): { meter: Meter; rows: () => Row[] } => {
  const done: Row[] = [];
  const meter = createMeter(options, {
    batch: batch.emptied(),
    full: (full) => {
      done.push(...rowsOf(full));
      return full.emptied();
    },
  });
  return { meter, rows: () => [...done, ...rowsOf(meter.batch)] };
};

/** The rows of a capture that consists of these packets. */
export const meterAll = (packets: readonly Packet[], options: Partial<MeterOptions> = {}): Row[] => {
  const { meter, rows } = meterWithRows({ maxFlows: 4096, ...options });
  for (const packet of packets) meter.add(packet);
  meter.flush();
  return rows();
};

/** What a test says of a packet: hosts are the last octet of 10.0.0.0/8, `at` is seconds (nanoseconds behind the point count). */
export type Story = Partial<Packet> & { at?: number; from?: number; to?: number };

/** A packet of 100 octets from 10.0.0.1:1000 to 10.0.0.2:80, UDP, but for what the story says. */
export const packetOf = ({ at = 0, from = 1, to = 2, ...rest }: Story): Packet => {
  const packet = new Packet();
  const seconds = Math.floor(at);
  return Object.assign(
    packet,
    { seconds, nanos: Math.round((at - seconds) * 1e9), ipVersion: 4, octets: 100, protocol: 17, srcPort: 1000, dstPort: 80, ttl: 64 },
    { srcC: 0xffff, srcD: 0x0a000000 + from, dstC: 0xffff, dstD: 0x0a000000 + to },
    rest,
  );
};

/** The same on its way back. */
export const replyOf = (story: Story): Packet => packetOf({ from: 2, to: 1, srcPort: 80, dstPort: 1000, ...story });

export const tcp = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

/** A TCP packet; `reverse` for the server's. */
export const segmentOf = (at: number, tcpFlags: number, story: Story & { reverse?: boolean } = {}): Packet => {
  const { reverse = false, ...rest } = story;
  return (reverse ? replyOf : packetOf)({ at, protocol: 6, tcpFlags, ...rest });
};
