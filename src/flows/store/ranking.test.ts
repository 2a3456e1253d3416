import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../core/address-parse.ts';
import { rank } from './ranking.ts';
import { sealHot } from './seal.ts';
import { everything, type TestFlow, TestStore } from './store.fixture.ts';

const signal = new AbortController().signal;

/** A flow between two ends, each an address or a name. */
const between = (source: string, target: string, octets: number): TestFlow => {
  const [src, dst] = [parseAddress(source), parseAddress(target)];
  return {
    time: octets,
    src_comp: source,
    dst_comp: target,
    byte_count: octets,
    ...(src && { ip_version: src.version, src_addr_hi: src.hi, src_addr_lo: src.lo }),
    ...(dst && { dst_addr_hi: dst.hi, dst_addr_lo: dst.lo }),
  };
};

const flows = [
  between('10.0.0.9', '10.0.0.10', 1),
  between('10.0.0.10', '10.0.0.9', 2),
  between('10.0.0.9', '10.0.0.9', 4),
  between('2001:db8::1', '2001:db8:0:0:1::', 8),
  between('::', '2001:db8::1', 16),
];
/** Octets by key, the greatest first. */
const expected: Record<string, Record<string, number>> = {
  src_comp: { '::': 16, '2001:db8::1': 8, '10.0.0.9': 5, '10.0.0.10': 2 },
  dst_comp: { '2001:db8::1': 16, '2001:db8:0:0:1::': 8, '10.0.0.9': 6, '10.0.0.10': 1 },
  host: { '2001:db8::1': 24, '::': 16, '2001:db8:0:0:1::': 8, '10.0.0.9': 7, '10.0.0.10': 3 },
  pair: { '2001:db8::1 ::': 16, '2001:db8:0:0:1:: 2001:db8::1': 8, '10.0.0.9 10.0.0.9': 4, '10.0.0.10 10.0.0.9': 3 },
};
const name = { src_comp: 'C1', dst_comp: 'C2', host: 'C1', pair: 'C1 C2' };

describe.each([
  ['hot addresses', false, []],
  ['sealed addresses', true, []],
  ['addresses beside names', true, [between('C1', 'C2', 100), between('10.0.0.9', 'C2', 0)]],
] as const)('over %s', (_, isSealed, others) => {
  it.each(Object.keys(expected) as (keyof typeof name)[])('ranks by %s', async (by) => {
    await using test = await TestStore.open();
    await test.bring('addressed', [...flows, ...others]);
    if (isSealed) await sealHot(test.store);
    const { items, total } = await rank(test.store, { ...everything, by, metric: 'bytes', limit: 100 }, signal);
    const sums = Object.fromEntries(items.filter((item) => item.bytes !== 0).map((item) => [item.key, item.bytes]));
    const texts = {
      ...(others.length > 0 && { [name[by]]: 100 }),
      ...(others.length > 0 && by === 'host' && { C2: 100 }),
      ...expected[by],
    };
    expect(sums).toEqual(texts);
    expect(total).toEqual({
      flows: flows.length + others.length,
      packets: 2 * (flows.length + others.length),
      bytes: others.length > 0 ? 131 : 31,
    });
  });
});

it('shows the greatest alone, and shares of all', async () => {
  await using test = await TestStore.open();
  await test.bring('addressed', flows);
  const { items, total } = await rank(test.store, { ...everything, by: 'src_comp', metric: 'flows', limit: 1 }, signal);
  expect(items).toEqual([{ key: '10.0.0.9', flows: 2, packets: 4, bytes: 5 }]);
  expect(total.flows).toBe(5);
});

it('leaves counters out that no network reaches', async () => {
  await using test = await TestStore.open();
  await test.bring('addressed', [...flows, { ...between('10.0.0.1', '10.0.0.2', 0), byte_count: 2n ** 64n - 1n }]);
  const { total } = await rank(test.store, { ...everything, by: 'src_comp', metric: 'bytes', limit: 1 }, signal);
  expect(total).toMatchObject({ flows: 6, bytes: 31 });
});
