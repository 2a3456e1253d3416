import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../core/problem.ts';
import { octets, udpFrame } from './frame-builder.ts';
import { CaptureReader } from './reader.ts';
import { type CaptureWriterOptions, createCaptureWriter } from './writer.ts';

type Seen = {
  seconds: number;
  nanos: number;
  captured: number;
  original: number;
  flags: number;
  linkType: number;
  index: number;
  bytes: string;
};

/** Reads `file` in pieces of `length` octets whose memory is overwritten afterwards; a fault ends it and is told. `areInPlace` tells whether all frames lay in the memory of a piece. */
function read(file: Uint8Array, length = file.length, headroom = 0) {
  const seen: Seen[] = [];
  const memories = new Set<ArrayBufferLike>();
  const views = new Set<ArrayBufferLike>();
  const reader = new CaptureReader({
    frame(view, offset, packet, link) {
      const { seconds, nanos, captured, original, flags, interfaceIndex: index } = packet;
      const bytes = Buffer.from(view.buffer, view.byteOffset + offset, captured).toString('hex');
      views.add(view.buffer);
      seen.push({ seconds, nanos, captured, original, flags, linkType: link.linkType, index, bytes });
    },
  });
  let fault: Problem | undefined;
  try {
    for (let at = 0; at < file.length; at += length) {
      const octets = file.subarray(at, at + length);
      const memory = new Uint8Array(headroom + octets.length);
      memory.set(octets, headroom);
      memories.add(memory.buffer);
      reader.push(memory.subarray(headroom), headroom);
      memory.fill(0xdd);
    }
    reader.end();
  } catch (error) {
    fault = error as Problem;
  }
  return { seen, reader, fault, areInPlace: [...views].every((view) => memories.has(view)) };
}

function write(
  options: CaptureWriterOptions,
  packets: [seconds: number, nanos: number, frame: Uint8Array, original?: number][],
): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = createCaptureWriter(options, (block) => blocks.push(block));
  for (const packet of packets) writer.write(...packet);
  writer.end();
  return Buffer.concat(blocks);
}

/** A classic file with one header and the given records, in any of the variants. */
function classic(
  variant: { little: boolean; magic: number; version?: [number, number]; link?: number; snap?: number; extra?: number },
  records: number[][],
) {
  const { little, magic, version = [2, 4], link = 1, snap = 262_144, extra = 0 } = variant;
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, magic, little);
  view.setUint16(4, version[0], little);
  view.setUint16(6, version[1], little);
  view.setUint32(16, snap, little);
  view.setUint32(20, link, little);
  const parts = [new Uint8Array(view.buffer)];
  for (const [seconds, fraction, captured, original, present = captured] of records) {
    const record = new DataView(new ArrayBuffer(16 + extra + (present as number)));
    [seconds, fraction, captured, original].forEach((value, index) => {
      record.setUint32(index * 4, value as number, little);
    });
    parts.push(new Uint8Array(record.buffer));
  }
  return octets(...parts);
}

const frame = udpFrame();
const small = write({ linkType: 1 }, [
  [1_700_000_000, 1, frame],
  [1_700_000_001, 999_999_999, frame.subarray(0, 20), frame.length],
  [4_294_967_295, 0, new Uint8Array(0), 100],
]);

describe('classic pcap', () => {
  test('what the writer wrote is read back', () => {
    const { seen, reader, fault } = read(small);
    expect(fault).toBeUndefined();
    expect(seen.map(({ seconds, nanos, captured, original }) => [seconds, nanos, captured, original])).toEqual([
      [1_700_000_000, 1, 47, 47],
      [1_700_000_001, 999_999_999, 20, 47],
      [4_294_967_295, 0, 0, 100],
    ]);
    expect(seen[0]?.bytes).toBe(Buffer.from(frame).toString('hex'));
    expect(reader).toMatchObject({ kind: 'pcap', packets: 3, octets: small.length, byteOrder: 'little', dropped: 0 });
    expect(reader.interfaces[0]).toMatchObject({ linkType: 1, snapLength: 262_144, ticksPerSecond: 1_000_000_000n, packets: 3 });
  });

  test('any packets, any precision, any pieces', () => {
    const packet = fc.tuple(fc.nat(0xffffffff), fc.nat(999_999_999), fc.uint8Array({ maxLength: 300 }), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), fc.boolean(), fc.integer({ min: 1, max: 700 }), (packets, isNano, length) => {
        const precision = isNano ? 'nano' : 'micro';
        const file = write(
          { linkType: 101, precision },
          packets.map(([seconds, nanos, bytes, more]) => [seconds, nanos, bytes, bytes.length + more]),
        );
        const { seen, fault } = read(file, length);
        expect(fault).toBeUndefined();
        expect(seen).toEqual(
          packets.map(([seconds, nanos, bytes, more]) => ({
            seconds,
            nanos: isNano ? nanos : nanos - (nanos % 1000),
            captured: bytes.length,
            original: bytes.length + more,
            flags: 0,
            linkType: 101,
            index: 0,
            bytes: Buffer.from(bytes).toString('hex'),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('the writer cuts at its snap length and crosses its blocks', () => {
    const long = new Uint8Array(200_000).fill(7);
    const file = write(
      { linkType: 1, snapLength: 150_000 },
      Array.from({ length: 20 }, (_, at) => [at, 0, long]),
    );
    const { seen, reader } = read(file, 65_537);
    expect(reader.packets).toBe(20);
    expect(seen.every((packet) => packet.captured === 150_000 && packet.original === 200_000)).toBe(true);
  });

  test.each([
    ['little, micro', { little: true, magic: 0xa1b2c3d4 }, 5000],
    ['big, micro', { little: false, magic: 0xa1b2c3d4 }, 5000],
    ['little, nano', { little: true, magic: 0xa1b23c4d }, 5],
    ['big, nano', { little: false, magic: 0xa1b23c4d }, 5],
    ['little, modified', { little: true, magic: 0xa1b2cd34, extra: 8 }, 5000],
    ['big, modified', { little: false, magic: 0xa1b2cd34, extra: 8 }, 5000],
  ])('%s', (_name, variant, nanos) => {
    const { seen, reader, fault } = read(
      classic(variant, [
        [7, 5, 60, 1500],
        [0x90000000, 6, 10, 10],
      ]),
      11,
    );
    expect(fault).toBeUndefined();
    expect(seen).toMatchObject([
      { seconds: 7, nanos, captured: 60, original: 1500 },
      { seconds: 0x90000000, captured: 10, original: 10 },
    ]);
    expect(reader.byteOrder).toBe(variant.little ? 'little' : 'big');
  });

  const little = { little: true, magic: 0xa1b2c3d4 };
  test('files before 2.3 hold the lengths the other way round, 2.3 either way', () => {
    expect(read(classic({ ...little, version: [2, 2] }, [[7, 5, 1500, 60, 60]])).seen).toMatchObject([{ captured: 60, original: 1500 }]);
    expect(read(classic({ ...little, version: [2, 3] }, [[7, 5, 1500, 60, 60]])).seen).toMatchObject([{ captured: 60, original: 1500 }]);
    expect(read(classic({ ...little, version: [2, 3] }, [[7, 5, 60, 1500]])).seen).toMatchObject([{ captured: 60, original: 1500 }]);
  });

  test('a fraction of a second or more is carried', () => {
    const { seen, reader } = read(classic(little, [[7, 2_500_000, 4, 4]]));
    expect(seen).toMatchObject([{ seconds: 9, nanos: 500_000_000, flags: 8 }]);
    expect(reader.warnings.count('fraction_out_of_rule')).toBe(1);
  });

  test('more captured than original: what is there counts', () => {
    const { seen, reader } = read(classic(little, [[7, 0, 40, 30]]));
    expect(seen).toMatchObject([{ captured: 40, original: 40 }]);
    expect(reader.warnings.list()).toMatchObject([{ reason: 'captured_exceeds_original', count: 1, firstOffset: 24, firstPacket: 1 }]);
  });

  test('remarks say how often, where, and which link type nobody knows', () => {
    const odd = [7, 0, 40, 30];
    expect(read(classic(little, [odd])).reader.remarks).toEqual([
      'a packet holds more octets than were on the wire; the held ones count (at offset 24, packet 1)',
    ]);
    expect(read(classic({ ...little, link: 160 }, [odd, odd])).reader.remarks).toEqual([
      'a packet holds more octets than were on the wire; the held ones count (2 times, first at offset 24, packet 1)',
      'link type 160 is not known: the 2 packets of its interface cannot be opened',
    ]);
    expect(read(classic({ ...little, link: 160 }, [])).reader.remarks).toEqual([]);
  });

  test('the frame check sequence that the link field announces', () => {
    const { reader } = read(classic({ ...little, link: 0x2400_0001 }, []));
    expect(reader.interfaces[0]).toMatchObject({ linkType: 1, fcsOctets: 4 });
  });

  test('a large snap length allows records up to 1 MiB, not beyond', () => {
    expect(read(classic({ ...little, snap: 0x7fffffff }, [[7, 0, 1_048_576, 1_048_576]])).reader.packets).toBe(1);
    expect(read(classic({ ...little, snap: 0x7fffffff }, [[7, 0, 1_048_577, 1_048_577]])).fault?.facts).toEqual({ offset: 24, packet: 1 });
  });

  test('corruption delivers what was before it, and tells packet and offset', () => {
    const good = classic(little, [
      [1, 0, 4, 4],
      [2, 0, 4, 4],
    ]);
    const { seen, reader, fault } = read(octets(good, classic(little, [[3, 0, 300_000, 4, 4]]).subarray(24)), 7);
    expect(seen.length).toBe(2);
    expect(fault).toMatchObject({ code: 'unprocessable', facts: { offset: 64, packet: 3 } });
    expect(fault?.title).toBe('The capture is corrupt at packet 3, offset 64');
    expect(fault?.detail).toContain('300000');
    expect(fault?.hint).toContain('--keep-good keeps the 2 packets');
    reader.push(good);
    reader.end();
    expect([reader.packets, reader.warnings.list()]).toEqual([2, []]);
  });

  test.each([
    ['version 1', classic({ ...little, version: [1, 4] }, []), 'version 1.4'],
    ['reserved bits in the link field', classic({ ...little, link: 0x0030_0001 }, []), '0x300001'],
    ['nothing', new Uint8Array(0), 'empty'],
    ['two octets', octets('d4c3'), 'after 2 octets'],
    ['half a header', octets('d4c3b2a1 02000400'), 'after 8 octets'],
    ['text', Buffer.from('1,0,C1,N1,C2,N2,6,1,40\n'), '312c302c'],
  ])('refuses %s', (_name, file, detail) => {
    const { fault, seen } = read(file);
    expect(fault).toMatchObject({ code: 'unprocessable', title: 'This file cannot be read as a capture' });
    expect(fault?.detail).toContain(detail);
    expect(seen).toEqual([]);
  });
});

test('a file cut at any octet gives all whole packets and one warning', () => {
  const ends = [24, 24 + 16 + 47, 24 + 16 + 47 + 16 + 20, small.length];
  const whole = read(small).seen;
  for (let cut = 24; cut <= small.length; cut++) {
    const { seen, reader, fault } = read(small.subarray(0, cut), 13);
    expect(fault).toBeUndefined();
    expect(seen).toEqual(whole.slice(0, ends.filter((end) => end <= cut).length - 1));
    expect(reader.warnings.count('cut')).toBe(ends.includes(cut) ? 0 : 1);
  }
});

test('pieces of any size give the same packets', () => {
  const whole = read(small).seen;
  for (let length = 1; length <= small.length; length++) expect(read(small, length).seen).toEqual(whole);
});

test('pieces with headroom in front give the same packets, each from the memory of a piece if there is room for its start', () => {
  const whole = read(small).seen;
  for (const headroom of [1, 16, 40, 4096]) {
    for (let length = 1; length <= small.length; length++) {
      const { seen, areInPlace } = read(small, length, headroom);
      expect(seen).toEqual(whole);
      const isLastLong = small.length % length === 0 || small.length % length >= 64;
      if (headroom >= 64 && length >= 64 && isLastLong) expect(areInPlace).toBe(true);
    }
  }
});
