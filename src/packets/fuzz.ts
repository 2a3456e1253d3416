import { crc32 } from 'node:zlib';
import { Problem } from '../core/problem.ts';
import { decode } from './decode.ts';
import { ethernet, ipv4, ipv6, octets, tcp, u16, udp, vlan } from './frame-builder.ts';
import { linkTypes } from './link.ts';
import { outcome, outcomes, Packet } from './packet.ts';
import { CaptureReader } from './reader.ts';
import { decodeInner } from './tunnel.ts';
import { createCaptureWriter } from './writer.ts';

/** What a run of `fuzzCaptures` saw; `seed` repeats it. */
export type FuzzReport = { seed: number; rounds: number; packets: number; refused: number };

/** Milliseconds that one small mutated file may take before it counts as a hang. */
const patienceMs = 2000;
const allLinks = Object.values(linkTypes);

/** Valid captures of both formats with headers of every kind inside: what mutation starts from. */
export const captureSeeds: readonly Uint8Array[] = buildSeeds();

/**
 * One round: any octets are a capture or a Problem. Reads them in pieces of an odd size, half of the frames as those of another link type,
 * and opens tunnels to the bottom. What it does follows from the octets alone. Throws an Error that tells what else was the case.
 */
export function fuzzCapture(file: Uint8Array): void {
  try {
    readThrough(file);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/**
 * Mutates `captureSeeds` and reads the result, `rounds` times. Throws an Error that names seed and round when anything but a Problem is
 * thrown, a figure is impossible, or a round takes longer than two seconds.
 */
export function fuzzCaptures(seed: number, rounds: number): FuzzReport {
  const random = createRandom(seed);
  const report: FuzzReport = { seed, rounds, packets: 0, refused: 0 };
  for (let round = 0; round < rounds; round++) {
    const file = mutate(captureSeeds[random(captureSeeds.length)] as Uint8Array, random);
    const start = performance.now();
    try {
      report.packets += readThrough(file);
    } catch (error) {
      if (!(error instanceof Problem)) throw new Error(`fuzzing packets failed: seed ${seed}, round ${round}`, { cause: error });
      report.refused++;
    }
    if (performance.now() - start > patienceMs) throw new Error(`fuzzing packets hung: seed ${seed}, round ${round}`);
  }
  return report;
}

function readThrough(file: Uint8Array): number {
  const random = createRandom(crc32(file));
  const scratch = Array.from({ length: 8 }, () => new Packet());
  const reader = new CaptureReader({
    frame(view, offset, packet, link) {
      if (offset + packet.captured > view.byteLength) throw new Error('a frame lies outside of its buffer');
      const linkType = random(2) === 0 ? link.linkType : (allLinks[random(allLinks.length)] as number);
      const result = decode(linkType, view, offset, packet);
      if (outcomes[result] === undefined) throw new Error(`outcome ${result} is not defined`);
      if (result === outcome.decoded) checkLayers(view, packet, offset + packet.captured, scratch);
    },
  });
  const length = 1 + random(400);
  for (let at = 0; at < file.length; at += length) reader.push(file.subarray(at, at + length));
  reader.end();
  return reader.packets;
}

/** The packet and all that its tunnels hold. */
function checkLayers(view: DataView, packet: Packet, end: number, scratch: readonly Packet[]): void {
  let outer = packet;
  checkPacket(outer, end);
  for (const inner of scratch) {
    if (decodeInner(view, outer, inner) !== outcome.decoded) return;
    checkPacket(inner, end);
    outer = inner;
  }
}

/** What must hold for any packet that is said to be decoded. */
function checkPacket(packet: Packet, end: number): void {
  const { octets: length, payloadOffset, payloadLength, srcPort, nanos, original, captured } = packet;
  if (!Number.isSafeInteger(packet.seconds) || nanos < 0 || nanos > 999_999_999) throw new Error(`time ${packet.seconds}.${nanos}`);
  if (length < 0 || !Number.isSafeInteger(length) || original < captured) throw new Error(`lengths ${length}, ${original}, ${captured}`);
  if (payloadLength < 0 || (payloadLength > 0 && payloadOffset + payloadLength > end))
    throw new Error(`payload ${payloadOffset} + ${payloadLength}`);
  if (srcPort < -1 || srcPort > 65_535) throw new Error(`port ${srcPort}`);
}

/** Flips, overwrites, inserts, removes, repeats or cuts, one to eight times. */
function mutate(original: Uint8Array, random: (limit: number) => number): Uint8Array {
  let file = Uint8Array.from(original);
  const edges = [0, 1, 0x7f, 0x80, 0xff];
  for (let count = 1 + random(8); count > 0 && file.length > 8; count--) {
    const at = random(file.length);
    const length = 1 + random(Math.min(64, file.length - at));
    const kind = random(6);
    if (kind === 0) file[at] = (file[at] as number) ^ (1 << random(8));
    else if (kind === 1) file[at] = edges[random(edges.length)] as number;
    else if (kind === 2) file.fill(edges[random(edges.length)] as number, at, at + Math.min(4, length));
    else if (kind === 3) file = Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + length)]);
    else if (kind === 4) file = Uint8Array.from([...file.subarray(0, at + length), ...file.subarray(at)]);
    else file = file.subarray(0, at + length);
  }
  return file;
}

function buildSeeds(): Uint8Array[] {
  const payload = octets('68656c6c6f20776f726c64');
  const inner = ethernet(0x0800, ipv4({ protocol: 6 }, tcp(0x18, payload, new Uint8Array(12))));
  const frames = [
    inner,
    ethernet(0x8100, vlan(7, 0x86dd, ipv6({ next: 0 }, octets('2c00000000000000', '1100 0001 00000007', udp(payload))))),
    ethernet(0x8847, octets('00064040 00065140', ipv4({ protocol: 1 }, octets('0800 0000 4242 0001', payload)))),
    ethernet(0x0800, ipv4({ protocol: 17 }, udp(octets('0800000000000700', inner), 50_000, 4789))),
    ethernet(0x0800, ipv4({ protocol: 47 }, octets('b0006558 00000000 00000001 00000002', inner))),
    ethernet(0x0800, ipv4({ protocol: 17 }, udp(octets('34ff0000 00000001 00000085 01000000', inner.subarray(14)), 2152, 2152))),
    ethernet(0x0800, ipv4({ protocol: 17 }, udp(octets('0200655800000700 0102800100000000', inner), 50_000, 6081))),
    ethernet(60, octets('aaaa03 000000 0800', ipv4({ protocol: 132, fragment: 0x2000 }, udp(payload)))),
  ];
  return [classic(frames), pcapng(frames)];
}

function classic(frames: readonly Uint8Array[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  const writer = createCaptureWriter({ linkType: linkTypes.ethernet }, (block) => blocks.push(block));
  for (const [index, frame] of frames.entries()) writer.write(1_700_000_000 + index, index, frame);
  writer.end();
  return octets(...blocks);
}

/** Big endian; interface 0 in microseconds, interface 1 in 2^-20 of a second with an offset. */
function pcapng(frames: readonly Uint8Array[]): Uint8Array {
  const n32 = (value: number) => octets(u16(value >>> 16), u16(value & 0xffff));
  const block = (type: number, body: Uint8Array) => octets(n32(type), n32(body.length + 12), body, n32(body.length + 12));
  const padded = (bytes: Uint8Array) => octets(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
  const packets = frames.map((frame, index) =>
    block(
      6,
      octets(n32(index & 1), n32(0x60a00), n32(index), n32(frame.length), n32(frame.length), padded(frame), '00020004 00000080 00000000'),
    ),
  );
  return octets(
    block(0x0a0d0d0a, octets('1a2b3c4d 0001 0000 ffffffffffffffff')),
    block(1, octets('0001 0000 00000000', '0002 0004 65746830 00000000')),
    block(1, octets('0001 0000 00000000', '0009 0001 94000000', '000e 0008 0000000000000005', '00000000')),
    ...packets,
    block(3, octets(n32(60), padded(frames[0] as Uint8Array))),
    block(5, octets(n32(0), n32(0), n32(0), '0005 0008 0000000000000003', '00000000')),
  );
}

/** A small generator of good enough spread (mulberry32): integers from 0 to `limit` - 1. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
