import { describe, expect, test } from 'vitest';
import type { Problem } from '../core/problem.ts';
import { octets } from './frame-builder.ts';
import type { Packet } from './packet.ts';
import { CaptureReader } from './reader.ts';

/** Builds blocks in one byte order. Options are [code, value]. */
function blocks(little: boolean) {
  const n = (width: number, value: number | bigint) => {
    const view = new DataView(new ArrayBuffer(width));
    if (width === 2) view.setUint16(0, Number(value), little);
    else if (width === 4) view.setUint32(0, Number(value), little);
    else view.setBigUint64(0, BigInt.asUintN(64, BigInt(value)), little);
    return new Uint8Array(view.buffer);
  };
  const pad = (bytes: Uint8Array) => octets(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
  const options = (list: [number, Uint8Array][]) =>
    list.length === 0
      ? new Uint8Array(0)
      : octets(...list.map(([code, value]) => octets(n(2, code), n(2, value.length), pad(value))), n(4, 0));
  const block = (type: number, body: Uint8Array) => octets(n(4, type), n(4, body.length + 12), body, n(4, body.length + 12));
  return {
    n,
    block,
    section: (list: [number, Uint8Array][] = [], version = [1, 0]) =>
      block(0x0a0d0d0a, octets(n(4, 0x1a2b3c4d), n(2, version[0] as number), n(2, version[1] as number), n(8, -1n), options(list))),
    port: (link: number, snap = 0, list: [number, Uint8Array][] = []) => block(1, octets(n(2, link), n(2, 0), n(4, snap), options(list))),
    packet: (index: number, ticks: bigint, data: Uint8Array, original = data.length, list: [number, Uint8Array][] = []) =>
      block(
        6,
        octets(n(4, index), n(4, ticks >> 32n), n(4, ticks & 0xffffffffn), n(4, data.length), n(4, original), pad(data), options(list)),
      ),
    oldPacket: (index: number, drops: number, ticks: bigint, data: Uint8Array) =>
      block(
        2,
        octets(n(2, index), n(2, drops), n(4, ticks >> 32n), n(4, ticks & 0xffffffffn), n(4, data.length), n(4, data.length), pad(data)),
      ),
    simple: (original: number, data: Uint8Array) => block(3, octets(n(4, original), pad(data))),
    statistics: (index: number, list: [number, Uint8Array][]) => block(5, octets(n(4, index), n(8, 0), options(list))),
  };
}

function read(file: Uint8Array, length = 9) {
  const seen: object[] = [];
  const reader = new CaptureReader({
    frame(view, offset, packet: Packet, link) {
      const { seconds, nanos, captured, original, flags, fcsOctets, interfaceIndex } = packet;
      const data = Buffer.from(view.buffer, view.byteOffset + offset, captured).toString('hex');
      seen.push({ seconds, nanos, captured, original, flags, fcsOctets, interfaceIndex, link: link.linkType, data });
    },
  });
  let fault: Problem | undefined;
  try {
    for (let at = 0; at < file.length; at += length) reader.push(Uint8Array.from(file.subarray(at, at + length)));
    reader.end();
  } catch (error) {
    fault = error as Problem;
  }
  return { seen, reader, fault };
}

const data = octets('0102030405');

describe.each([
  ['little', true],
  ['big', false],
])('%s endian', (order, little) => {
  const { n, section, port, packet, oldPacket, simple, statistics, block } = blocks(little);

  test('one interface, one packet', () => {
    const { seen, reader, fault } = read(octets(section(), port(1), packet(0, 1_700_000_000_123_456n, data, 60)));
    expect(fault).toBeUndefined();
    expect(seen).toEqual([
      {
        seconds: 1_700_000_000,
        nanos: 123_456_000,
        captured: 5,
        original: 60,
        flags: 0,
        fcsOctets: 0,
        interfaceIndex: 0,
        link: 1,
        data: '0102030405',
      },
    ]);
    expect(reader).toMatchObject({ kind: 'pcapng', packets: 1, byteOrder: order });
  });

  test.each([
    ['microseconds by default', undefined, 1_700_000_000_123_456n, 1_700_000_000, 123_456_000],
    ['nanoseconds', 9, 1_700_000_000_123_456_789n, 1_700_000_000, 123_456_789],
    ['the last nanosecond', 9, 1_700_000_000_999_999_999n, 1_700_000_000, 999_999_999],
    ['nanoseconds past 2106', 9, 4_329_504_000_000_000_001n, 4_329_504_000, 1],
    ['milliseconds', 3, 1_700_000_000_123n, 1_700_000_000, 123_000_000],
    ['seconds', 0, 1_700_000_000n, 1_700_000_000, 0],
    ['tenths of microseconds', 7, 17_000_000_001_234_567n, 1_700_000_000, 123_456_700],
    ['picoseconds', 12, 1_700_000_123_456_789_012n, 1_700_000, 123_456_789],
    ['2^-10', 0x8a, (1_700_000_000n << 10n) | 512n, 1_700_000_000, 500_000_000],
    ['2^-20', 0x94, (1_700_000_000n << 20n) | 1n, 1_700_000_000, 953],
    ['2^-32', 0xa0, (1_700_000_000n << 32n) | 0x80000000n, 1_700_000_000, 500_000_000],
    ['microseconds past 2106', 6, 4_329_504_000_000_001n, 4_329_504_000, 1000],
  ])('time stamps: %s', (_name, resolution, ticks, seconds, nanos) => {
    const list: [number, Uint8Array][] = resolution === undefined ? [] : [[9, octets(resolution)]];
    expect(read(octets(section(), port(1, 0, list), packet(0, ticks, data))).seen).toMatchObject([{ seconds, nanos, flags: 0 }]);
  });

  test('a time offset, also before 1970', () => {
    const at = (offset: bigint) => read(octets(section(), port(1, 0, [[14, n(8, offset)]]), packet(0, 5_000_001n, data))).seen;
    expect(at(100n)).toMatchObject([{ seconds: 105, nanos: 1000 }]);
    expect(at(-100n)).toMatchObject([{ seconds: -95, nanos: 1000 }]);
  });

  test('a time that no store can hold is replaced by the last one', () => {
    const list: [number, Uint8Array][] = [[9, octets(0)]];
    const { seen, reader } = read(octets(section(), port(1, 0, list), packet(0, 7n, data), packet(0, 1n << 62n, data)));
    expect(seen).toMatchObject([
      { seconds: 7, flags: 0 },
      { seconds: 7, flags: 8 },
    ]);
    expect(reader.warnings.count('time_out_of_range')).toBe(1);
  });

  test('interfaces keep their own link, clock and name', () => {
    const ports = octets(
      port(1, 96, [
        [2, Buffer.from('eth0')],
        [3, Buffer.from('up')],
        [11, Buffer.from('\0tcp')],
      ]),
      port(101, 0, [[9, octets(9)]]),
    );
    const { seen, reader } = read(octets(section(), ports, packet(1, 5_000_000_007n, data), packet(0, 6_000_007n, data)));
    expect(seen).toMatchObject([
      { interfaceIndex: 1, link: 101, seconds: 5, nanos: 7 },
      { interfaceIndex: 0, link: 1, seconds: 6, nanos: 7000 },
    ]);
    expect(reader.interfaces).toMatchObject([
      { name: 'eth0', description: 'up', filter: 'tcp', snapLength: 96, packets: 1 },
      { name: '', packets: 1 },
    ]);
  });

  test('simple packets: snap length, no time', () => {
    const { seen, reader } = read(octets(section(), port(1, 4), packet(0, 9_000_000n, data), simple(5, data), simple(3, octets('010203'))));
    expect(seen).toMatchObject([{}, { captured: 4, original: 5, seconds: 9, flags: 8 }, { captured: 3, original: 3, flags: 8 }]);
    expect(reader.warnings.count('time_missing')).toBe(2);
  });

  test('old packet blocks, and drops from all that tell them', () => {
    const { seen, reader } = read(
      octets(
        section(),
        port(1),
        oldPacket(0, 3, 1_000_000n, data),
        oldPacket(0, 0xffff, 2_000_000n, data),
        packet(0, 3n, data, 5, [[4, n(8, 4n)]]),
      ),
    );
    expect(seen.length).toBe(3);
    expect(reader.dropped).toBe(7);
    expect(reader.remarks).toEqual(['the capture had lost 7 packets before they were written, as the file tells']);
    const counted = read(
      octets(
        section(),
        port(1),
        statistics(0, [
          [4, n(8, 100n)],
          [5, n(8, 9n)],
        ]),
      ),
    );
    expect(counted.reader.interfaces[0]).toMatchObject({ received: 100, dropped: 9 });
  });

  test('frame check sequences: of the interface, of the packet', () => {
    const { seen } = read(
      octets(section(), port(1, 0, [[13, octets(4)]]), packet(0, 1n, data), packet(0, 1n, data, 5, [[2, n(4, 2 << 5)]])),
    );
    expect(seen).toMatchObject([{ fcsOctets: 4 }, { fcsOctets: 2 }]);
  });

  test('skips blocks of other kinds, custom ones too', () => {
    const others = octets(
      block(4, n(4, 0)),
      block(10, new Uint8Array(40)),
      block(0xbad, new Uint8Array(8)),
      block(0x80000001, new Uint8Array(4)),
    );
    expect(read(octets(section(), others, port(1), others, packet(0, 1n, data), others)).reader.packets).toBe(1);
  });

  test('a packet of an interface that is not declared is counted', () => {
    const { seen, reader } = read(octets(section(), port(1), packet(7, 1n, data), packet(0, 1n, data)));
    expect(seen).toMatchObject([{ link: -1, interfaceIndex: -1 }, { link: 1 }]);
    expect(reader.warnings.list()).toMatchObject([{ reason: 'undeclared_interface', count: 1, firstPacket: 1 }]);
  });

  test('a new section forgets interfaces and may turn the byte order', () => {
    const other = blocks(!little);
    const { seen, reader } = read(
      octets(
        section(),
        port(1),
        packet(0, 1n, data),
        other.section(),
        other.port(101),
        other.packet(0, 2n, data),
        section(),
        packet(0, 3n, data),
      ),
    );
    expect(seen).toMatchObject([{ link: 1 }, { link: 101 }, { link: -1 }]);
    expect(reader.interfaces).toMatchObject([{ section: 0 }, { section: 1 }]);
  });

  test('options that break their block are left out, the rest counts', () => {
    const broken = block(1, octets(n(2, 1), n(2, 0), n(4, 0), n(2, 2), n(2, 4000), '61626364'));
    const { reader } = read(octets(section(), broken, packet(0, 1n, data)));
    expect(reader.packets).toBe(1);
    expect(reader.warnings.count('malformed_options')).toBe(1);
  });

  test.each([
    ['a section of version 0', () => section([], [0, 1]), 'version 0.1'],
    [
      'an option that is longer than the section header',
      () => block(0x0a0d0d0a, octets(n(4, 0x1a2b3c4d), n(2, 1), n(2, 0), n(8, -1n), n(2, 1), n(2, 9000))),
      'option',
    ],
    ['lengths that disagree', () => octets(section(), n(4, 1), n(4, 20), new Uint8Array(8), n(4, 24)), 'ends with 24'],
    ['a length of 0', () => octets(section(), n(4, 1), n(4, 0), new Uint8Array(12)), 'claims 0 octets'],
    ['a length of 4 GiB', () => octets(section(), n(4, 1), n(4, 0xfffffffc), new Uint8Array(12)), 'claims 4294967292 octets'],
    [
      'a packet longer than its block',
      () => octets(section(), port(1), block(6, octets(n(4, 0), n(8, 0), n(4, 50), n(4, 50), new Uint8Array(8)))),
      'claims 50',
    ],
    ['a magic that is none', () => octets('0a0d0d0a 1c000000 deadbeef', new Uint8Array(16)), '0xdeadbeef'],
  ])('refuses %s', (_name, file, detail) => {
    const { fault } = read(file());
    expect(fault?.code).toBe('unprocessable');
    expect(fault?.detail).toContain(detail);
    expect(fault?.facts).toMatchObject({ packet: 1 });
  });

  test('cut at any octet: all whole packets, one warning', () => {
    const start = octets(section(), port(1));
    const one = packet(0, 1n, data);
    const file = octets(start, one, one);
    for (let cut = section().length; cut <= file.length; cut++) {
      const { seen, reader, fault } = read(file.subarray(0, cut), 16);
      expect(fault).toBeUndefined();
      expect(seen.length).toBe(Math.max(0, Math.floor((cut - start.length) / one.length)));
      const isWhole = [section().length, start.length, start.length + one.length, file.length].includes(cut);
      expect(reader.warnings.count('cut')).toBe(isWhole ? 0 : 1);
    }
    expect(read(section().subarray(0, 20)).fault?.detail).toContain('after 20 octets');
  });
});

test('so many interfaces that memory would suffer are corruption', () => {
  const { section, port } = blocks(true);
  const many = octets(section(), ...Array.from({ length: 10_001 }, () => port(1)));
  expect(read(many, 1 << 20).fault?.detail).toContain('10000 interfaces');
});
