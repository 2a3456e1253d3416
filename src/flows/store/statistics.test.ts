import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSelection } from '../query.ts';
import type { Row } from './duck.ts';
import { rank } from './ranking.ts';
import { sealHot } from './seal.ts';
import type { Selection } from './selection.ts';
import { pairs, series, summarise } from './statistics.ts';
import { everything, type TestFlow, TestStore } from './store.fixture.ts';

// Named, addressed and hot flows at once; the same sums once by DuckDB over the store and once by a loop over the rows.
const day = 86_400;
let next = 12_345;
const random = (below: number): number => {
  next = (Math.imul(next, 1_103_515_245) + 12_345) & 0x7fffffff;
  return next % below;
};
const flow = (isAddressed: boolean): TestFlow => {
  const common = {
    time: random(5 * day) - day,
    duration: random(100),
    src_comp: `host-with-number-${random(9)}`,
    dst_comp: `host-with-number-${random(9)}`,
    protocol: [1, 6, 17][random(3)] as number,
    packet_count: random(1000),
    byte_count: random(100_000),
    src_port: String(random(5)),
  };
  if (!isAddressed) return common;
  const back = random(3) === 0 ? { rev_packet_count: random(3), rev_byte_count: random(5000) } : {};
  return {
    ...common,
    ...back,
    ip_version: 4,
    ...(random(4) === 0 ? { tunnel_depth: 1, parent_session_id: 1 } : { tunnel_depth: 0 }),
    vlan_id: random(3),
  };
};

const flows: TestFlow[] = [];
let test: TestStore;
beforeAll(async () => {
  test = await TestStore.open();
  for (const [shape, isSealed] of [
    ['named', true],
    ['addressed', true],
    ['named', false],
    ['addressed', false],
  ] as const) {
    const part = Array.from({ length: 1500 }, () => flow(shape === 'addressed'));
    flows.push(...part);
    await test.bring(shape, part);
    if (isSealed) await sealHot(test.store);
  }
});
afterAll(() => test.end());

const number = (value: unknown): number => Number(value ?? 0);
const packetsOf = (one: TestFlow): number => number(one.packet_count) + number(one.rev_packet_count);
const octetsOf = (one: TestFlow): number => number(one.byte_count) + number(one.rev_byte_count);
type Sums = { flows: number; packets: number; bytes: number };
const sumOf = (some: readonly TestFlow[]): Sums => ({
  flows: some.length,
  packets: some.reduce((sum, one) => sum + packetsOf(one), 0),
  bytes: some.reduce((sum, one) => sum + octetsOf(one), 0),
});

const signal = new AbortController().signal;
const selections: [string, Selection, (one: TestFlow) => boolean][] = [
  ['everything', everything, () => true],
  ['some days', { ...everything, bounds: { from: -100, to: 2 * day } }, (one) => one.time >= -100 && one.time <= 2 * day],
  ['a condition', { ...everything, condition: 'protocol = ?', parameters: [17] }, (one) => one.protocol === 17],
  ['nothing', { ...everything, bounds: { from: 1e9, to: 2e9 } }, () => false],
];

describe.each(selections)('over %s', (_, selection, isChosen) => {
  const chosen = (): TestFlow[] => flows.filter((one) => isChosen(one) && number(one.tunnel_depth) === 0);

  it('summary sums outer flows of both directions', async () => {
    const row = await summarise(test.store, selection, signal);
    const some = chosen();
    expect(row).toMatchObject(sumOf(some));
    expect(row.first).toBe(some.length === 0 ? null : Math.min(...some.map((one) => one.time)));
    expect(row.last).toBe(some.length === 0 ? null : Math.max(...some.map((one) => one.time + number(one.duration))));
    expect(row.days).toBe(new Set(some.map((one) => Math.floor(one.time / day))).size);
  });

  it.each(['src_comp', 'host', 'protocol', 'vlan_id'] as const)('top ranks by %s', async (by) => {
    const keysOf = (one: TestFlow): unknown[] => (by === 'host' ? [...new Set([one.src_comp, one.dst_comp])] : [one[by] ?? null]);
    const groups = new Map<unknown, TestFlow[]>();
    for (const one of chosen()) for (const key of keysOf(one)) groups.set(key, [...(groups.get(key) ?? []), one]);
    const expected = [...groups].map(([key, some]) => ({ key, ...sumOf(some) })).sort((a, b) => b.bytes - a.bytes);
    const { items, total } = await rank(test.store, { ...selection, by, metric: 'bytes', limit: 100 }, signal);
    expect(items).toEqual(expected);
    expect(total).toEqual(sumOf(chosen()));
  });

  it('series sums buckets, before 1970 too', async () => {
    const buckets = new Map<number, TestFlow[]>();
    for (const one of chosen()) {
      const bucket = Math.floor(one.time / 3600) * 3600;
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), one]);
    }
    const expected = [...buckets].sort(([a], [b]) => a - b).map(([time, some]) => ({ time, key: null, ...sumOf(some) }));
    expect(await series(test.store, { ...selection, bucketSeconds: 3600, by: undefined, limit: 10_000 }, signal)).toEqual(expected);
  });

  it('pairs join both directions', async () => {
    const found: Row[] = await pairs(test.store, { ...selection, metric: 'bytes', limit: 1000 }, signal);
    const groups = new Map<string, { ab: number; ba: number; some: TestFlow[] }>();
    for (const one of chosen()) {
      const [a, b] = [String(one.src_comp), String(one.dst_comp)].sort();
      const group = groups.get(`${a} ${b}`) ?? { ab: 0, ba: 0, some: [] };
      const isForward = one.src_comp === a;
      group[isForward ? 'ab' : 'ba'] += number(one.byte_count);
      group[isForward ? 'ba' : 'ab'] += number(one.rev_byte_count);
      group.some.push(one);
      groups.set(`${a} ${b}`, group);
    }
    expect(found.length).toBe(groups.size);
    for (const row of found) {
      const group = groups.get(`${row.a} ${row.b}`);
      expect(row).toMatchObject({ ...sumOf(group?.some ?? []), bytes_ab: group?.ab, bytes_ba: group?.ba });
    }
  });
});

it('inner flows count where they were metered without their carriers, and where they are asked for', async () => {
  const other = await TestStore.open();
  const [carrier, carried] = [
    { time: 0, ip_version: 4, tunnel_depth: 0, byte_count: 100 },
    { time: 0, ip_version: 4, tunnel_depth: 1, tunnel_type: 5, byte_count: 50 },
  ];
  const bytesOf = async (selection: Selection) => (await summarise(other.store, selection, signal)).bytes;
  await other.bring('addressed', [carrier, { ...carried, parent_session_id: 7 }]);
  expect(await bytesOf(everything)).toBe(100);
  const asked = readSelection({ filter: 'tunnel vxlan or not host 1.2.3.4' });
  expect(await bytesOf(asked)).toBe(150);
  expect((await rank(other.store, { ...asked, by: 'tcp_flags', metric: 'bytes', limit: 9 }, signal)).total.bytes).toBe(150);
  await other.bring('addressed', [carried]);
  expect(await bytesOf(everything)).toBe(150);
  await other.end();
});

it('services are the lesser numbers, and none where no end has one', async () => {
  const other = await TestStore.open();
  const ends = [
    ['80', '50000'],
    ['50000', '80'],
    ['N1', '22'],
    ['53', 'N1'],
    ['N1', 'N2'],
  ] as const;
  await other.bring(
    'named',
    ends.map(([source, target]) => ({ time: 0, src_port: source, dst_port: target, byte_count: 1 })),
  );
  const { items } = await rank(other.store, { ...everything, by: 'service', metric: 'flows', limit: 100 }, signal);
  await other.end();
  expect(items.map(({ key, flows }) => [key, flows])).toEqual([
    [80, 2],
    [22, 1],
    [53, 1],
    [null, 1],
  ]);
});

it('a grouping that there is not is refused with the nearest', async () => {
  const asked = (by: string) => rank(test.store, { ...everything, by, metric: 'bytes', limit: 1 }, signal);
  await expect(asked('dst_prt')).rejects.toMatchObject({ code: 'invalid', pointer: 'by', hint: 'did you mean dst_port?' });
  await expect(asked('colour')).rejects.toMatchObject({ code: 'invalid', hint: undefined });
});

it('names the networks of IPv6 in the form of RFC 5952', async () => {
  const networks = [
    [0n, '::/64'],
    [1n, '0:0:0:1::/64'],
    [0x1_0000n, '0:0:1::/64'],
    [0x20010db8_00000000n, '2001:db8::/64'],
    [0x20010db8_00000010n, '2001:db8:0:10::/64'],
    [0x20010db8_00100000n, '2001:db8:10::/64'],
    [0x20000000_00000000n, '2000::/64'],
    [0xfe80_0000_0000_0000n, 'fe80::/64'],
    [0xffff_ffff_ffff_ffffn, 'ffff:ffff:ffff:ffff::/64'],
  ] as const;
  const other = await TestStore.open();
  const flowIn = ([high]: (typeof networks)[number]): TestFlow => ({ time: 0, ip_version: 6, src_addr_hi: high, src_addr_lo: 5n });
  await other.bring('addressed', [...networks.map(flowIn), { time: 0, ip_version: 4, src_addr_hi: 0n, src_addr_lo: 0xffff_c000_0201n }]);
  const { items } = await rank(other.store, { ...everything, by: 'src_net', metric: 'bytes', limit: 100 }, signal);
  await other.end();
  expect(items.map((item) => item.key).sort()).toEqual([...networks.map(([, text]) => text), '192.0.2.0/24'].sort());
});

it('counters of 2^63 or more are in no sum, and the summary says how many', async () => {
  const other = await TestStore.open();
  try {
    const most = 2n ** 64n - 1n;
    const [a, b] = [
      { src_comp: 'A', dst_comp: 'B' },
      { src_comp: 'B', dst_comp: 'A' },
    ];
    const sizes = [most, most, 2n ** 63n - 1n, 2n ** 63n - 1n, 2n ** 63n - 1n];
    await other.bring(
      'named',
      sizes.map((bytes, at) => ({ time: at, ...(at % 2 === 0 ? a : b), byte_count: bytes, packet_count: 1 })),
    );
    const bytes = 3n * (2n ** 63n - 1n);
    expect(await summarise(other.store, everything, signal)).toMatchObject({ flows: 5, packets: 5, bytes, left_out: 2 });
    const { total } = await rank(other.store, { ...everything, by: 'src_comp', metric: 'bytes', limit: 1 }, signal);
    expect(total).toMatchObject({ flows: 5, bytes });
    const found = await pairs(other.store, { ...everything, limit: 9, metric: 'bytes' }, signal);
    expect(found).toMatchObject([{ a: 'A', b: 'B', bytes, bytes_ab: 2n * (2n ** 63n - 1n), bytes_ba: 2n ** 63n - 1n }]);
  } finally {
    await other.end();
  }
});
