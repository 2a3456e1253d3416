import { describe, expect, test } from 'vitest';
import { changesBetween } from './diff.ts';
import type { HostResult } from './host-result.ts';
import { orderPorts } from './order.ts';
import { Pace } from './pace.ts';
import { Policy } from './policy.ts';
import { formatPorts, readPorts } from './ports.ts';
import { nextStart, readEvery, type Schedule } from './schedule.ts';
import { usualPorts } from './service-names.ts';
import { findTargets, type Target } from './targets.ts';

const unprocessable = expect.objectContaining({ code: 'unprocessable' });
const nobody = async () => {
  throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
};
const addresses = async (...words: string[]) => (await findTargets(words, 300, nobody)).map(({ address }) => address);
const single = (address: string): Target => ({ address, family: address.includes(':') ? 6 : 4, isSingle: true });

describe('ports', () => {
  test.each([
    ['22', '22'],
    ['80,22,80', '22,80'],
    ['1-5,4-7', '1-7'],
    ['https,ssh', '22,443'],
    ['-', '1-65535'],
    ['65534-', '65534-65535'],
    ['-3', '1-3'],
    ['top:3', '22,80,443'],
  ])('%s', (list, all) => expect(formatPorts(readPorts(list))).toBe(all));

  test.each(['0', '65536', '5-1', 'nosuchservice', '', '22;id', 'top:0', 'top:9999', '-p', '1-2-3'])('refuses %j', (list) => {
    expect(() => readPorts(list)).toThrow(unprocessable);
  });

  test('leaves some out, and refuses to be left with none', () => {
    expect(formatPorts(readPorts('1-10', '3,5-6'))).toBe('1-2,4,7-10');
    expect(() => readPorts('80', 'http')).toThrow(unprocessable);
  });

  test('come in an order that a seed repeats, each once, usual ones first', () => {
    const ports = Array.from({ length: 65_535 }, (_, i) => i + 1);
    const order = orderPorts(ports, 42);
    expect(order[0]).toBe(80);
    expect(new Set(order).size).toBe(65_535);
    expect(orderPorts(ports, 42)).toEqual(order);
    expect(orderPorts(ports, 43)).not.toEqual(order);
    expect(new Set(usualPorts).size).toBe(usualPorts.length);
  });
});

describe('targets', () => {
  test('are addresses, networks and ranges, each once', async () => {
    expect(await addresses('10.0.0.1', '10.0.0.0/30')).toEqual(['10.0.0.1', '10.0.0.0', '10.0.0.2', '10.0.0.3']);
    expect(await addresses('10.0.0.254-10.0.1.1')).toEqual(['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']);
    expect(await addresses('10.0.0.1-3')).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    expect(await addresses('fd00::1-3')).toEqual(['fd00::1', 'fd00::2', 'fd00::3']);
    expect(await addresses('FE80::1%eth0', '::ffff:10.0.0.1')).toEqual(['fe80::1%eth0', '10.0.0.1']);
  });

  test.each(['127.1', '0x7f.1', '010.0.0.1', '-iL/etc/passwd', 'a b', '10.0.0.0/16', 'fd00::/64', '10.0.0.9-3', 'x%y', '10.0.0.1%a b', ''])(
    'refuses %j',
    async (word) => {
      await expect(findTargets([word], 300, nobody)).rejects.toThrow(unprocessable);
    },
  );

  test('have all addresses of a name, looked up once', async () => {
    let asked = 0;
    const found = await findTargets(['db.example.'], 10, async (name) => {
      asked++;
      expect(name).toBe('db.example');
      return [
        { address: '10.0.0.7', family: 4 },
        { address: 'fd00::7', family: 6 },
      ];
    });
    expect(asked).toBe(1);
    expect(found).toEqual([
      { address: '10.0.0.7', family: 4, isSingle: true, name: 'db.example' },
      { address: 'fd00::7', family: 6, isSingle: true, name: 'db.example' },
    ]);
  });
});

describe('the policy', () => {
  const policy = new Policy(['198.51.100.0/24', '169.254.169.254']);

  test.each(['127.0.0.1', '::1', '10.1.2.3', '172.31.0.1', '192.168.1.1', 'fd12::1', 'fe80::1%eth0'])('allows %s', (address) =>
    expect(() => new Policy([]).check([single(address)], false)).not.toThrow(),
  );

  test.each([
    '8.8.8.8',
    '100.64.0.1',
    '172.32.0.1',
    '2001:db8::1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '169.254.169.254',
    'fe80::1',
    '64:ff9b::808:808',
    'ff02::1',
    '::',
  ])('refuses %s', (address) =>
    expect(() => new Policy([]).check([single(address)], true)).toThrow(expect.objectContaining({ code: 'denied' })),
  );

  test('opens what the operator names to those who say that they may', () => {
    expect(() => policy.check([single('198.51.100.7')], true)).not.toThrow();
    expect(() => policy.check([single('198.51.100.7')], false)).toThrow(/may not be scanned/);
    expect(() => policy.check([single('169.254.169.254')], true)).not.toThrow();
    expect(() => policy.check([single('64:ff9b::c633:6407')], true)).not.toThrow();
  });

  test('judges each address of a name', () => {
    expect(() => policy.check([single('10.0.0.1'), { ...single('8.8.8.8'), name: 'x.example' }], true)).toThrow(
      /x\.example \(8\.8\.8\.8\)/,
    );
  });
});

test('differences are told of ports that both scans asked', () => {
  const host = (open: string, closed: string, status: HostResult['status'] = 'up'): HostResult => ({
    address: '10.0.0.1',
    status,
    reason: '',
    groups: [
      { state: 'open', reason: 'syn-ack', count: 1, ports: open },
      { state: 'closed', reason: 'conn-refused', count: 1, ports: closed },
    ],
  });
  const changes = [...changesBetween([host('22,80', '443,444')], [host('80,443,9000', '22')])];
  expect(changes.map(({ change, port, before, after }) => `${port} ${change} ${before} ${after}`)).toEqual([
    '22 closed open closed',
    '443 opened closed open',
  ]);
  const down: HostResult = { address: '10.0.0.1', status: 'down', reason: 'no-neighbour', groups: [] };
  expect([...changesBetween([down], [host('22', '80')])].map(({ change, port, before }) => `${port} ${change} ${before}`)).toEqual([
    '22 opened down',
    '80 changed down',
  ]);
  expect([...changesBetween([host('22', '80')], [down])].map(({ change, port }) => `${port} ${change}`)).toEqual([
    '22 closed',
    '80 changed',
  ]);
});

test('a pace lets no more through than its rate', () => {
  const pace = new Pace(100, 0);
  let sent = 0;
  for (let now = 0; now <= 1000; now += 25) while (pace.take(now)) sent++;
  expect(sent).toBeGreaterThanOrEqual(95);
  expect(sent).toBeLessThanOrEqual(102);
});

test('a schedule does not make up for what it missed', () => {
  expect(readEvery('6h')).toBe(21_600_000);
  for (const text of ['', '6', '0s', '6w', '999999d']) expect(() => readEvery(text)).toThrow(unprocessable);
  const schedule = { next: 1000, everyMs: 500 } as Schedule;
  expect(nextStart(schedule, 1000)).toBe(1500);
  expect(nextStart(schedule, 2600)).toBe(3000);
});
