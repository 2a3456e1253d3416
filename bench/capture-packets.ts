/**
 * A capture as a busy office line has it, made up but alike: a quarter of an hour of packet time, TCP with handshakes,
 * acknowledgements and FIN or RST, unanswered SYNs, DNS, long UDP sessions, pings, a sixteenth of it over IPv6, most of
 * it to a few hosts, with a heavy tail of long sessions and with silences that let time-outs act. The same numbers give
 * the same octets. Five million packets are about 2.75 GB and 449,000 sessions, and take some ten seconds.
 *
 *   node bench/capture-packets.ts PACKETS FILE
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type CaptureWriter, createCaptureWriter } from '../src/packets/index.ts';
import { type Ends, Frame, tcpFlags } from './frame.ts';
import { SessionPool } from './session-pool.ts';
import { xorshift } from './xorshift.ts';

/** How many packets over how many seconds of packet time; `seed` is any 32-bit number but 0. */
export type CapturePackets = { packets: number; seconds?: number; seed?: number };

const packetsPerSession = 11.1;
const firstSecond = 1_735_689_600; // 2025-01-01T00:00:00Z
const ticksPerSecond = 1000;
const longestSilence = 120_000;
const clients = 40_000;
const servers = 8000;
const fullSegment = 1460;
const kinds = { tcp: 0, refused: 1, unanswered: 2, dns: 3, datagrams: 4, echo: 5 } as const;
const { fin, syn, rst, push, ack } = tcpFlags;
const tcpPorts = [443, 443, 443, 443, 443, 80, 80, 22, 445, 993, 8080, 5432];

/** Makes the capture and gives it to `onBlock` in blocks of about 1 MiB, which are the taker's. */
export function writeCapture(options: CapturePackets, onBlock: (block: Uint8Array) => void): void {
  const { packets, seconds = 900 } = options;
  const maker = new CaptureMaker(options, createCaptureWriter({ linkType: 1, precision: 'micro' }, onBlock));
  // New sessions come evenly over the time; what is then missing to the number wanted, the last ones still send.
  const perTick = packets / packetsPerSession / (seconds * ticksPerSecond);
  for (let tick = 0; !maker.isDone; tick++) maker.play(tick, perTick);
  maker.end();
}

class CaptureMaker {
  readonly #pool = new SessionPool(1 << 17, longestSilence + 1);
  readonly #frame = new Frame();
  readonly #ends: Ends = { client: 0, server: 0, clientPort: 0, serverPort: 0, isIpv6: false };
  readonly #segment = { flags: 0, sequence: 0, acknowledged: 0, payload: 0 };
  readonly #random: () => number;
  readonly #writer: CaptureWriter;
  readonly #packets: number;
  #owed = 0;

  constructor({ packets, seed = 2025 }: CapturePackets, writer: CaptureWriter) {
    this.#packets = packets;
    this.#random = xorshift(seed);
    this.#writer = writer;
  }

  get isDone(): boolean {
    return this.#writer.packets >= this.#packets;
  }

  end(): void {
    this.#writer.end();
  }

  /** One millisecond: opens the sessions that are due to begin, and lets those send whose turn it is. */
  play(tick: number, newSessions: number): void {
    for (this.#owed += newSessions; this.#owed >= 1; this.#owed--) this.#open(tick);
    const second = firstSecond + Math.floor(tick / ticksPerSecond);
    const millisecond = (tick % ticksPerSecond) * 1e6;
    for (let nanos = 0, slot = this.#pool.due(tick); slot !== -1 && !this.isDone; slot = this.#pool.due(tick)) {
      const length = this.#send(slot);
      this.#writer.write(second, millisecond + nanos, this.#frame.bytes.subarray(0, length));
      nanos = Math.min(nanos + 7000, 999_000);
      this.#pool.step[slot]!++;
      if ((this.#pool.step[slot] as number) >= this.#steps(slot)) this.#pool.end(slot);
      else this.#pool.wait(slot, tick + this.#pause(slot));
    }
  }

  #open(tick: number): void {
    const pool = this.#pool;
    const random = this.#random;
    const slot = pool.take();
    if (slot === -1) return;
    const dice = random() % 100;
    const kind = kindOf(dice);
    pool.kind[slot] = kind;
    pool.client[slot] = skewed(random, clients);
    pool.server[slot] = skewed(random, servers);
    pool.clientPort[slot] = 1024 + (random() % 64_000);
    pool.serverPort[slot] = kind === kinds.dns ? 53 : kind === kinds.datagrams ? 443 : (tcpPorts[random() % tcpPorts.length] as number);
    pool.length[slot] = this.#drawLength(kind);
    pool.wait(slot, tick);
  }

  /** Packets beside those that open and close a session: mostly few, sometimes very many (Pareto, capped). */
  #drawLength(kind: number): number {
    const part = (1 + (this.#random() % 1_000_000)) / 1_000_001;
    if (kind === kinds.tcp || kind === kinds.refused) return Math.min(20_000, Math.floor(3.5 * part ** (-1 / 1.3)));
    if (kind === kinds.datagrams) return Math.min(5000, Math.floor(5 * part ** (-1 / 1.4)));
    if (kind === kinds.echo) return 2 * (1 + (this.#random() % 4));
    return kind === kinds.dns ? 2 : 1 + (this.#random() % 3);
  }

  /** How many packets a session has from its first to its last. */
  #steps(slot: number): number {
    const length = this.#pool.length[slot] as number;
    const kind = this.#pool.kind[slot];
    if (kind === kinds.tcp) return length + 6;
    return kind === kinds.refused ? length + 4 : length;
  }

  /** Milliseconds to the session's next packet: of a round trip, seldom of a thought, very seldom longer than time-outs are. */
  #pause(slot: number): number {
    const random = this.#random;
    if (this.#pool.kind[slot] === kinds.unanswered) return 1000 << (this.#pool.step[slot] as number);
    const dice = random() % 2000;
    if (dice === 0) return 30_000 + (random() % (longestSilence - 30_000));
    if (dice < 50) return 500 + (random() % 6000);
    return dice < 900 ? 1 + (random() % 3) : 2 + (random() % 50);
  }

  /** Puts the session's next packet into the frame; answers with its length. */
  #send(slot: number): number {
    const pool = this.#pool;
    const ends = this.#ends;
    ends.clientPort = pool.clientPort[slot] as number;
    ends.serverPort = pool.serverPort[slot] as number;
    ends.isIpv6 = (ends.clientPort & 15) === 0;
    ends.client = 0x0a00_0000 + (pool.client[slot] as number);
    ends.server = 0xc612_0000 + (pool.server[slot] as number);
    const step = pool.step[slot] as number;
    const isReply = (step & 1) === 1;
    switch (pool.kind[slot]) {
      case kinds.dns:
        return this.#frame.udp(ends, isReply, isReply ? 80 + (this.#random() % 300) : 30 + (this.#random() % 30));
      case kinds.datagrams:
        return this.#frame.udp(ends, step % 3 !== 0, step % 3 === 0 ? 40 + (this.#random() % 60) : 1200);
      case kinds.echo:
        return this.#frame.echo(ends, isReply, step >> 1);
      default:
        return this.#sendSegment(slot, step);
    }
  }

  #sendSegment(slot: number, step: number): number {
    const pool = this.#pool;
    const segment = this.#segment;
    segment.payload = 0;
    const isReply = this.#drawSegment(slot, step);
    const own = isReply ? pool.replied : pool.sent;
    const other = isReply ? pool.sent : pool.replied;
    segment.sequence = own[slot] as number;
    segment.acknowledged = (segment.flags & ack) === 0 ? 0 : (other[slot] as number);
    // SYN and FIN take a number each (RFC 9293 section 3.4).
    own[slot] = segment.sequence + segment.payload + ((segment.flags & (syn | fin)) === 0 ? 0 : 1);
    return this.#frame.tcp(this.#ends, isReply, segment);
  }

  /** Flags and payload of a segment; answers whether the server sends it. */
  #drawSegment(slot: number, step: number): boolean {
    const segment = this.#segment;
    const kind = this.#pool.kind[slot];
    if (step === 0 || kind === kinds.unanswered) segment.flags = syn;
    else if (step === 1) segment.flags = syn | ack;
    else segment.flags = ack;
    if (step < 3 || kind === kinds.unanswered) return kind !== kinds.unanswered && step === 1;
    const place = step - 3 - (this.#pool.length[slot] as number);
    if (place < 0) return this.#drawData(step - 3);
    if (kind === kinds.refused) segment.flags = rst | ack;
    else if (place < 2) segment.flags = fin | ack;
    return place === 1;
  }

  /** A request, then the answer in full segments with an acknowledgement for every two. */
  #drawData(index: number): boolean {
    const segment = this.#segment;
    if (index === 0) {
      segment.flags = push | ack;
      segment.payload = 80 + (this.#random() % 600);
      return false;
    }
    if (index % 3 === 0) return false;
    const isFull = this.#random() % 2 === 0;
    segment.payload = isFull ? fullSegment - (this.#ends.isIpv6 ? 20 : 0) : 1 + (this.#random() % 1300);
    return true;
  }
}

const kindOf = (dice: number): number => {
  if (dice < 42) return kinds.tcp;
  if (dice < 46) return kinds.refused;
  if (dice < 49) return kinds.unanswered;
  if (dice < 89) return kinds.dns;
  return dice < 97 ? kinds.datagrams : kinds.echo;
};

/** A number below `count`, low ones far more often: the cube bends the draw. */
const skewed = (random: () => number, count: number): number => Math.floor(((random() % 1_000_000) / 1_000_000) ** 3 * count);

if (import.meta.main) {
  const [packets = '5000000', file = 'capture.pcap'] = process.argv.slice(2);
  const fd = openSync(file, 'w');
  writeCapture({ packets: Number(packets) }, (block) => {
    for (let at = 0; at < block.length; ) at += writeSync(fd, block, at);
  });
  closeSync(fd);
}
