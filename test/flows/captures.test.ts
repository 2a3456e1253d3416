/**
 * Captures through the whole of Weir: sent over HTTP, metered, stored, asked for again. Every packet of a file is in a flow
 * or counted as skipped, every octet of layer 3 is there, and flows are the conversations that tshark counts. Each of the
 * reference captures goes through reader, decoder and meter in `src/flows/meter/captures.test.ts`; here goes a choice of
 * them, one of each kind of file and link, or all with WEIR_TEST_ALL=1 (a minute or two).
 *
 * The files of this folder are the acceptance checks of flows: 1 to 5 here, 6 in hostile-uploads, 7 in lanl, 9 in stream and
 * stream-life, 10 in stream-life (at full size in `bench/`). Check 8, flow exports, belongs to the room that receives them.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { framesOf, type Layout, madeTraffic, pcapngOf, pcapOf } from './made-captures.ts';
import { hasReferenceData, needed, type Reference, readReference, referencePath, references } from './reference-data.ts';
import { type Import, RunningServer } from './running-server.ts';

let server: RunningServer;
beforeAll(async () => {
  server = await RunningServer.start();
});
afterAll(() => server.stop());

/** No time-outs: exactly one flow for each key. */
const wholeSessions = { active: 0, idle: 0, idle_udp: 0, idle_icmp: 0 };

const skippedOf = (record: Import): number => Object.values(record.skipped).reduce((sum, count) => sum + count, 0);
const flowsOf = async (id: number, filter: string): Promise<number> => (await server.summary(`source ${id} and (${filter})`)).flows;
const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** TCP and UDP conversations, as `tshark -z conv` counts them. */
const conversationsOf = (path: string): { tcp: number; udp: number } => {
  const { stdout } = spawnSync('tshark', ['-r', path, '-q', '-z', 'conv,tcp', '-z', 'conv,udp'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const [udp = '', tcp = ''] = stdout.split('TCP Conversations'); // the tables come in the reverse of the order asked for
  const count = (text: string): number => text.match(/<->/g)?.length ?? 0;
  return { tcp: count(tcp), udp: count(udp) };
};

describe('packets and octets', () => {
  test('every packet of a made capture is in a flow or skipped with a reason, every octet is there', async () => {
    const { frames, sums } = madeTraffic();
    const record = await server.imported(pcapOf(frames), wholeSessions);
    expect(record).toMatchObject({ format: 'pcap', packets: sums.packets, skipped: { non_ip: sums.skipped }, warnings: [] });
    expect(record.packets_metered + skippedOf(record)).toBe(sums.packets);
    expect(await server.summary(`source ${record.id}`)).toMatchObject({ packets: record.packets_metered, bytes: sums.octets });
    expect(await flowsOf(record.id, 'proto tcp')).toBe(sums.tcp);
    expect(await flowsOf(record.id, 'proto udp')).toBe(sums.udp);
  });

  /** Where the octets are others than those of the references, and why. */
  const exceptions: Record<string, { octets: number; reason: string }> = {
    'captures/zeek/trunc-ip4-trunc.pcap': { octets: -32, reason: 'a packet that is cut inside its IPv4 header is skipped, not metered' },
    'captures/tcpdump/ipv6_jumbogram_1.pcap': { octets: 65_536, reason: 'length field 0: inferred from the frame; the reference adds 40' },
    'captures/tcpdump/bigtcp-ipv6.pcap': { octets: 80_000, reason: 'length field 0: inferred from the frame; the reference adds 40' },
  };
  const chosen = [
    'captures/ndpi/alexa-app.pcapng',
    'captures/ndpi/dns_fragmented.pcap',
    'captures/ndpi/sctp.cap',
    'captures/ndpi/KakaoTalk_chat.pcap',
    'captures/ndpi/fuzz-2006-06-26-2594.pcap',
    'captures/zeek/echo-connections.pcap.gz',
    'captures/zeek/pppoe-over-qinq.pcap',
    'captures/zeek/llc.pcap',
    'captures/zeek/radiotap.pcap',
    'captures/tcpdump/empty.pcapng',
    'captures/tcpdump/time_2107.pcapng',
    'captures/libpcap/filter-ipv6_ext_headers.pcap',
    'captures/arkime/bigendian.pcap',
    'captures/arkime/arkime_synthetic.pcap',
    ...Object.keys(exceptions),
  ];
  const toImport: Reference[] = hasReferenceData
    ? references().filter(({ file }) => process.env.WEIR_TEST_ALL || chosen.includes(file))
    : [];

  test.skipIf(!hasReferenceData)(`packets and octets of ${toImport.length} real captures ${needed}`, { timeout: 300_000 }, async () => {
    for (const { file, packets, l3_octets } of toImport) {
      const record = await server.imported(readReference(file), { ...wholeSessions, name: file });
      const stored = await server.summary(`source ${record.id}`);
      expect({ file, packets: record.packets, octets: stored.bytes }).toEqual({
        file,
        packets,
        octets: l3_octets + (exceptions[file]?.octets ?? 0),
      });
      expect({ file, packets: record.packets_metered + skippedOf(record) }).toEqual({ file, packets });
      expect({ file, packets: stored.packets }).toEqual({ file, packets: record.packets_metered });
    }
  });

  test.skipIf(!hasReferenceData).each([
    ['pcap-invalid-version-1.pcap', /version/],
    ['pcapng-invalid-vers-1.pcapng', /version/],
    ['shb-option-too-long.pcapng', /begins with length 52/],
    ['linktype-reserved-field-not-zero.pcap', /reserved|link/],
  ])(`%s is refused, and says why ${needed}`, async (file, says) => {
    const { state, problem } = await server.import(readReference(`captures/libpcap/${file}`));
    expect(state).toBe('failed');
    expect(`${problem?.title} ${problem?.detail}`).toMatch(says);
    expect(problem?.facts ?? problem).toMatchObject({ offset: expect.any(Number) });
  });
});

describe('conversations', () => {
  test('a connection that is closed and opened again is one flow of its key without time-outs, two with them', async () => {
    const { frames } = madeTraffic(1);
    const again = frames.map((frame) => ({ ...frame, seconds: frame.seconds + 20 }));
    const once = await server.imported(pcapOf([...frames, ...again]), wholeSessions);
    expect(await flowsOf(once.id, 'proto tcp')).toBe(1);
    const twice = await server.imported(pcapOf([...frames, ...again]), { again: true });
    expect(await flowsOf(twice.id, 'proto tcp')).toBe(2);
  });

  test
    .skipIf(!hasReferenceData)
    .each([['captures/ndpi/synscan.pcap'], ['captures/zeek/llc.pcap'], ['captures/ndpi/netflix.pcap'], ['captures/ndpi/gnutella.pcap']])(
    `%s has the conversations of its references ${needed}`,
    async (file) => {
      const record = await server.imported(readReference(file), { ...wholeSessions, again: true });
      const counted = { tcp: await flowsOf(record.id, 'proto tcp'), udp: await flowsOf(record.id, 'proto udp') };
      const { tshark } = references().find((reference) => reference.file === file) as Reference;
      expect(counted).toEqual({ tcp: tshark?.tcp, udp: tshark?.udp });
    },
  );

  test
    .skipIf(!hasReferenceData || !isThere('tshark'))
    .each([['captures/zeek/wikipedia.pcap'], ['captures/ndpi/http_ipv6.pcap'], ['captures/arkime/single-packets.pcap']])(
    `%s has the conversations that tshark counts now [needs tshark and WEIR_TEST_DATA]`,
    async (file) => {
      const record = await server.imported(readReference(file), { ...wholeSessions, again: true });
      const counted = { tcp: await flowsOf(record.id, 'proto tcp'), udp: await flowsOf(record.id, 'proto udp') };
      expect(counted).toEqual(conversationsOf(referencePath(file)));
    },
  );
});

describe('one direction or both', () => {
  const inBoth = async (file: Buffer): Promise<void> => {
    const both = await server.imported(file, { again: true });
    const single = await server.imported(file, { uniflow: true, again: true });
    const [ofBoth, ofSingle] = [await server.summary(`source ${both.id}`), await server.summary(`source ${single.id}`)];
    expect({ packets: ofSingle.packets, bytes: ofSingle.bytes }).toEqual({ packets: ofBoth.packets, bytes: ofBoth.bytes });
    expect(ofSingle.flows).toBeGreaterThan(ofBoth.flows);
    const rows = await server.json<{ rev_packet_count: number | null }[]>('/api/v1/stream/flows', {
      filter: `source ${single.id}`,
      fields: 'rev_packet_count',
    });
    expect(new Set(rows.map((row) => row.rev_packet_count))).toEqual(new Set([null]));
  };

  test('both modes have the same sums', () => inBoth(pcapOf(madeTraffic().frames)));
  test.skipIf(!hasReferenceData)(`both modes have the same sums over real packets ${needed}`, () =>
    inBoth(readReference('captures/zeek/wikipedia.pcap')),
  );
});

describe('the same flows from', () => {
  const fields = [
    'time,duration,src_comp,src_port,dst_comp,dst_port,protocol,packet_count,byte_count,start_time,end_time',
    'rev_packet_count,rev_byte_count,rev_start_time,tcp_flags,rev_tcp_flags,ttl_min,end_reason,session_id,flow_part,rtt_us',
  ].join();
  const rowsOf = async (record: Import): Promise<string> =>
    server.text('/api/v1/stream/flows.csv', { filter: `source ${record.id}`, fields });
  const layouts: Layout[] = [
    { order: 'little', precision: 'micro' },
    { order: 'big', precision: 'nano' },
    { order: 'big', precision: 'micro' },
    { snapLength: 96 },
  ];
  /** Programs that compress as no library of Node does; skipped where they are missing. */
  const packed = (program: string, file: Buffer): Buffer | undefined =>
    isThere(program) ? spawnSync(program, ['-c'], { input: file, maxBuffer: 2 ** 28 }).stdout : undefined;

  /** Every other way to write these frames down. */
  const otherFiles = (file: Buffer): Map<string, Buffer> => {
    const frames = framesOf(file);
    const ng = pcapngOf(frames);
    const all = new Map<string, Buffer>();
    for (const layout of layouts) {
      all.set(`pcap ${JSON.stringify(layout)}`, pcapOf(frames, layout));
      all.set(`pcapng ${JSON.stringify(layout)}`, pcapngOf(frames, layout));
    }
    all.set('gzip', gzipSync(file)).set('zstd', zstdCompressSync(file)).set('pcapng in gzip', gzipSync(ng));
    const xz = packed('xz', file);
    if (xz !== undefined) all.set('xz', xz);
    return all;
  };

  const sameFlows = async (file: Buffer): Promise<void> => {
    const expected = await rowsOf(await server.imported(file, { again: true }));
    expect(expected.split('\n').length).toBeGreaterThan(10);
    for (const [name, other] of otherFiles(file)) {
      const rows = await rowsOf(await server.imported(other, { again: true, name }));
      expect(`${name}\n${rows}`).toBe(`${name}\n${expected}`);
    }
  };

  test('both byte orders, micro and nano, pcap and pcapng, plain and compressed, cut and whole', () =>
    sameFlows(pcapOf(madeTraffic().frames)));
  test.skipIf(!hasReferenceData)(`the same of real packets ${needed}`, () => sameFlows(readReference('captures/ndpi/http_ipv6.pcap')));

  test.skipIf(!isThere('editcap'))('files that editcap rewrote [needs editcap]', async () => {
    const file = pcapOf(madeTraffic().frames);
    const expected = await rowsOf(await server.imported(file, { again: true }));
    const [from, to] = [join(server.folder, 'whole.pcap'), join(server.folder, 'rewritten')];
    writeFileSync(from, file);
    for (const options of ['-F pcapng', '-F nsecpcap', '-F pcap', '-F pcapng -s 96']) {
      spawnSync('editcap', [...options.split(' '), from, to]);
      const rows = await rowsOf(await server.imported(readFileSync(to), { again: true }));
      expect(`${options}\n${rows}`).toBe(`${options}\n${expected}`);
    }
  });
});
