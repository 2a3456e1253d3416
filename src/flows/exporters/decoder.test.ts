import { describe, expect, test } from 'vitest';
import { CollectedRows } from './collected.ts';
import { Decoder, type DecoderOptions } from './decoder.ts';
import type { Domain } from './domain.ts';
import { elementKey, knownElements, slot } from './elements.ts';
import {
  type BuiltField,
  commonFields,
  commonRecord,
  ipfix,
  ipv4,
  join,
  netflow5,
  netflow9,
  number,
  optionsTemplate9,
  optionsTemplate10,
  record,
  set,
  template,
} from './export-builder.ts';
import type { Exporter } from './exporter.ts';
import { decoderLimits } from './limits.ts';

const nowMs = 1_700_000_100_000;

const start = (options: DecoderOptions = {}) => {
  const rows = new CollectedRows();
  const decoder = new Decoder(rows, options);
  const feed = (datagram: Uint8Array, { from = '192.0.2.9', isStream = false, atMs = nowMs } = {}): Exporter => {
    const exporter = decoder.exporter(from, from) as Exporter;
    decoder.decode(new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength), { exporter, isStream }, atMs);
    return exporter;
  };
  return { rows, decoder, feed };
};

const onlyDomain = (exporter: Exporter): Domain => [...exporter.domains.values()][0] as Domain;

const flow5 = { src: '10.0.0.1', dst: '10.0.0.2', srcPort: 1234, dstPort: 80, packets: 3, octets: 180, first: 98_500, last: 99_000 };

describe('NetFlow v5', () => {
  test('fills the columns of a flow', () => {
    const { rows, feed } = start();
    feed(netflow5({ sampling: 0x4000 | 100 }, [flow5]));
    expect(rows.rows()).toEqual([
      {
        time: 1_699_999_998n,
        duration: 0n,
        src_comp: '10.0.0.1',
        src_port: '1234',
        dst_comp: '10.0.0.2',
        dst_port: '80',
        protocol: 6,
        packet_count: 3n,
        byte_count: 180n,
        start_time: 1_699_999_998_500_000_000n,
        end_time: 1_699_999_999_000_000_000n,
        ip_version: 4,
        src_addr_hi: 0n,
        src_addr_lo: 0xffff_0a00_0001n,
        dst_addr_hi: 0n,
        dst_addr_lo: 0xffff_0a00_0002n,
        src_port_num: 1234,
        dst_port_num: 80,
        tcp_flags: 0x1b,
        tos: 0,
        in_if: 1,
        out_if: 2,
        src_as: 65_001,
        dst_as: 65_002,
        exporter: '192.0.2.9',
        sampling_rate: 100,
        tunnel_depth: 0,
        flags: 0,
      },
    ]);
  });

  test('takes nothing of a datagram whose count is wrong', () => {
    const { rows, feed } = start();
    const datagram = netflow5({}, [flow5]);
    datagram[3] = 31;
    const exporter = feed(datagram);
    expect([rows.count, exporter.faults]).toEqual([0, { count: 1 }]);
  });

  test('reads datagrams that are glued together', () => {
    const { rows, feed } = start();
    feed(join(netflow5({ sequence: 0 }, [flow5, flow5]), netflow5({ sequence: 2 }, [flow5])));
    expect(rows.count).toBe(3);
  });

  test('counts missing flows by their numbers', () => {
    const { feed } = start();
    feed(netflow5({ sequence: 10 }, [flow5]));
    const { counters } = onlyDomain(feed(netflow5({ sequence: 15 }, [flow5])));
    expect([counters.lost, counters.gaps]).toEqual([4, 1]);
  });

  test('knows that the uptime wraps after 49.7 days', () => {
    const { rows, feed } = start();
    feed(netflow5({ uptimeMs: 1000 }, [{ ...flow5, first: 2 ** 32 - 4000, last: 500 }]));
    expect(rows.rows()[0]).toMatchObject({ start_time: 1_699_999_995_000_000_000n, end_time: 1_699_999_999_500_000_000n, duration: 4n });
  });
});

const flowOf = (seed: number) => set(256, commonRecord(seed));
const common = set(0, template(256, commonFields));
const common10 = set(2, template(256, commonFields));

describe('templates', () => {
  test('keeps records that come before their template, and reads them when it comes', () => {
    const { rows, feed } = start();
    feed(netflow9({ sequence: 1 }, flowOf(1), flowOf(2)));
    expect(rows.count).toBe(0);
    const { counters, waiting } = onlyDomain(feed(netflow9({ sequence: 2, unix: 1_700_009_000, uptimeMs: 9_100_000 }, common)));
    expect([rows.count, counters.late, counters.flows, waiting.length]).toEqual([2, 2, 2, 0]);
    // Their times are those of the header that they came under.
    expect(rows.rows()[0]).toMatchObject({ time: 1_699_999_980n });
  });

  test('gives up what waits too long, or is too much', () => {
    const { decoder, feed } = start({ limits: { ...decoderLimits, waitingSets: 2 } });
    for (let i = 0; i < 5; i++) feed(netflow9({ sequence: i }, flowOf(i)));
    const domain = onlyDomain(feed(netflow9({ sequence: 5 })));
    expect([domain.waiting.length, domain.counters.expired]).toEqual([2, 3]);
    decoder.tick(nowMs + 61_000);
    expect([domain.waiting.length, domain.counters.expired, domain.waitingOctets]).toEqual([0, 5, 0]);
  });

  test('never uses the template of another domain, exporter or version', () => {
    const { rows, feed } = start();
    feed(netflow9({ domain: 1 }, common));
    feed(netflow9({ domain: 2 }, flowOf(1)));
    feed(netflow9({ domain: 1 }, flowOf(1)), { from: '192.0.2.10' });
    feed(ipfix({ domain: 1 }, flowOf(1)));
    expect(rows.count).toBe(0);
  });

  test('replaces a template that changes at once', () => {
    const { rows, feed } = start();
    feed(netflow9({}, common, flowOf(1)));
    const fields: BuiltField[] = [
      [8, 4],
      [12, 4],
      [2, 8],
      [1, 8],
    ];
    feed(
      netflow9(
        { sequence: 1 },
        set(0, template(256, fields)),
        set(256, record(fields, [ipv4('10.9.9.9'), ipv4('10.8.8.8'), 7, 2n ** 63n])),
      ),
    );
    expect(rows.rows()[1]).toMatchObject({ src_comp: '10.9.9.9', packet_count: 7n, byte_count: 2n ** 63n, protocol: 0, src_port: '0' });
  });

  test('refuses more templates than the limit, and goes on with those it knows', () => {
    const { rows, feed } = start({ limits: { ...decoderLimits, templates: 10 } });
    feed(netflow9({}, common));
    let exporter: Exporter | undefined;
    for (let id = 300; id < 400; id++) exporter = feed(netflow9({}, set(0, template(id, commonFields))));
    feed(netflow9({}, flowOf(1)));
    expect([exporter?.faults.limit, rows.count]).toEqual([91, 1]);
  });

  test('forgets templates that are neither used nor announced, and not the others', () => {
    const { decoder, feed } = start();
    const exporter = feed(netflow9({}, common, set(0, template(257, commonFields))));
    const later = nowMs + decoderLimits.templateMs - 1000;
    feed(netflow9({}, flowOf(1)), { atMs: later });
    decoder.tick(later + 2000);
    expect([...onlyDomain(exporter).templates.keys()]).toEqual([256]);
  });

  test('ignores a withdrawal over UDP and follows one over TCP', () => {
    const { feed } = start();
    const withdrawal = set(2, join(number(256, 2), number(0, 2)));
    expect(onlyDomain(feed(ipfix({}, common10, withdrawal))).templates.size).toBe(1);
    expect(onlyDomain(feed(ipfix({}, common10, withdrawal), { from: '192.0.2.10', isStream: true })).templates.size).toBe(0);
  });

  test.each([
    ['a set that is longer than the datagram', join(number(256, 2), number(400, 2))],
    ['a set shorter than its header', join(number(256, 2), number(3, 2))],
    ['a template whose fields are cut', set(0, join(number(300, 2), number(200, 2), number(8, 2)))],
    ['a template with 65535 fields', set(0, join(number(300, 2), number(65_535, 2)))],
    ['an options template of endless scope', set(1, join(number(300, 2), number(65_535, 2), number(65_535, 2)))],
  ])('stops at %s', (_what, bad) => {
    const { feed } = start();
    const exporter = feed(netflow9({}, common, bad));
    expect(Object.values(exporter.faults)).toEqual([1]);
    expect([...onlyDomain(exporter).templates.keys()]).toEqual([256]);
  });

  test('does not loop over records of no length', () => {
    const { rows, feed } = start();
    feed(
      netflow9(
        {},
        set(
          0,
          template(256, [
            [8, 0],
            [2, 0],
          ]),
        ),
        set(256, new Uint8Array(40)),
      ),
    );
    expect(rows.count).toBe(0);
  });

  test('takes padding, and a tail of zeros, for what they are', () => {
    const { rows, feed } = start();
    const exporter = feed(join(netflow9({}, common, set(256, commonRecord(1), 3)), new Uint8Array(900)));
    expect([rows.count, exporter.faults]).toEqual([1, {}]);
  });
});

describe('fields', () => {
  const decodeOne = (fields: readonly BuiltField[], values: (number | bigint | Uint8Array)[], options: DecoderOptions = {}) => {
    const { rows, feed } = start(options);
    feed(ipfix({ unix: 1_700_000_000 }, set(2, template(256, fields)), set(256, record(fields, values))));
    return rows.rows()[0];
  };

  test.each([
    [
      'milliseconds',
      [
        [152, 8],
        [153, 8],
        [2, 4],
      ],
      [1_600_000_000_123n, 1_600_000_002_456n, 1],
      1_600_000_000_123_000_000n,
      1_600_000_002_456_000_000n,
    ],
    [
      'seconds',
      [
        [150, 4],
        [151, 4],
        [2, 4],
      ],
      [1_600_000_000, 1_600_000_007, 1],
      1_600_000_000_000_000_000n,
      1_600_000_007_000_000_000n,
    ],
    [
      'NTP fractions',
      [
        [156, 8],
        [157, 8],
        [2, 4],
      ],
      [(3_808_988_800n << 32n) | 0x8000_0000n, 3_808_988_801n << 32n, 1],
      1_600_000_000_500_000_000n,
      1_600_000_001_000_000_000n,
    ],
    [
      'microseconds before the export',
      [
        [158, 4],
        [159, 4],
        [2, 4],
      ],
      [2_500_000, 500_000, 1],
      1_699_999_997_500_000_000n,
      1_699_999_999_500_000_000n,
    ],
    [
      'uptime and the start of the exporter',
      [
        [22, 4],
        [21, 4],
        [160, 8],
        [2, 4],
      ],
      [1000, 3000, 1_600_000_000_000n, 1],
      1_600_000_001_000_000_000n,
      1_600_000_003_000_000_000n,
    ],
    [
      'a start and a duration',
      [
        [152, 8],
        [161, 4],
        [2, 4],
      ],
      [1_600_000_000_900n, 1300, 1],
      1_600_000_000_900_000_000n,
      1_600_000_002_200_000_000n,
    ],
    [
      'an end and a duration',
      [
        [153, 8],
        [161, 4],
        [2, 4],
      ],
      [1_600_000_002_200n, 1300, 1],
      1_600_000_000_900_000_000n,
      1_600_000_002_200_000_000n,
    ],
    [
      'Unix milliseconds in place of the uptime',
      [
        [22, 8],
        [21, 8],
        [2, 4],
      ],
      [1_600_000_000_000n, 1_600_000_001_000n, 1],
      1_600_000_000_000_000_000n,
      1_600_000_001_000_000_000n,
    ],
  ] as [string, BuiltField[], (number | bigint)[], bigint, bigint][])('reads times as %s', (_what, fields, values, from, to) => {
    expect(decodeOne(fields, values)).toMatchObject({ start_time: from, end_time: to });
  });

  test('takes the export time where there is none, and says so', () => {
    expect(decodeOne([[2, 4]], [1])).toMatchObject({ time: 1_700_000_000n, flags: 8, src_comp: '0.0.0.0' });
  });

  test('guesses the start of an exporter that does not tell it, and says so', () => {
    expect(
      decodeOne(
        [
          [22, 4],
          [21, 4],
          [2, 4],
        ],
        [1000, 5000, 1],
      ),
    ).toMatchObject({ time: 1_699_999_996n, duration: 4n, flags: 8 });
  });

  test('reads counters of any length', () => {
    expect(
      decodeOne(
        [
          [1, 3],
          [2, 1],
        ],
        [0x123456, 9],
      ),
    ).toMatchObject({ byte_count: 0x123456n, packet_count: 9n });
    expect(
      decodeOne(
        [
          [1, 7],
          [2, 5],
        ],
        [0x12_3456_789a_bcden, 0x12_3456_789an],
      ),
    ).toMatchObject({
      byte_count: 0x12_3456_789a_bcden,
      packet_count: 0x12_3456_789an,
    });
  });

  test('prefers deltas to totals, and takes the counters of firewalls', () => {
    expect(
      decodeOne(
        [
          [85, 8],
          [86, 8],
          [1, 4],
          [2, 4],
        ],
        [1000, 10, 5, 1],
      ),
    ).toMatchObject({ byte_count: 5n, packet_count: 1n });
    const initiator = decodeOne(
      [
        [231, 4],
        [232, 4],
        [298, 4],
        [299, 4],
      ],
      [100, 200, 1, 2],
    );
    expect(initiator).toMatchObject({ byte_count: 100n, rev_byte_count: 200n, packet_count: 1n, rev_packet_count: 2n });
  });

  test('takes reverse elements as the other direction', () => {
    const row = decodeOne(
      [
        [1, 8],
        [2, 8],
        [1, 8, 29_305],
        [2, 8, 29_305],
        [6, 1, 29_305],
      ],
      [100, 1, 300, 3, 0x12],
    );
    expect(row).toMatchObject({ byte_count: 100n, rev_byte_count: 300n, rev_packet_count: 3n, rev_tcp_flags: 0x12 });
  });

  test('reads the counters of the way out by the setting', () => {
    const fields: BuiltField[] = [
      [1, 4],
      [2, 4],
      [23, 4],
      [24, 4],
    ];
    expect(decodeOne(fields, [10, 1, 20, 2])).not.toHaveProperty('rev_byte_count');
    expect(decodeOne(fields, [10, 1, 20, 2], { outCounters: 'reverse' })).toMatchObject({ byte_count: 10n, rev_byte_count: 20n });
    expect(
      decodeOne(
        [
          [23, 4],
          [24, 4],
        ],
        [20, 2],
        { outCounters: 'reverse' },
      ),
    ).toMatchObject({ byte_count: 20n, packet_count: 2n });
  });

  test.each([
    [
      [
        [4, 1],
        [32, 2],
      ],
      [1, 0x0301],
      3,
      1,
      '769',
    ],
    [
      [
        [4, 1],
        [176, 1],
        [177, 1],
      ],
      [1, 8, 0],
      8,
      0,
      '2048',
    ],
    [
      [
        [4, 1],
        [11, 2],
      ],
      [1, 771],
      3,
      3,
      '771',
    ],
    [
      [
        [4, 1],
        [178, 1],
        [179, 1],
      ],
      [58, 128, 0],
      128,
      0,
      '32768',
    ],
  ] as [BuiltField[], number[], number, number, string][])('reads ICMP from %j', (fields, values, type, code, port) => {
    const row = decodeOne([...fields, [2, 1]], [...values, 1]);
    expect(row).toMatchObject({ icmp_type: type, icmp_code: code, dst_port: port, src_port: '0' });
    expect(row).not.toHaveProperty('dst_port_num');
  });

  test('reads IPv6, next hops, VLANs, labels, and on which side of the router it was', () => {
    const address = (last: number) => join(ipv4('32.1.13.184'), new Uint8Array(11), [last]);
    const fields: BuiltField[] = [
      [27, 16],
      [28, 16],
      [62, 16],
      [58, 2],
      [70, 3],
      [31, 4],
      [61, 1],
      [2, 1],
    ];
    const row = decodeOne(fields, [address(1), address(2), address(3), 0x2064, 0x12345_1, 77, 1, 1]);
    expect(row).toMatchObject({
      ip_version: 6,
      src_comp: '2001:db8::1',
      dst_comp: '2001:db8::2',
      next_hop: '2001:db8::3',
      vlan_id: 100,
      mpls_label: 0x12345,
      flow_label: 77,
      flags: 8 | 128,
    });
  });

  test('chooses the version where a template has addresses of both', () => {
    const fields: BuiltField[] = [
      [8, 4],
      [12, 4],
      [27, 16],
      [28, 16],
      [2, 1],
    ];
    const v6 = join(ipv4('32.1.13.184'), new Uint8Array(12));
    expect(decodeOne(fields, [ipv4('0.0.0.0'), ipv4('0.0.0.0'), v6, v6, 1])).toMatchObject({ ip_version: 6, src_comp: '2001:db8::' });
    expect(decodeOne(fields, [ipv4('10.0.0.1'), ipv4('10.0.0.2'), new Uint8Array(16), new Uint8Array(16), 1])).toMatchObject({
      ip_version: 4,
    });
  });

  test('keeps Ethernet addresses only when asked for', () => {
    const fields: BuiltField[] = [
      [56, 6],
      [80, 6],
      [2, 1],
    ];
    const values = [0x0123_4567_89abn, 0xfedc_ba98_7654n, 1];
    expect(decodeOne(fields, values)).not.toHaveProperty('src_mac');
    expect(decodeOne(fields, values, { macs: true })).toMatchObject({ src_mac: 0x0123_4567_89abn, dst_mac: 0xfedc_ba98_7654n });
  });

  test('reads what stands behind fields of variable length', () => {
    const fields: BuiltField[] = [
      [8, 4],
      [82, 65_535],
      [12, 4],
      [371, 65_535],
      [1, 4],
      [2, 4],
    ];
    const { rows, feed } = start();
    const long = new Uint8Array(300).fill(0x61);
    const records = [
      record(fields, [ipv4('10.0.0.1'), Uint8Array.from([0x65]), ipv4('10.0.0.2'), long, 100, 1]),
      record(fields, [ipv4('10.0.0.3'), new Uint8Array(0), ipv4('10.0.0.4'), new Uint8Array(0), 200, 2]),
    ];
    feed(ipfix({}, set(2, template(256, fields)), set(256, join(...records), 2)));
    expect(rows.rows().map((row) => [row.src_comp, row.dst_comp, row.byte_count])).toEqual([
      ['10.0.0.1', '10.0.0.2', 100n],
      ['10.0.0.3', '10.0.0.4', 200n],
    ]);
  });

  test('stops at a variable length that leaves the set', () => {
    const fields: BuiltField[] = [
      [8, 4],
      [82, 65_535],
      [2, 1],
    ];
    const { rows, feed } = start();
    const bad = join(ipv4('10.0.0.1'), [255], number(5000, 2), [0, 0]);
    const exporter = feed(ipfix({}, set(2, template(256, fields)), set(256, bad)));
    expect([rows.count, exporter.faults]).toEqual([0, { set: 1 }]);
  });

  test('fills columns from elements of enterprises by a mapping', () => {
    const elements = new Map(knownElements);
    elements.set(elementKey(35_632, 87), [{ slot: slot.roundTrip, rank: -1 }]);
    expect(
      decodeOne(
        [
          [87, 4, 35_632],
          [2, 1],
        ],
        [1234, 1],
        { elements },
      ),
    ).toMatchObject({ rtt_us: 1234 });
  });

  test('keeps records without packets and octets apart from flows', () => {
    const { rows, feed } = start();
    const nat: BuiltField[] = [
      [8, 4],
      [225, 4],
      [230, 1],
    ];
    const exporter = feed(ipfix({}, set(2, template(256, nat)), set(256, record(nat, [ipv4('10.0.0.1'), ipv4('192.0.2.1'), 1]))));
    expect([rows.count, onlyDomain(exporter).counters.events]).toEqual([0, 1]);
  });

  test('opens pieces of packets', () => {
    const packet = join(
      [0x45, 0, 0, 60, 0, 0, 0, 0, 64, 17, 0, 0],
      ipv4('10.0.0.1'),
      ipv4('10.0.0.2'),
      number(53, 2),
      number(4000, 2),
      number(40, 2),
      [0, 0],
    );
    const fields: BuiltField[] = [
      [313, 28],
      [305, 4],
      [306, 4],
    ];
    const row = decodeOne(fields, [packet, 1, 999]);
    expect(row).toMatchObject({
      src_comp: '10.0.0.1',
      src_port: '53',
      byte_count: 60n,
      packet_count: 1n,
      sampling_rate: 1000,
      protocol: 17,
    });
  });
});

describe('sampling', () => {
  const fields: BuiltField[] = [
    [8, 4],
    [12, 4],
    [2, 4],
    [48, 1],
  ];
  const flow = (sampler: number) => set(256, record(fields, [ipv4('10.0.0.1'), ipv4('10.0.0.2'), 3, sampler]));
  const flowTemplate = set(0, template(256, fields));
  const options: BuiltField[] = [
    [1, 4],
    [48, 1],
    [50, 4],
  ];
  const sampler = (id: number, rate: number) => set(257, record(options, [0, id, rate]));

  test('joins the sampler of a record with the rate that options tell; counters stay raw', () => {
    const { rows, feed } = start();
    feed(netflow9({}, set(1, optionsTemplate9(257, 1, options)), sampler(1, 100), sampler(2, 2000)));
    feed(netflow9({ sequence: 1 }, flowTemplate, flow(1), flow(2), flow(3)));
    expect(rows.rows().map((row) => [row.sampling_rate, row.packet_count, row.flags])).toEqual([
      [100, 3n, 8],
      [2000, 3n, 8],
      [1, 3n, 8 | 16],
    ]);
  });

  test('takes one rate for all where options tell no sampler, and the setting where they tell nothing', () => {
    const plain: BuiltField[] = [
      [149, 4],
      [305, 4],
      [306, 4],
    ];
    const { rows, feed } = start({ sampling: 64 });
    feed(ipfix({}, common10, flowOf(1)));
    feed(ipfix({ sequence: 1 }, set(3, optionsTemplate10(257, 1, plain)), set(257, record(plain, [0, 1, 511]))));
    feed(ipfix({ sequence: 2 }, flowOf(2)));
    expect(rows.rows().map((row) => row.sampling_rate)).toEqual([64, 512]);
  });
});

describe('sequences', () => {
  test('counts datagrams of v9 and records of IPFIX', () => {
    const { feed } = start();
    feed(netflow9({ sequence: 5 }, common, flowOf(1), flowOf(2)));
    const v9 = onlyDomain(feed(netflow9({ sequence: 8 }, flowOf(3))));
    expect(v9.counters).toMatchObject({ lost: 2, gaps: 1 });
    feed(ipfix({ sequence: 100 }, common10, flowOf(1), flowOf(2)), { from: '192.0.2.10' });
    const ten = onlyDomain(feed(ipfix({ sequence: 105 }, flowOf(3)), { from: '192.0.2.10' }));
    expect(ten.counters).toMatchObject({ lost: 3, gaps: 1 });
  });

  test('wraps at 2^32', () => {
    const { feed } = start();
    feed(netflow9({ sequence: 2 ** 32 - 1 }));
    expect(onlyDomain(feed(netflow9({ sequence: 0 }))).counters.lost).toBe(0);
  });

  test('takes back what was only reordered', () => {
    const { feed } = start();
    for (const sequence of [1, 3, 2, 4]) feed(netflow9({ sequence }));
    expect(onlyDomain(feed(netflow9({ sequence: 5 }))).counters).toMatchObject({ lost: 0, reordered: 1, restarts: 0 });
  });

  test('knows a restart by the uptime, and keeps the templates as stale', () => {
    const { rows, feed } = start();
    feed(netflow9({ sequence: 1000, uptimeMs: 5_000_000 }, common));
    const domain = onlyDomain(feed(netflow9({ sequence: 0, uptimeMs: 1000 }, flowOf(1))));
    expect(domain.counters).toMatchObject({ restarts: 1, lost: 0 });
    expect([rows.count, domain.templates.get(256)?.isStale]).toEqual([1, true]);
    feed(netflow9({ sequence: 1, uptimeMs: 2000 }, common));
    expect(domain.templates.get(256)?.isStale).toBe(false);
  });

  test('does not count what waits for its template as lost', () => {
    const { feed } = start();
    feed(ipfix({ sequence: 10 }, flowOf(1)));
    expect(onlyDomain(feed(ipfix({ sequence: 11 }, flowOf(1)))).counters.lost).toBe(0);
  });
});

test('refuses what is none of its versions', () => {
  const { feed } = start();
  feed(new Uint8Array(3));
  feed(new Uint8Array(100).fill(7));
  expect(feed(ipfix({}).subarray(0, 15)).faults).toEqual({ short: 2, version: 1 });
});

test('keeps no more exporters than the limit', () => {
  const { decoder } = start({ limits: { ...decoderLimits, exporters: 2 } });
  expect(['a', 'b', 'c', 'a'].map((name) => decoder.exporter(name, name)?.name)).toEqual(['a', 'b', undefined, 'a']);
  expect(decoder.strangers).toBe(1);
});

test('fills batches to the last row and goes on in the next', () => {
  const { rows, feed } = start();
  feed(netflow9({}, common));
  const many = set(256, join(...Array.from({ length: 25 }, (_, at) => commonRecord(at))));
  for (let i = 0; i < 700; i++) feed(netflow9({ sequence: i + 1 }, many));
  const all = rows.rows();
  expect(all.length).toBe(17_500);
  expect(new Set(all.map((row) => row.exporter))).toEqual(new Set(['192.0.2.9']));
  expect(new Set(all.map((row) => row.next_hop))).toEqual(new Set(['192.0.2.1']));
  expect(all.filter((_, at) => at % 25 === 24).every((row) => row.src_comp === '10.0.0.24')).toBe(true);
});
