import { describe, expect, it, test } from 'vitest';
import type { MeterOptions } from './options.ts';
import { meterAll, meterWithRows, packetOf, type Row, replyOf, type Story, segmentOf, tcp } from './testing.ts';

const { fin, syn, rst, ack } = tcp;
const noTimeOuts: Partial<MeterOptions> = { activeMs: 0, idleMs: 0, udpIdleMs: 0, icmpIdleMs: 0 };
const pick = (rows: readonly Row[], ...names: string[]) => rows.map((row) => names.map((name) => row[name]));
const story = (list: readonly Story[]) => list.map(packetOf);

describe('a flow', () => {
  it('is both directions of a session, with the first packet forward', () => {
    const [row, ...rest] = meterAll([
      packetOf({ at: 1.5, octets: 60, tos: 8, ttl: 64 }),
      replyOf({ at: 3.25, octets: 1400, tos: 1, ttl: 50 }),
    ]);
    expect(rest).toEqual([]);
    expect(row).toMatchObject({
      time: 1,
      duration: 1,
      src_comp: '10.0.0.1',
      src_port: '1000',
      dst_comp: '10.0.0.2',
      dst_port: '80',
      protocol: 17,
      packet_count: 1,
      byte_count: 60,
      rev_packet_count: 1,
      rev_byte_count: 1400,
      start_time: 1_500_000_000n,
      end_time: 3_250_000_000n,
      rev_start_time: 3_250_000_000n,
      ip_version: 4,
      src_addr_hi: 0n,
      src_addr_lo: 0xffff_0a00_0001n,
      dst_addr_lo: 0xffff_0a00_0002n,
      src_port_num: 1000,
      dst_port_num: 80,
      tos: 8,
      ttl_min: 50,
      ttl_max: 64,
      sampling_rate: 1,
      end_reason: 4,
      direction: 0,
      tunnel_depth: 0,
      flow_part: 0,
      fragments: 0,
      flags: 0,
    });
    for (const name of [
      'tcp_flags',
      'rev_tcp_flags',
      'icmp_type',
      'vlan_id',
      'mpls_label',
      'flow_label',
      'src_mac',
      'in_if',
      'tunnel_type',
      'parent_session_id',
      'rtt_us',
      'retransmits',
    ])
      expect([name, row![name]]).toEqual([name, undefined]);
  });

  it('has zeros for a direction that nothing came from, and NULL in uniflow mode', () => {
    expect(pick(meterAll([packetOf({})]), 'rev_packet_count', 'rev_byte_count', 'rev_start_time')).toEqual([[0, 0, undefined]]);
    expect(pick(meterAll([packetOf({})], { uniflow: true }), 'rev_packet_count', 'rev_byte_count')).toEqual([[undefined, undefined]]);
  });

  it('is one direction in uniflow mode', () => {
    const rows = meterAll([packetOf({ octets: 60 }), replyOf({ at: 1, octets: 70 }), packetOf({ at: 2, octets: 80 })], { uniflow: true });
    expect(pick(rows, 'src_comp', 'packet_count', 'byte_count')).toEqual([
      ['10.0.0.1', 2, 140],
      ['10.0.0.2', 1, 70],
    ]);
  });

  it('keeps nanoseconds of the first and the last packet', () => {
    const rows = meterAll([packetOf({ seconds: 4_330_000_000, nanos: 999_999_999 }), packetOf({ seconds: 4_330_000_001, nanos: 1 })]);
    expect(pick(rows, 'time', 'duration', 'start_time', 'end_time')).toEqual([
      [4_330_000_000, 0, 4330000000999999999n, 4330000001000000001n],
    ]);
  });

  it('leaves times NULL that the column cannot hold', () => {
    expect(pick(meterAll([packetOf({ seconds: 18_000_000_000 })]), 'time', 'start_time')).toEqual([[18_000_000_000, undefined]]);
  });

  it('counts before 1970', () => {
    expect(pick(meterAll([packetOf({ seconds: -5, nanos: 5e8 })]), 'time', 'start_time')).toEqual([[-5, -4_500_000_000n]]);
  });

  it('has IPv6 addresses, flow label, VLANs, label, interface and MACs of its first packet', () => {
    const six = { ipVersion: 6, srcA: 0x20010db8, srcB: 0, srcC: 0, srcD: 1, dstA: -1, dstB: -2, dstC: 3, dstD: 0, flowLabel: 0xabcde };
    const frame = {
      vlanId: 0,
      vlanInnerId: 4095,
      mplsLabel: 0xfffff,
      srcMac: 0x8000_0000_0001,
      dstMac: 0x0200_ffff_ffff,
      interfaceIndex: 3,
    };
    const rows = meterAll(story([{ ...six, ...frame }]), { keepMacs: true, keyInterface: true });
    expect(rows).toMatchObject([
      {
        src_comp: '2001:db8::1',
        dst_comp: 'ffff:ffff:ffff:fffe:0:3::',
        src_addr_hi: 0x20010db8_00000000n,
        src_addr_lo: 1n,
        dst_addr_hi: 0xffff_ffff_ffff_fffen,
        flow_label: 0xabcde,
        vlan_id: 0,
        vlan_inner_id: 4095,
        mpls_label: 0xfffff,
        src_mac: 0x8000_0000_0001,
        dst_mac: 0x0200_ffff_ffff,
        in_if: 3,
      },
    ]);
  });

  it('finds IPv6 flows by all words, in both directions', () => {
    const end = (a: number, b: number, c: number) => ({ srcA: a, srcB: b, srcC: c, srcD: 7 });
    const base = { ipVersion: 6, dstA: 9, dstB: 9, dstC: 9, dstD: 9 };
    const packets = story([
      { ...base, ...end(1, 0, 0) },
      { ...base, ...end(0, 1, 0) },
      { ...base, ...end(0, 0, 1) },
      { ...base, ...end(1, 0, 0) },
    ]);
    const back = packetOf({
      ipVersion: 6,
      srcA: 9,
      srcB: 9,
      srcC: 9,
      srcD: 9,
      dstA: 0,
      dstB: 1,
      dstC: 0,
      dstD: 7,
      srcPort: 80,
      dstPort: 1000,
    });
    expect(pick(meterAll([...packets, back]), 'packet_count', 'rev_packet_count')).toEqual([
      [2, 0],
      [1, 1],
      [1, 0],
    ]);
  });

  test.each<[string, Story, Partial<MeterOptions>, number]>([
    ['protocol', { protocol: 6 }, {}, 2],
    ['source port', { srcPort: 1001 }, {}, 2],
    ['destination port', { dstPort: 81 }, {}, 2],
    ['source', { from: 3 }, {}, 2],
    ['destination', { to: 3 }, {}, 2],
    ['missing ports', { srcPort: -1, dstPort: -1 }, {}, 2],
    ['version', { ipVersion: 6 }, {}, 2],
    ['VLAN', { vlanId: 7 }, {}, 1],
    ['VLAN', { vlanId: 7 }, { keyVlan: true }, 2],
    ['inner VLAN', { vlanInnerId: 7 }, { keyVlan: true }, 1],
    ['interface', { interfaceIndex: 1 }, {}, 1],
    ['interface', { interfaceIndex: 1 }, { keyInterface: true }, 2],
    ['tunnel depth', { tunnelDepth: 1 }, {}, 2],
    ['octets and TTL', { octets: 1, ttl: 1, tos: 1, flowLabel: 1 }, {}, 1],
  ])('with another %s (%j, %j): %i', (_, other, options, flows) => {
    expect(meterAll(story([{}, other]), options)).toHaveLength(flows);
  });

  it('counts both ways when a host talks to itself', () => {
    const packets = story([
      { to: 1 },
      { to: 1, srcPort: 80, dstPort: 1000 },
      { to: 1, srcPort: 5, dstPort: 5 },
      { to: 1, srcPort: 5, dstPort: 5 },
    ]);
    expect(pick(meterAll(packets), 'packet_count', 'rev_packet_count')).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  it('has the text 0 and no numbers where a protocol has no ports', () => {
    const rows = meterAll(story([{ protocol: 47, srcPort: -1, dstPort: -1 }]));
    expect(pick(rows, 'src_port', 'dst_port', 'src_port_num', 'dst_port_num')).toEqual([['0', '0', undefined, undefined]]);
  });

  it('carries the marks of its packets', () => {
    expect(pick(meterAll(story([{ flags: 1 }, { flags: 8 }])), 'flags')).toEqual([[9]]);
  });

  it('writes ports of one to five digits', () => {
    const ports = [0, 9, 10, 99, 100, 999, 1000, 9999, 10000, 65535];
    const rows = meterAll(ports.map((srcPort) => packetOf({ srcPort, dstPort: 65535 - srcPort })));
    expect(rows.map((row) => Number(row.src_port))).toEqual(ports);
    expect(rows.map((row) => row.dst_port)).toEqual(ports.map((port) => String(65535 - port)));
  });
});

describe('direction', () => {
  it('is the initiator where a SYN was seen', () => {
    expect(pick(meterAll([segmentOf(0, syn)]), 'direction')).toEqual([[1]]);
    expect(pick(meterAll([segmentOf(0, ack)]), 'direction')).toEqual([[0]]);
  });

  it('is turned round for a SYN+ACK that comes first', () => {
    const rows = meterAll([segmentOf(0, syn | ack, { reverse: true }), segmentOf(1, ack)]);
    expect(pick(rows, 'src_comp', 'src_port', 'packet_count', 'rev_packet_count', 'direction')).toEqual([['10.0.0.1', '1000', 1, 1, 0]]);
  });

  it('is not turned round in uniflow mode', () => {
    const rows = meterAll([segmentOf(0, syn | ack, { reverse: true })], { uniflow: true });
    expect(pick(rows, 'src_comp', 'packet_count')).toEqual([['10.0.0.2', 1]]);
  });

  it('is turned round for an echo reply that comes first', () => {
    const icmp = { protocol: 1, srcPort: -1, dstPort: -1, icmpCode: 0, icmpIdentifier: 7 };
    const rows = meterAll([replyOf({ ...icmp, icmpType: 0 })]);
    expect(pick(rows, 'src_comp', 'packet_count', 'rev_packet_count', 'direction', 'dst_port')).toEqual([['10.0.0.1', 0, 1, 0, '2048']]);
  });

  it('survives a cut', () => {
    const rows = meterAll([segmentOf(0, syn), segmentOf(301, ack, { reverse: true })], { idleMs: 0 });
    expect(pick(rows, 'src_comp', 'direction', 'flow_part', 'packet_count', 'rev_packet_count')).toEqual([
      ['10.0.0.1', 1, 0, 1, 0],
      ['10.0.0.1', 1, 1, 0, 1],
    ]);
  });
});

describe('ICMP', () => {
  const icmp = (icmpType: number, rest: Story = {}): Story => ({ protocol: 1, srcPort: -1, dstPort: -1, icmpType, icmpCode: 0, ...rest });
  const icmpv6 = (icmpType: number, rest: Story = {}): Story => icmp(icmpType, { protocol: 58, ipVersion: 6, ...rest });
  const back = { from: 2, to: 1 };

  test.each<[string, Story[], unknown[][]]>([
    ['echo and reply', [icmp(8, { icmpIdentifier: 1 }), icmp(0, { icmpIdentifier: 1, ...back })], [['0', '2048', 8, 0, 1, 1, 1]]],
    [
      'echoes with two identifiers',
      [icmp(8, { icmpIdentifier: 1 }), icmp(8, { icmpIdentifier: 2 })],
      [
        ['0', '2048', 8, 0, 1, 0, 1],
        ['0', '2048', 8, 0, 1, 0, 1],
      ],
    ],
    [
      'echoes both ways with one identifier',
      [icmp(8, { icmpIdentifier: 1 }), icmp(8, { icmpIdentifier: 1, ...back })],
      [
        ['0', '2048', 8, 0, 1, 0, 1],
        ['0', '2048', 8, 0, 1, 0, 1],
      ],
    ],
    ['timestamp', [icmp(13, { icmpIdentifier: 1 }), icmp(14, { icmpIdentifier: 1, ...back })], [['0', '3328', 13, 0, 1, 1, 1]]],
    ['port unreachable', [icmp(3, { icmpCode: 3 })], [['0', '771', 3, 3, 1, 0, 0]]],
    [
      'two codes',
      [icmp(3, { icmpCode: 3 }), icmp(3, { icmpCode: 1 })],
      [
        ['0', '771', 3, 3, 1, 0, 0],
        ['0', '769', 3, 1, 1, 0, 0],
      ],
    ],
    [
      'an error and an echo',
      [icmp(8, { icmpIdentifier: 1 }), icmp(3, { icmpCode: 1, ...back })],
      [
        ['0', '2048', 8, 0, 1, 0, 1],
        ['0', '769', 3, 1, 1, 0, 0],
      ],
    ],
    ['a cut header', [icmp(-1, { icmpCode: -1 })], [['0', '0', undefined, undefined, 1, 0, 0]]],
    ['echo of IPv6', [icmpv6(128, { icmpIdentifier: 9 }), icmpv6(129, { icmpIdentifier: 9, ...back })], [['0', '32768', 128, 0, 1, 1, 1]]],
    ['neighbour', [icmpv6(135), icmpv6(136, back)], [['0', '34560', 135, 0, 1, 1, 1]]],
    [
      'a code of its own',
      [icmp(8, { icmpCode: 9, icmpIdentifier: 1 }), icmp(0, { icmpIdentifier: 1, ...back })],
      [['0', '2057', 8, 9, 1, 1, 1]],
    ],
  ])('%s', (_, packets, expected) => {
    expect(
      pick(meterAll(story(packets)), 'src_port', 'dst_port', 'icmp_type', 'icmp_code', 'packet_count', 'rev_packet_count', 'direction'),
    ).toEqual(expected);
  });

  it('keeps request and reply apart in uniflow mode', () => {
    const rows = meterAll(story([icmp(8, { icmpIdentifier: 1 }), icmp(0, { icmpIdentifier: 1, ...back })]), { uniflow: true });
    expect(pick(rows, 'dst_port', 'icmp_type')).toEqual([
      ['2048', 8],
      ['0', 0],
    ]);
  });
});

describe('the end of a flow', () => {
  const sip: Story = { protocol: 132 };
  test.each<[string, Story[], Partial<MeterOptions>, [number, number][]]>([
    ['UDP at its time-out', [{ at: 0 }, { at: 30 }], {}, [[4, 2]]],
    [
      'UDP a nanosecond past its time-out',
      [{ at: 0 }, { seconds: 30, nanos: 1 }],
      {},
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'TCP and others at 60 s',
      [
        { at: 0, ...sip },
        { at: 60, ...sip },
      ],
      {},
      [[4, 2]],
    ],
    [
      'TCP and others past 60 s',
      [
        { at: 0, ...sip },
        { at: 60.001, ...sip },
      ],
      {},
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'ICMP past 30 s',
      [
        { at: 0, protocol: 1, srcPort: -1 },
        { at: 31, protocol: 1, srcPort: -1 },
      ],
      {},
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'other time-outs',
      [{ at: 0 }, { at: 2 }],
      { udpIdleMs: 1500 },
      [
        [1, 1],
        [4, 1],
      ],
    ],
    ['no time-out', [{ at: 0 }, { at: 1e9 }], noTimeOuts, [[4, 2]]],
    [
      'active',
      [{ at: 0 }, { at: 20 }, { at: 40 }, { at: 60 }],
      { activeMs: 40_000 },
      [
        [2, 3],
        [4, 1],
      ],
    ],
    [
      'idle before active',
      [{ at: 0 }, { at: 400 }],
      {},
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'active without idle',
      [{ at: 0 }, { at: 300 }, { at: 300.5 }, { at: 900 }],
      { udpIdleMs: 0 },
      [
        [2, 2],
        [2, 1],
        [4, 1],
      ],
    ],
    [
      'a month later',
      [{ at: 0 }, { at: 2.6e6 }],
      {},
      [
        [1, 1],
        [4, 1],
      ],
    ],
    [
      'time-outs beyond the wheel',
      [{ at: 0 }, { at: 600_000 }, { at: 1_300_000 }],
      { activeMs: 0, udpIdleMs: 604_800_000 },
      [
        [1, 2],
        [4, 1],
      ],
    ],
  ])('%s', (_, packets, options, expected) => {
    expect(pick(meterAll(story(packets), options), 'end_reason', 'packet_count')).toEqual(expected);
  });

  it('joins the parts of a session by its id', () => {
    const rows = meterAll(story([{ at: 0 }, { at: 25 }, { at: 50 }, { at: 75 }, { at: 200 }]), { activeMs: 40_000 });
    expect(pick(rows, 'flow_part', 'end_reason')).toEqual([
      [0, 2],
      [1, 1],
      [0, 4],
    ]);
    expect(rows[0]!.session_id).toBe(rows[1]!.session_id);
    expect(rows[2]!.session_id).not.toBe(rows[0]!.session_id);
  });

  it('has the same session id in every run', () => {
    expect(meterAll([packetOf({ at: 1_700_000_000.25 })])[0]!.session_id).toBe(2944185594954605303n);
  });

  it('writes what ends in the order of its time-outs', () => {
    const { meter, rows } = meterWithRows();
    const ends = [5, 3, 9, 1, 7].map((at, from) => packetOf({ at: 100 + at / 10, from }));
    for (const packet of ends.toSorted((a, b) => a.nanos - b.nanos)) meter.add(packet);
    meter.add(packetOf({ at: 80, from: 20 }));
    meter.add(packetOf({ at: 101, from: 21, protocol: 6 }));
    meter.add(packetOf({ at: 120, from: 22 }));
    meter.add(packetOf({ at: 1e7, from: 23 }));
    expect(rows().map((row) => row.src_comp)).toEqual([
      '10.0.0.20',
      '10.0.0.3',
      '10.0.0.1',
      '10.0.0.0',
      '10.0.0.4',
      '10.0.0.2',
      '10.0.0.22',
      '10.0.0.21',
    ]);
    expect(meter.counters.liveFlows).toBe(1);
  });

  it('frees memory soon after a time-out, though no packet of the flow comes', () => {
    const { meter } = meterWithRows();
    meter.add(packetOf({ at: 0 }));
    meter.add(packetOf({ at: 20 }));
    meter.add(packetOf({ at: 49, from: 9 }));
    expect(meter.counters.liveFlows).toBe(2);
    meter.add(packetOf({ at: 52, from: 9 }));
    expect(meter.counters).toMatchObject({ liveFlows: 1, flows: 1, flowsByReason: [0, 1, 0, 0, 0, 0] });
  });

  it('frees closed TCP flows after the close time-out', () => {
    const { meter } = meterWithRows();
    meter.add(segmentOf(0, rst));
    meter.add(packetOf({ at: 7, from: 9 }));
    expect(meter.counters).toMatchObject({ liveFlows: 1, flowsByReason: [0, 0, 0, 1, 0, 0] });
  });

  it('starts over after flush', () => {
    const { meter, rows } = meterWithRows();
    for (let i = 0; i < 3; i++) {
      meter.add(packetOf({ at: i }));
      meter.flush();
    }
    expect(rows()).toHaveLength(3);
    expect(meter.counters).toMatchObject({ packets: 3, octets: 300, flows: 3, liveFlows: 0, peakFlows: 1 });
  });
});

describe('TCP', () => {
  const closing = [segmentOf(0, syn, { tcpSequence: 5 }), segmentOf(1, fin | ack), segmentOf(2, fin | ack, { reverse: true })];

  test.each<[string, ReturnType<typeof segmentOf>[], Partial<MeterOptions>, [number, number][]]>([
    ['FIN of both, then a late segment', [...closing, segmentOf(7, ack)], {}, [[3, 4]]],
    [
      'FIN of both, then a segment past 5 s',
      [...closing, segmentOf(7.1, ack)],
      {},
      [
        [3, 3],
        [4, 1],
      ],
    ],
    [
      'late segments do not hold it open',
      [...closing, segmentOf(5, ack), segmentOf(7.1, ack)],
      {},
      [
        [3, 4],
        [4, 1],
      ],
    ],
    ['FIN of one', [segmentOf(0, fin), segmentOf(50, ack)], {}, [[4, 2]]],
    [
      'RST of one',
      [segmentOf(0, rst), segmentOf(6, ack)],
      {},
      [
        [3, 1],
        [4, 1],
      ],
    ],
    ['another close time-out', [segmentOf(0, rst), segmentOf(6, ack)], { tcpCloseMs: 6000 }, [[3, 2]]],
    ['no close time-out', [segmentOf(0, rst), segmentOf(59, ack)], { tcpCloseMs: 0 }, [[3, 2]]],
    [
      'new SYN',
      [...closing, segmentOf(3, syn, { tcpSequence: 6 })],
      {},
      [
        [3, 3],
        [4, 1],
      ],
    ],
    [
      'SYN repeated',
      [segmentOf(0, syn, { tcpSequence: 5 }), segmentOf(0.1, rst | ack, { reverse: true }), segmentOf(0.5, syn, { tcpSequence: 5 })],
      {},
      [[3, 3]],
    ],
    [
      'new SYN from the other side',
      [...closing, segmentOf(3, syn, { tcpSequence: 5, reverse: true })],
      {},
      [
        [3, 3],
        [4, 1],
      ],
    ],
    ['SYN+ACK after the close', [...closing, segmentOf(3, syn | ack, { tcpSequence: 9, reverse: true })], {}, [[3, 4]]],
    ['new SYN while open', [segmentOf(0, syn, { tcpSequence: 5 }), segmentOf(1, syn, { tcpSequence: 6 })], {}, [[4, 2]]],
    ['no time-outs: one flow for each key', [...closing, segmentOf(3, syn, { tcpSequence: 6 }), segmentOf(1e6, ack)], noTimeOuts, [[3, 5]]],
    [
      'FIN in uniflow mode',
      [segmentOf(0, fin), segmentOf(6, ack)],
      { uniflow: true },
      [
        [3, 1],
        [4, 1],
      ],
    ],
    [
      'closed and idle',
      [segmentOf(0, rst), segmentOf(100, ack)],
      {},
      [
        [3, 1],
        [4, 1],
      ],
    ],
  ])('%s', (_, packets, options, expected) => {
    const rows = meterAll(packets, options);
    const sums = rows.map((row) => [row.end_reason, Number(row.packet_count) + Number(row.rev_packet_count ?? 0)]);
    expect(sums).toEqual(expected);
  });

  it('turns the direction with a new SYN from the other side', () => {
    const rows = meterAll([...closing, segmentOf(3, syn, { tcpSequence: 5, reverse: true })]);
    expect(pick(rows, 'src_comp', 'src_port', 'direction')).toEqual([
      ['10.0.0.1', '1000', 1],
      ['10.0.0.2', '80', 1],
    ]);
  });

  it('collects flags for each direction, ECN nonce included', () => {
    const rows = meterAll([segmentOf(0, 0x102), segmentOf(1, syn | ack, { reverse: true }), segmentOf(2, ack | 8)]);
    expect(pick(rows, 'tcp_flags', 'rev_tcp_flags')).toEqual([[0x11a, 0x12]]);
  });

  it('measures the round trip from the last SYN before the answer', () => {
    const rows = meterAll([
      segmentOf(0, syn),
      segmentOf(3, syn),
      segmentOf(3.000_123, syn | ack, { reverse: true }),
      segmentOf(4, syn | ack, { reverse: true }),
    ]);
    expect(pick(rows, 'rtt_us', 'rev_start_time')).toEqual([[123, 3_000_123_000n]]);
  });

  it('measures the round trip when the answer was captured first', () => {
    const rows = meterAll([segmentOf(3.5, syn | ack, { reverse: true }), segmentOf(3, syn)]);
    expect(pick(rows, 'rtt_us', 'direction')).toEqual([[500_000, 1]]);
  });

  it('measures the round trip from a SYN that came after other packets, as long as nothing has come back', () => {
    const answer = segmentOf(2.000_456, syn | ack, { reverse: true });
    const rows = meterAll([segmentOf(0, ack), segmentOf(2, syn), answer]);
    expect(pick(rows, 'rtt_us', 'direction', 'rev_start_time')).toEqual([[456, 1, 2_000_456_000n]]);
    const late = meterAll([segmentOf(0, ack), segmentOf(1, ack, { reverse: true }), segmentOf(2, syn), answer]);
    expect(pick(late, 'rtt_us', 'direction', 'rev_start_time')).toEqual([[undefined, 1, 1_000_000_000n]]);
  });

  it('knows no round trip without SYN+ACK', () => {
    expect(pick(meterAll([segmentOf(0, syn), segmentOf(1, rst | ack, { reverse: true })]), 'rtt_us')).toEqual([[undefined]]);
  });

  it('counts segments that are not above the highest sequence number, across its wrap', () => {
    const data = (tcpSequence: number, tcpPayload: number, reverse = false) => segmentOf(1, ack, { tcpSequence, tcpPayload, reverse });
    const packets = [
      segmentOf(0, syn, { tcpSequence: -11 }),
      segmentOf(0, syn, { tcpSequence: -11 }), // again: 1
      data(-10, 20),
      data(10, 0),
      data(-10, 20), // again: 2
      data(0, 10), // within: 3
      data(5, 20),
      data(100, 10),
      data(25, 75), // fills a gap below the highest: 4
      data(5, 20, true),
      data(5, 20, true), // again, back: 5
    ];
    expect(pick(meterAll(packets), 'retransmits')).toEqual([[5]]);
  });
});

describe('packets out of order', () => {
  it('move the start back and mark the flow', () => {
    const { meter, rows } = meterWithRows();
    for (const at of [10, 12, 9.5, 11]) meter.add(packetOf({ at }));
    meter.flush();
    expect(pick(rows(), 'time', 'duration', 'start_time', 'end_time', 'flags', 'packet_count')).toEqual([
      [9, 2, 9_500_000_000n, 12_000_000_000n, 32, 4],
    ]);
    expect(meter.counters.outOfOrder).toBe(2);
  });

  it('do not mark flows that are in order themselves', () => {
    expect(pick(meterAll(story([{ at: 10 }, { at: 5, from: 9 }, { at: 11 }])), 'flags')).toEqual([[0], [0]]);
  });

  it('move the first reverse packet back', () => {
    expect(pick(meterAll([packetOf({ at: 1 }), replyOf({ at: 3 }), replyOf({ at: 2 })]), 'rev_start_time')).toEqual([[2_000_000_000n]]);
  });

  it('go to their flow however late, if it lives', () => {
    expect(pick(meterAll(story([{ at: 1000 }, { at: 0 }])), 'packet_count', 'time', 'duration')).toEqual([[2, 0, 1000]]);
  });

  it('start a flow that lives while its packets come, though the clock is ahead', () => {
    const packets = [0, 1, 2, 3, 4].flatMap((at) => [packetOf({ at: 10_000 + at, from: 5 }), packetOf({ at, from: 6 })]);
    expect(pick(meterAll(packets), 'src_comp', 'packet_count')).toEqual([
      ['10.0.0.5', 5],
      ['10.0.0.6', 5],
    ]);
  });

  it('keep the close where it was when the start moves back', () => {
    const packets = [segmentOf(100, ack), segmentOf(101, rst), segmentOf(50, ack), segmentOf(105, ack)];
    expect(pick(meterAll(packets), 'packet_count')).toEqual([[4]]);
  });
});

describe('tunnels', () => {
  const inner = { tunnelDepth: 1, tunnelType: 5, octets: 50, srcPort: 7, dstPort: 8 };

  it('give inner packets a flow of their own that names its carrier', () => {
    const { meter, rows } = meterWithRows({ tunnels: 'both' });
    for (const packet of story([{ dstPort: 4789 }, inner, { dstPort: 4789, from: 9 }, { ...inner, from: 9 }])) meter.add(packet);
    meter.flush();
    const [outer, first, otherOuter, second] = rows();
    expect(pick([outer!, first!], 'tunnel_depth', 'tunnel_type', 'byte_count')).toEqual([
      [0, undefined, 100],
      [1, 5, 50],
    ]);
    expect(first!.parent_session_id).toBe(outer!.session_id);
    expect(second!.parent_session_id).toBe(otherOuter!.session_id);
    expect(outer!.parent_session_id).toBeUndefined();
    expect(meter.counters).toMatchObject({ packets: 2, octets: 200, innerPackets: 2, innerOctets: 100 });
  });

  it('name their carrier when fragments come without the first, too', () => {
    const fragment = { ...inner, isFragment: 1 as const, fragmentOffset: 1, identification: 9 };
    const [outer, part] = meterAll(story([{ dstPort: 4789 }, fragment]), { tunnels: 'both' });
    expect([part!.tunnel_depth, part!.parent_session_id]).toEqual([1, outer!.session_id]);
  });

  it('name no carrier when only inner packets are metered', () => {
    const rows = meterAll(story([{}, inner]), { tunnels: 'inner' });
    expect(pick(rows, 'tunnel_depth', 'parent_session_id')).toEqual([
      [0, undefined],
      [1, undefined],
    ]);
  });
});

describe('a full table', () => {
  it('ends the flow that was silent longest', () => {
    const packets = story([
      { at: 0, from: 1 },
      { at: 1, from: 2 },
      { at: 2, from: 3 },
      { at: 3, from: 1 },
      { at: 4, from: 4 },
      { at: 5, from: 5 },
    ]);
    expect(pick(meterAll(packets, { maxFlows: 3 }), 'src_comp', 'end_reason', 'packet_count').slice(0, 2)).toEqual([
      ['10.0.0.2', 5, 1],
      ['10.0.0.3', 5, 1],
    ]);
  });

  it('loses nothing with room for one flow', () => {
    const packets = Array.from({ length: 100 }, (_, i) =>
      packetOf({ at: i, from: i % 7, isFragment: i % 3 === 0 ? 1 : 0, fragmentOffset: i % 2, identification: i % 5 }),
    );
    const { meter, rows } = meterWithRows({ maxFlows: 1 });
    for (const packet of packets) meter.add(packet);
    expect(meter.counters.peakFlows).toBe(1);
    meter.flush();
    expect(rows().reduce((sum, row) => sum + Number(row.packet_count) + Number(row.rev_packet_count), 0)).toBe(100);
  });

  it('grows to many flows and writes each once', () => {
    const { meter, rows } = meterWithRows({ ...noTimeOuts });
    for (let i = 0; i < 20_000; i++) meter.add(packetOf({ from: i % 10_000, to: 1 << 22 }));
    meter.flush();
    expect(rows()).toHaveLength(10_000);
    expect(rows().every((row) => row.packet_count === 2)).toBe(true);
  });
});
