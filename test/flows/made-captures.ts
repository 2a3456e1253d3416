/**
 * Captures that tests make themselves: traffic of which the sums are known because it is made of a list of packets, written
 * as every kind of file that a reader must take. The files are put together here octet by octet, from the formats' own
 * pages and not by Weir's writer, so that a reader and a writer that share a fault cannot agree.
 */
import { octets, u16, u32 } from '../../src/packets/frame-builder.ts';

/** A frame of Ethernet with the moment at which it was seen. */
export type Frame = { seconds: number; nanos: number; bytes: Uint8Array; original?: number };

/** What a list of frames holds: everything that an import must find again. */
export type Sums = { packets: number; skipped: number; octets: number; tcp: number; udp: number };

type Ends = { from: number; to: number; fromPort: number; toPort: number };

const ipv4 = (protocol: number, { from, to }: Ends, payload: Uint8Array): Uint8Array =>
  octets('4500', u16(20 + payload.length), '00004000', 64, protocol, '0000', u32(from), u32(to), payload);
const ipv6 = (protocol: number, { from, to }: Ends, payload: Uint8Array): Uint8Array =>
  octets(
    '60000000',
    u16(payload.length),
    protocol,
    64,
    '20010db80000000000000000',
    u32(from),
    '20010db80000000000000000',
    u32(to),
    payload,
  );
const ethernet = (type: number, payload: Uint8Array): Uint8Array => octets('020000000002020000000001', u16(type), payload);
const udp = ({ fromPort, toPort }: Ends, size: number): Uint8Array =>
  octets(u16(fromPort), u16(toPort), u16(8 + size), '0000', new Uint8Array(size));
const tcp = ({ fromPort, toPort }: Ends, flags: number, size: number): Uint8Array =>
  octets(u16(fromPort), u16(toPort), '0000000100000001', '50', flags, '20000000', '0000', new Uint8Array(size));

const turned = ({ from, to, fromPort, toPort }: Ends): Ends => ({ from: to, to: from, fromPort: toPort, toPort: fromPort });

/**
 * An office in small: `sessions` of TCP over IPv4 and IPv6 and of UDP, each with answers, and some ARP that makes no flow.
 * Every tenth of a second one packet; time stamps are whole microseconds, so that a file of them loses nothing.
 */
export const madeTraffic = (sessions = 60): { frames: Frame[]; sums: Sums } => {
  const frames: Frame[] = [];
  const sums = { packets: 0, skipped: 0, octets: 0, tcp: 0, udp: 0 };
  const add = (bytes: Uint8Array): void => {
    const at = frames.length;
    frames.push({ seconds: 1_700_000_000 + Math.floor(at / 10), nanos: (at % 10) * 100_000_000 + 7000, bytes });
    sums.packets++;
  };
  const addIp = (version: 4 | 6, protocol: number, ends: Ends, payload: Uint8Array): void => {
    const packet = version === 4 ? ipv4(protocol, ends, payload) : ipv6(protocol, ends, payload);
    sums.octets += packet.length;
    add(ethernet(version === 4 ? 0x0800 : 0x86dd, packet));
  };
  for (let session = 0; session < sessions; session++) {
    const ends = { from: 0x0a000000 + session, to: 0x0a010000 + (session % 7), fromPort: 20_000 + session, toPort: 443 };
    if (session % 3 === 2) {
      sums.udp++;
      addIp(4, 17, ends, udp(ends, 30));
      addIp(4, 17, turned(ends), udp(turned(ends), 120 + (session % 1000)));
    } else {
      const version = session % 3 === 0 ? 4 : 6;
      sums.tcp++;
      const send = (ends: Ends, flags: number, size = 0): void => addIp(version, 6, ends, tcp(ends, flags, size));
      send(ends, 0x02);
      send(turned(ends), 0x12);
      send(ends, 0x10);
      send(ends, 0x18, 200 + (session % 1000));
      send(turned(ends), 0x18, 1200 - (session % 1000));
      send(ends, 0x11);
      send(turned(ends), 0x11);
      send(ends, 0x10);
    }
    if (session % 10 === 0) {
      add(ethernet(0x0806, octets('0001080006040001', new Uint8Array(20))));
      sums.skipped++;
    }
  }
  return { frames, sums };
};

/** How a capture file is laid out. */
export type Layout = { order?: 'little' | 'big'; precision?: 'micro' | 'nano'; snapLength?: number };

class Octets {
  readonly #parts: Uint8Array[] = [];
  readonly #isLittle: boolean;

  constructor(order: 'little' | 'big') {
    this.#isLittle = order === 'little';
  }

  u16(...values: number[]): this {
    for (const value of values) this.#put(2, (view) => view.setUint16(0, value, this.#isLittle));
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.#put(4, (view) => view.setUint32(0, value, this.#isLittle));
    return this;
  }

  bytes(...parts: Uint8Array[]): this {
    this.#parts.push(...parts);
    return this;
  }

  /** Zeros up to a multiple of four, as pcapng wants them. */
  padded(bytes: Uint8Array): this {
    return this.bytes(bytes, new Uint8Array(-bytes.length & 3));
  }

  get whole(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(size: number, set: (view: DataView) => void): void {
    const part = new Uint8Array(size);
    set(new DataView(part.buffer));
    this.#parts.push(part);
  }
}

const ethernetLink = 1;

/** A classic pcap file: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html */
export const pcapOf = (frames: readonly Frame[], layout: Layout = {}): Buffer => {
  const { order = 'little', precision = 'nano', snapLength = 262_144 } = layout;
  const file = new Octets(order)
    .u32(precision === 'nano' ? 0xa1b23c4d : 0xa1b2c3d4)
    .u16(2, 4)
    .u32(0, 0, snapLength, ethernetLink);
  for (const { seconds, nanos, bytes, original } of frames) {
    const captured = bytes.subarray(0, snapLength);
    const fraction = precision === 'nano' ? nanos : Math.floor(nanos / 1000);
    file.u32(seconds, fraction, captured.length, original ?? bytes.length).bytes(captured);
  }
  return file.whole;
};

/** A pcapng file with one section and interface: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html */
export const pcapngOf = (frames: readonly Frame[], layout: Layout = {}): Buffer => {
  const { order = 'little', precision = 'nano', snapLength = 262_144 } = layout;
  const block = (type: number, body: Buffer): Buffer =>
    new Octets(order)
      .u32(type, body.length + 12)
      .bytes(body)
      .u32(body.length + 12).whole;
  const section = new Octets(order).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff).whole;
  const resolution = new Octets(order)
    .u16(9, 1)
    .padded(Uint8Array.of(precision === 'nano' ? 9 : 6))
    .u16(0, 0).whole; // if_tsresol
  const parts = [block(0x0a0d0d0a, section), block(1, new Octets(order).u16(ethernetLink, 0).u32(snapLength).bytes(resolution).whole)];
  for (const { seconds, nanos, bytes, original } of frames) {
    const captured = bytes.subarray(0, snapLength);
    const ticks = precision === 'nano' ? BigInt(seconds) * 10n ** 9n + BigInt(nanos) : BigInt(seconds) * 10n ** 6n + BigInt(nanos) / 1000n;
    const body = new Octets(order).u32(0, Number(ticks >> 32n), Number(ticks & 0xffffffffn), captured.length, original ?? bytes.length);
    parts.push(block(6, body.padded(captured).whole));
  }
  return Buffer.concat(parts);
};

/** The frames of a classic pcap file of either order and precision: what tests rewrite in other layouts. */
export const framesOf = (file: Buffer): Frame[] => {
  const isLittle = file[0] === 0xd4 || file[0] === 0x4d;
  const u32at = (at: number): number => (isLittle ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const nanosPerTick = u32at(0) === 0xa1b23c4d ? 1 : 1000;
  const frames: Frame[] = [];
  for (let at = 24; at + 16 <= file.length; at += 16 + u32at(at + 8)) {
    const bytes = file.subarray(at + 16, at + 16 + u32at(at + 8));
    frames.push({ seconds: u32at(at), nanos: u32at(at + 4) * nanosPerTick, bytes, original: u32at(at + 12) });
  }
  return frames;
};
