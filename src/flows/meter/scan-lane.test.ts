import { expect, test } from 'vitest';
import { writeCapture } from '../../../bench/capture-packets.ts';
import { createCaptureReader, createCaptureWriter, decode, type FrameSink, Packet, type RecordFormat } from '../../packets/index.ts';
import { kernelMemory } from './kernel/kernel.ts';
import { meterDefaults } from './options.ts';
import { line, lineMeta, PacketBlock, PacketPacker, unpack, wordsOfLine } from './packet-block.ts';
import { blocksAt, headroom, inputOf, ScanLane } from './scan-lane.ts';

const blockOctets = 65_536;

/** All packets of a capture as the meter would see them, and how many of them the lane took. */
const packetsOf = (capture: Uint8Array, hasLane: boolean): { lines: string[]; taken: number } => {
  const memory = kernelMemory(blocksAt + blockOctets);
  const block = new PacketBlock(memory.buffer, blocksAt, blockOctets);
  const packer = new PacketPacker(meterDefaults);
  const packet = new Packet();
  const lines: string[] = [];
  let taken = 0;
  const giver = {
    block,
    handOver() {
      for (let at = 0; at < block.length; at += wordsOfLine(block.words[at]!)) {
        unpack(block, at, packet);
        // MAC addresses are kept only where there is no lane.
        const { srcMac, dstMac, ...seen } = packet;
        lines.push(
          `${JSON.stringify(seen)} ${block.words[at]! & lineMeta.key} ${block.words[at + line.hash]} ${block.words[at + line.ports]}`,
        );
      }
      block.length = 0;
    },
  };
  const lane = (format: RecordFormat) => {
    const own = new ScanLane(memory, giver, !meterDefaults.uniflow, format);
    return {
      take(view: DataView, at: number, end: number) {
        const next = own.take(view, at, end);
        taken += own.taken;
        return next;
      },
      get taken() {
        return own.taken;
      },
    };
  };
  const sink: FrameSink = {
    frame(view, offset, read, link) {
      if (decode(link.linkType, view, offset, read) !== 0) return;
      if (!block.hasRoom) giver.handOver();
      packer.pack(read, block);
    },
    ...(hasLane ? { lane } : {}),
  };
  const reader = createCaptureReader(sink);
  const input = inputOf(memory);
  for (let at = 0; at < capture.length; at += input.length) {
    const piece = capture.subarray(at, at + input.length);
    input.set(piece);
    reader.push(input.subarray(0, piece.length), headroom);
  }
  reader.end();
  giver.handOver();
  expect(reader.packets).toBe(lines.length + skippedBy(capture));
  return { lines, taken };
};

/** Frames of a capture that are no packet. */
const skippedBy = (capture: Uint8Array): number => {
  let skipped = 0;
  const reader = createCaptureReader({
    frame(view, offset, packet, link) {
      if (decode(link.linkType, view, offset, packet) !== 0) skipped++;
    },
  });
  reader.push(capture);
  reader.end();
  return skipped;
};

const office = (packets: number): Uint8Array => {
  const blocks: Uint8Array[] = [];
  writeCapture({ packets, seconds: 60 }, (block) => blocks.push(block));
  return Buffer.concat(blocks);
};

const compare = (capture: Uint8Array): number => {
  const { lines, taken } = packetsOf(capture, true);
  expect(lines).toEqual(packetsOf(capture, false).lines);
  return taken;
};

test('gives the packets that the decoder gives, and takes nearly all of them', () => {
  expect(compare(office(5000))).toBeGreaterThan(4500);
});

test('gives the packets that the decoder gives, of headers that were changed at random', () => {
  const capture = office(3000);
  let random = 20_251;
  const next = (below: number): number => {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  const frames: Uint8Array[] = [];
  const reader = createCaptureReader({
    frame(view, offset, { captured }) {
      frames.push(Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset + offset, captured)));
    },
  });
  reader.push(capture);
  const made: Uint8Array[] = [];
  const writer = createCaptureWriter({ linkType: 1, precision: 'nano' }, (block) => made.push(block));
  for (const [at, frame] of frames.entries()) {
    const cut = next(4) === 0 ? frame.subarray(0, next(frame.length + 1)) : frame;
    const tag = next(5) === 0 ? Uint8Array.of(...cut.subarray(0, 12), 0x81, 0, next(256), next(256), ...cut.subarray(12)) : cut;
    for (let changes = next(3); changes > 0 && tag.length > 0; changes--) tag[next(Math.min(tag.length, 74))] = next(256);
    writer.write(1_735_689_600 + Math.floor(at / 100), next(1_000_000_000), tag);
  }
  writer.end();
  expect(compare(Buffer.concat(made))).toBeGreaterThan(500);
});
