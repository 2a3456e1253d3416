import { expect, it } from 'vitest';
import { meterAll, meterWithRows, packetOf, type Row, type Story } from './testing.ts';

const pick = (rows: readonly Row[], ...names: string[]) => rows.map((row) => names.map((name) => row[name]));
const first = (at: number, rest: Story = {}) => packetOf({ at, isFragment: 1, moreFragments: 1, identification: 7, ...rest });
const later = (at: number, rest: Story = {}) =>
  packetOf({ at, isFragment: 1, fragmentOffset: 80, identification: 7, srcPort: -1, dstPort: -1, icmpType: -1, ...rest });
const named = ['src_port', 'packet_count', 'byte_count', 'fragments'] as const;

it('counts later fragments in the flow of the first', () => {
  expect(pick(meterAll([first(0), later(1), later(2), packetOf({ at: 3 })]), ...named)).toEqual([['1000', 4, 400, 3]]);
});

it('counts fragments before the first, and merges them when it comes', () => {
  const { meter, rows } = meterWithRows();
  for (const packet of [later(1, { ttl: 9 }), later(0.5), later(1)]) meter.add(packet);
  expect(meter.counters).toMatchObject({ fragments: 3, fragmentsPending: 1, liveFlows: 1 });
  meter.add(first(2));
  expect(meter.counters).toMatchObject({ fragmentsPending: 0, liveFlows: 1 });
  meter.add(later(3));
  meter.flush();
  expect(pick(rows(), ...named, 'time', 'duration', 'ttl_min')).toEqual([['1000', 5, 500, 5, 0, 2, 9]]);
});

it('merges into the direction the fragments ran', () => {
  const back = { from: 2, to: 1 };
  const packets = [packetOf({ at: 0 }), later(1, back), first(2, { ...back, srcPort: 80, dstPort: 1000 })];
  expect(pick(meterAll(packets), 'packet_count', 'rev_packet_count', 'rev_start_time', 'fragments')).toEqual([[1, 2, 1_000_000_000n, 2]]);
});

it('follows the key of ICMP', () => {
  const echo = { protocol: 1, icmpType: 8, icmpCode: 0, icmpIdentifier: 5, srcPort: -1, dstPort: -1 };
  expect(pick(meterAll([first(0, echo), later(1, { protocol: 1 })]), 'dst_port', 'packet_count')).toEqual([['2048', 2]]);
});

it('tells datagrams apart by identification, addresses and protocol', () => {
  const others = [{ identification: 8 }, { from: 3 }, { to: 3 }, { protocol: 6 }, { tunnelDepth: 1 }];
  for (const other of others) expect(pick(meterAll([first(0), later(1, other)]), 'packet_count')).toEqual([[1], [1]]);
});

it('counts datagrams without a first fragment in one flow without ports', () => {
  const packets = Array.from({ length: 50 }, (_, identification) => later(identification / 10, { identification }));
  const rows = meterAll(packets);
  expect(pick(rows, ...named, 'src_port_num')).toEqual([['0', 50, 5000, 50, undefined]]);
});

it('gives up after 30 s', () => {
  const { meter, rows } = meterWithRows({ udpIdleMs: 0 });
  meter.add(later(0));
  meter.add(packetOf({ at: 31, from: 9 }));
  expect(meter.counters.fragmentsPending).toBe(0);
  meter.add(first(31));
  meter.add(later(31));
  meter.flush();
  expect(pick(rows(), ...named)).toContainEqual(['0', 1, 100, 1]);
  expect(pick(rows(), ...named)).toContainEqual(['1000', 2, 200, 2]);
});

it('takes the ports of the newest datagram with an identification', () => {
  const packets = [first(0), later(0), first(1, { srcPort: 2000 }), later(1)];
  expect(pick(meterAll(packets), 'src_port', 'packet_count')).toEqual([
    ['1000', 2],
    ['2000', 2],
  ]);
});

it('lets a thousand fragments wait for one datagram, the rest go on without', () => {
  const packets = [...Array.from({ length: 1500 }, () => later(0)), first(1)];
  expect(pick(meterAll(packets), 'src_port', 'packet_count').toSorted()).toEqual([
    ['0', 500],
    ['1000', 1001],
  ]);
});

it('keeps 65,536 datagrams at most', () => {
  const { meter, rows } = meterWithRows({ maxFlows: 1 << 18 });
  for (let i = 0; i < 70_000; i++) meter.add(later(0, { identification: i, from: i & 0xff }));
  expect(meter.counters).toMatchObject({ fragmentsPending: 65_536, liveFlows: 65_536 + 256 });
  meter.flush();
  const all = rows();
  expect(all).toHaveLength(256);
  expect(all.reduce((sum, row) => sum + Number(row.packet_count), 0)).toBe(70_000);
});

it('keeps a first fragment that was cut before its ports in the flow without ports', () => {
  expect(pick(meterAll([first(0, { srcPort: -1, dstPort: -1, flags: 1 }), later(1)]), 'src_port', 'packet_count', 'flags')).toEqual([
    ['0', 2, 1],
  ]);
});
