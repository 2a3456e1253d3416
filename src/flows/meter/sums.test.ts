/** Random packets beside a model that is a Map: whatever the order and the time-outs, nothing is lost and nothing counted twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Packet } from '../../packets/index.ts';
import type { MeterOptions } from './options.ts';
import { RecordBatch } from './record-batch.ts';
import { meterWithRows, packetOf, type Row, type Story } from './testing.ts';

const noTimeOuts: Partial<MeterOptions> = { activeMs: 0, idleMs: 0, udpIdleMs: 0, icmpIdleMs: 0 };

const endpoint = fc.record({ host: fc.integer({ min: 1, max: 3 }), port: fc.constantFrom(53, 80, 2048) });
const story = fc
  .record({
    src: endpoint,
    dst: endpoint,
    at: fc.oneof(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 100_000 }).map((ms) => ms / 1000),
      fc.constantFrom(1e6, 5e9),
    ),
    protocol: fc.constantFrom(1, 6, 6, 6, 17, 47),
    octets: fc.integer({ min: 20, max: 65_535 }),
    tcpFlags: fc.constantFrom(0, 1, 2, 4, 16, 17, 18, 20),
    icmp: fc.constantFrom([8, 0], [0, 0], [3, 1], [3, 3]),
    sequence: fc.integer({ min: 0, max: 3 }),
    ipVersion: fc.constantFrom(4, 4, 6),
    fragment: fc.constantFrom(0, 0, 0, 1, 2),
    identification: fc.integer({ min: 0, max: 2 }),
    tunnelDepth: fc.constantFrom(0, 0, 0, 1),
  })
  .map(({ src, dst, icmp, sequence, fragment, ...rest }): Story => {
    const hasPorts = fragment < 2 && (rest.protocol === 6 || rest.protocol === 17);
    const isIcmp = fragment < 2 && rest.protocol === 1;
    return {
      ...rest,
      from: src.host,
      to: dst.host,
      srcPort: hasPorts ? src.port : -1,
      dstPort: hasPorts ? dst.port : -1,
      icmpType: isIcmp ? icmp[0]! : -1,
      icmpCode: isIcmp ? icmp[1]! : -1,
      icmpIdentifier: isIcmp && icmp[0] !== 3 ? 1 : -1,
      tcpSequence: sequence,
      tcpFlags: hasPorts && rest.protocol === 6 ? rest.tcpFlags : 0,
      isFragment: fragment > 0 ? 1 : 0,
      fragmentOffset: fragment === 2 ? 8 : 0,
    };
  });
const capture = fc.array(story, { maxLength: 120 });
const options = fc.record<Partial<MeterOptions>>({
  activeMs: fc.constantFrom(0, 1000, 300_000),
  idleMs: fc.constantFrom(0, 1000, 60_000),
  udpIdleMs: fc.constantFrom(0, 30_000),
  tcpCloseMs: fc.constantFrom(0, 5000),
  maxFlows: fc.constantFrom(1, 2, 5, 4096),
});

const batch = new RecordBatch();
/** Captures of each property; all of them with WEIR_TEST_ALL=1. */
const runs = process.env.WEIR_TEST_ALL === '1' ? 2000 : 120;

const meterOf = (packets: readonly Packet[], chosen: Partial<MeterOptions>): { rows: Row[]; live: number } => {
  const { meter, rows } = meterWithRows({ maxFlows: 4096, ...chosen }, batch);
  for (const packet of packets) meter.add(packet);
  meter.flush();
  return { rows: rows(), live: meter.counters.liveFlows };
};

/** Packets and octets from one host to another at one depth: what no option may change. */
const add = (sums: Map<string, [number, number]>, key: string, packets: number, octets: number): void => {
  const sum = sums.get(key) ?? [0, 0];
  if (packets > 0) sums.set(key, [sum[0] + packets, sum[1] + octets]);
};

const sumsOfPackets = (packets: readonly Packet[]): Map<string, [number, number]> => {
  const sums = new Map<string, [number, number]>();
  for (const p of packets) add(sums, [p.ipVersion, p.srcD & 255, p.dstD & 255, p.protocol, p.tunnelDepth].join(), 1, p.octets);
  return sums;
};

const sumsOfRows = (rows: readonly Row[]): Map<string, [number, number]> => {
  const sums = new Map<string, [number, number]>();
  for (const row of rows) {
    const [src, dst] = [row.src_addr_lo, row.dst_addr_lo].map((half) => Number((half as bigint) & 255n));
    add(sums, [row.ip_version, src, dst, row.protocol, row.tunnel_depth].join(), Number(row.packet_count), Number(row.byte_count));
    const back = [Number(row.rev_packet_count ?? 0), Number(row.rev_byte_count ?? 0)] as const;
    add(sums, [row.ip_version, dst, src, row.protocol, row.tunnel_depth].join(), ...back);
  }
  return sums;
};

test.each([false, true])('sums are those of the packets, uniflow %s', (uniflow) => {
  fc.assert(
    fc.property(capture, options, (stories, chosen) => {
      const packets = stories.map(packetOf);
      const { rows, live } = meterOf(packets, { ...chosen, uniflow });
      expect(sumsOfRows(rows)).toEqual(sumsOfPackets(packets));
      expect(live).toBe(0);
      for (const row of rows) {
        expect(Number(row.duration)).toBeGreaterThanOrEqual(0);
        expect((row.end_time as bigint) >= (row.start_time as bigint)).toBe(true);
      }
    }),
    { seed: 20_020, numRuns: runs },
  );
});

/** One flow for each key: the model of a meter without time-outs, for packets with ports. */
const model = (packets: readonly Packet[], uniflow: boolean): Map<string, unknown[]> => {
  const flows = new Map<string, { packets: number[]; octets: number[]; first: number; last: number }>();
  const at = (p: Packet): number => p.seconds + p.nanos / 1e9;
  for (const p of packets) {
    const ends = [`${p.srcD & 255}:${p.srcPort}`, `${p.dstD & 255}:${p.dstPort}`];
    const isAnswer = !uniflow && p.protocol === 6 && (p.tcpFlags & 18) === 18;
    const name = (list: readonly string[]): string => [p.ipVersion, p.protocol, p.tunnelDepth, ...list].join(' ');
    const turned = name(ends.toReversed());
    const forward = name(ends);
    // A key is known under the orientation of its first packet.
    const isReverse = !uniflow && !flows.has(forward) && (flows.has(turned) || isAnswer);
    const key = isReverse ? turned : forward;
    const flow = flows.get(key) ?? { packets: [0, 0], octets: [0, 0], first: at(p), last: at(p) };
    flow.packets[isReverse ? 1 : 0]!++;
    flow.octets[isReverse ? 1 : 0]! += p.octets;
    flow.first = Math.min(flow.first, at(p));
    flow.last = Math.max(flow.last, at(p));
    flows.set(key, flow);
  }
  return new Map([...flows].map(([key, flow]) => [key, [...flow.packets, ...flow.octets, Math.floor(flow.first), Math.floor(flow.last)]]));
};

test.each([false, true])('flows are those of a model without time-outs, uniflow %s', (uniflow) => {
  fc.assert(
    fc.property(capture, (stories) => {
      const packets = stories
        .filter((s) => s.srcPort! >= 0 && s.isFragment === 0 && (s.from !== s.to || s.srcPort !== s.dstPort))
        .map(packetOf);
      const { rows } = meterOf(packets, { ...noTimeOuts, uniflow });
      const flows = rows.map((row) => [
        [
          row.ip_version,
          row.protocol,
          row.tunnel_depth,
          `${Number((row.src_addr_lo as bigint) & 255n)}:${row.src_port}`,
          `${Number((row.dst_addr_lo as bigint) & 255n)}:${row.dst_port}`,
        ].join(' '),
        [
          row.packet_count,
          row.rev_packet_count ?? 0,
          row.byte_count,
          row.rev_byte_count ?? 0,
          row.time,
          Number((row.end_time as bigint) / 1_000_000_000n),
        ],
      ]);
      expect(flows).toHaveLength(new Set(flows.map(([key]) => key)).size);
      expect(new Map(flows as [string, unknown[]][])).toEqual(model(packets, uniflow));
    }),
    { seed: 20_021, numRuns: runs },
  );
});

test.each([false, true])('the kernel counts as the meter does without it, row for row, uniflow %s', (uniflow) => {
  fc.assert(
    fc.property(capture, options, (stories, chosen) => {
      const packets = stories
        .filter(({ tunnelDepth }) => tunnelDepth === 0)
        .toSorted((a, b) => a.at! - b.at!)
        .map(packetOf);
      const without = meterOf(packets, { ...chosen, uniflow, tunnels: 'both' }).rows;
      expect(meterOf(packets, { ...chosen, uniflow }).rows).toEqual(without);
    }),
    { seed: 20_023, numRuns: runs },
  );
});

test('the order of packets changes no sum', () => {
  fc.assert(
    fc.property(capture, options, fc.infiniteStream(fc.nat()), (stories, chosen, stream) => {
      const packets = stories.map(packetOf);
      const shuffled = packets.map((packet) => [stream.next().value, packet] as const).toSorted((a, b) => a[0] - b[0]);
      const one = meterOf(packets, chosen).rows;
      const other = meterOf(
        shuffled.map(([, packet]) => packet),
        chosen,
      ).rows;
      expect(sumsOfRows(other)).toEqual(sumsOfRows(one));
    }),
    { seed: 20_022, numRuns: runs },
  );
});
