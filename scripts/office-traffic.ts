/**
 * Believable traffic of a small office, for development: people look names up and then browse, a backup runs, clocks are
 * set, pings go round, and now and then somebody scans ports. Frames have right lengths; checksums are left 0.
 */
import { ethernet, octets, u16, u32, udp } from '../src/packets/frame-builder.ts';
import { linkTypes } from '../src/packets/link.ts';
import { createCaptureWriter } from '../src/packets/writer.ts';
import type { Random } from './random.ts';

type Frame = { atMs: number; octets: Uint8Array };
type Ends = { from: string; to: string };

const people = Array.from({ length: 20 }, (_, i) => `10.20.0.${100 + i}`);
const sites = ['192.0.2.10', '192.0.2.80', '198.51.100.7', '198.51.100.99', '203.0.113.5', '203.0.113.44'];
const server = { names: '10.20.0.53', clock: '10.20.0.123', backup: '10.20.0.200' };
const mss = 1448;

/** A classic pcap of the `spanMs` that end at `endMs` (milliseconds since 1970), with about `sessions` sessions in it. */
export function makeOfficeCapture(
  random: Random,
  { endMs, spanMs, sessions }: { endMs: number; spanMs: number; sessions: number },
): Buffer {
  const start = endMs - spanMs;
  const frames: Frame[] = [];
  for (let i = 0; i < sessions; i++) frames.push(...pickSession(random)(random, start + random.below(spanMs)));
  const blocks: Uint8Array[] = [];
  const writer = createCaptureWriter({ linkType: linkTypes.ethernet }, (block) => blocks.push(block));
  for (const { atMs, octets: frame } of frames.sort((a, b) => a.atMs - b.atMs)) {
    // The past is past: what a session still has to say after the end of the capture is not in it.
    if (atMs < endMs) writer.write(Math.floor(atMs / 1000), Math.floor((atMs % 1000) * 1e6), frame);
  }
  writer.end();
  return Buffer.concat(blocks);
}

type MakeSession = (random: Random, atMs: number) => Frame[];

const pickSession = (random: Random): MakeSession => {
  const dice = random.below(100);
  if (dice < 60) return browse;
  if (dice < 75) return setClock;
  if (dice < 90) return ping;
  if (dice < 97) return backUp;
  return scan;
};

const browse: MakeSession = (random, atMs) => {
  const from = random.pick(people);
  const lookup = exchange({ from, to: server.names }, random, 53, [40, 120], atMs);
  const size = 2000 * 2 ** random.below(8);
  return [...lookup, ...session({ from, to: random.pick(sites) }, random, { port: 443, sent: 700, got: size, atMs: atMs + 20, rttMs: 25 })];
};

const backUp: MakeSession = (random, atMs) =>
  session({ from: random.pick(people), to: server.backup }, random, { port: 873, sent: 200_000, got: 900, atMs, rttMs: 0.4 });

const setClock: MakeSession = (random, atMs) => exchange({ from: random.pick(people), to: server.clock }, random, 123, [48, 48], atMs);

const ping: MakeSession = (random, atMs) => {
  const ends = { from: random.pick(people), to: random.pick(sites) };
  const id = random.below(65_536);
  const echo = (type: number) => octets(type, 0, u16(0), u16(id), u16(1), new Uint8Array(56));
  return [
    { atMs, octets: packet(ends, 1, echo(8)) },
    { atMs: atMs + 18, octets: packet(back(ends), 1, echo(0)) },
  ];
};

/** Thirty closed ports of one host, each answered with RST. */
const scan: MakeSession = (random, atMs) => {
  const ends = { from: random.pick(people), to: server.backup };
  const source = ephemeral(random);
  return Array.from({ length: 30 }, (_, i) => i).flatMap((i) => [
    { atMs: atMs + i * 3, octets: packet(ends, 6, segment([source + i, 1 + i], { flags: syn, seq: 1 })) },
    { atMs: atMs + i * 3 + 0.3, octets: packet(back(ends), 6, segment([1 + i, source + i], { flags: rst | ack, seq: 0 })) },
  ]);
};

/** A question and its answer over UDP, of those sizes. */
const exchange = (ends: Ends, random: Random, port: number, [asked, told]: [number, number], atMs: number): Frame[] => {
  const source = ephemeral(random);
  return [
    { atMs, octets: packet(ends, 17, udp(new Uint8Array(asked), source, port)) },
    { atMs: atMs + 2 + random.below(15), octets: packet(back(ends), 17, udp(new Uint8Array(told), port, source)) },
  ];
};

const [fin, syn, rst, psh, ack] = [1, 2, 4, 8, 16];

type Talk = { port: number; sent: number; got: number; atMs: number; rttMs: number };

/** A whole TCP session: handshake, octets one way, octets the other way with acknowledgements, end. */
const session = (ends: Ends, random: Random, { port, sent, got, atMs, rttMs }: Talk): Frame[] => {
  const source = ephemeral(random);
  const frames: Frame[] = [];
  const seq = { there: random.below(2 ** 31), back: random.below(2 ** 31) };
  let now = atMs;
  const say = (way: 'there' | 'back', flags: number, length = 0): void => {
    const [path, way2] = way === 'there' ? [ends, [source, port] as const] : [back(ends), [port, source] as const];
    frames.push({ atMs: now, octets: packet(path, 6, segment(way2, { flags, seq: seq[way], length })) });
    seq[way] = (seq[way] + length + ((flags & (syn | fin)) !== 0 ? 1 : 0)) >>> 0;
  };
  const stream = (way: 'there' | 'back', total: number): void => {
    for (let left = total, count = 0; left > 0; left -= mss, count++) {
      say(way, ack | (left <= mss ? psh : 0), Math.min(left, mss));
      now += 0.05 + random.below(100) / 1000;
      if (count % 2 === 1) say(way === 'there' ? 'back' : 'there', ack);
    }
  };
  say('there', syn);
  now += rttMs;
  say('back', syn | ack);
  say('there', ack);
  stream('there', sent);
  now += rttMs;
  stream('back', got);
  now += rttMs + random.below(400);
  say('there', fin | ack);
  now += rttMs;
  say('back', fin | ack);
  say('there', ack);
  return frames;
};

const back = ({ from, to }: Ends): Ends => ({ from: to, to: from });
const ephemeral = (random: Random): number => 32_768 + random.below(28_000);

const segment = ([source, target]: readonly [number, number], part: { flags: number; seq: number; length?: number }): Uint8Array =>
  octets(
    u16(source),
    u16(target),
    u32(part.seq),
    u32(0),
    u16((5 << 12) | part.flags),
    u16(64_240),
    u32(0),
    new Uint8Array(part.length ?? 0),
  );

const address = (text: string): Uint8Array => Uint8Array.from(text.split('.').map(Number));

const packet = ({ from, to }: Ends, protocol: number, payload: Uint8Array): Uint8Array =>
  ethernet(
    0x0800,
    octets(0x45, 0, u16(20 + payload.length), u16(0), u16(0x4000), 64, protocol, u16(0), address(from), address(to), payload),
  );
