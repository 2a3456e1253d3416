/**
 * The meter: packets in, flows out. It finds the flow of each packet, decides whether that flow is over, counts, and
 * writes ended flows into batches. Time is packet time throughout; the clock is the greatest time seen.
 *
 *   add ─ fragment? ── look up ── none ──────────────── open ──┐
 *                          │                                   ├─ count
 *                          └──── over? ── write, restart ──────┤
 *                                  └───── no ──────────────────┘
 *
 * Sums never depend on the order of packets: each is counted once, in the flow it was found to belong to, and every flow
 * is written. `docs/80-life-of-a-flow.md` tells the rules in full.
 */
import { Packet } from '../../packets/packet.ts';
import { EndedFlows, endReasons, type MeterSink } from './ended-flows.ts';
import { Eviction } from './eviction.ts';
import { Expiry } from './expiry.ts';
import { keyHash } from './flow-key.ts';
import { field, field64, recordDoubles, recordWords, state } from './flow-record.ts';
import { FlowTable } from './flow-table.ts';
import { FragmentedPackets, type PacketKey } from './fragmented-packets.ts';
import { type Kernel, startKernel } from './kernel/kernel.ts';
import { counting } from './kernel/layout.ts';
import { isOneFlowPerKey, type MeterOptions, meterDefaults } from './options.ts';
import { line, lineMeta, PacketBlock, PacketPacker, unpack, wordsOfLine } from './packet-block.ts';
import type { RecordBatch } from './record-batch.ts';
import { Tally, tcpFlag } from './tally.ts';

/** What a meter has done so far. Packets and octets of inner headers are kept apart: those of outer headers add up to the file. */
export type MeterCounters = {
  readonly packets: number;
  readonly octets: number;
  readonly innerPackets: number;
  readonly innerOctets: number;
  /** Flows written, and how many of them by each end reason (index 1 to 5). */
  readonly flows: number;
  readonly flowsByReason: readonly number[];
  /** Flows in the table now, and at most so far. */
  readonly liveFlows: number;
  readonly peakFlows: number;
  /** Fragmented packets, and datagrams that still wait for their first fragment. */
  readonly fragments: number;
  readonly fragmentsPending: number;
  /** Packets earlier than one before them. */
  readonly outOfOrder: number;
};

/** Octets of the packets that `add` lets wait: some 60. */
const waitingOctets = 4096;

export class Meter {
  readonly #options: MeterOptions;
  readonly #table: FlowTable;
  readonly #expiry: Expiry;
  readonly #tally: Tally;
  readonly #eviction: Eviction;
  readonly #ended: EndedFlows;
  readonly #isBiflow: boolean;
  readonly #activeNs: number;
  readonly #idleNs: Float64Array;
  /** 0 where TCP close ends no flow. */
  readonly #closeMs: number;
  readonly #hasCarriers: boolean;
  readonly #fragments: FragmentedPackets;
  /** The record of the last packet at each tunnel depth: the carrier of what comes one deeper. */
  readonly #carriers = new Int32Array(16).fill(-1);
  readonly #packer: PacketPacker;
  /** Packets that `add` was given, until there are enough of them. */
  readonly #waiting: PacketBlock;
  /** The packets that are being counted, where the kernel finds them. */
  readonly #block: PacketBlock;
  readonly #kernel: Kernel;
  /** What the kernel and this class tell each other: see `counting`. */
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** The packet at hand. */
  readonly #packet = new Packet();
  #innerPackets = 0;
  #innerOctets = 0;

  constructor(options: MeterOptions, sink: MeterSink) {
    this.#options = options;
    this.#table = new FlowTable(options.maxFlows);
    this.#kernel = startKernel(this.#table.memory);
    this.#ended = new EndedFlows(this.#kernel, this.#table, sink);
    this.#packer = new PacketPacker(options);
    this.#isBiflow = !options.uniflow;
    this.#activeNs = options.activeMs === 0 ? Number.POSITIVE_INFINITY : options.activeMs * 1e6;
    this.#closeMs = isOneFlowPerKey(options) ? 0 : options.tcpCloseMs;
    this.#expiry = new Expiry(this.#table, this.#kernel, { ...options, tcpCloseMs: this.#closeMs });
    this.#idleNs = this.#expiry.idleNs;
    this.#tally = new Tally(this.#table, this.#expiry, {
      isBiflow: this.#isBiflow,
      keepsMacs: options.keepMacs,
      closes: this.#closeMs > 0,
    });
    this.#eviction = new Eviction(this.#table);
    this.#fragments = new FragmentedPackets(
      { options, table: this.#table, tally: this.#tally, expiry: this.#expiry, ended: this.#ended },
      { count: (packet, key) => this.#count(packet, key), allocateFor: (packet) => this.#allocateFor(packet) },
    );
    this.#hasCarriers = options.tunnels === 'both';
    const { buffer } = this.#table.memory;
    this.#waiting = new PacketBlock(buffer, counting.block, waitingOctets);
    this.#block = new PacketBlock(buffer, counting.block, counting.ended - counting.block);
    this.#words = new Int32Array(buffer, 0, counting.block / 4);
    this.#doubles = new Float64Array(buffer, 0, counting.block / 8);
    this.#clockSeconds = Number.NEGATIVE_INFINITY;
    this.#doubles[counting.activeNs / 8] = this.#activeNs;
    this.#words[counting.closeMs / 4] = this.#closeMs;
    this.#words[counting.bothWays / 4] = this.#isBiflow ? 1 : 0;
    this.#words[counting.opens / 4] = options.keepMacs ? 0 : 1;
  }

  /** The batch that is being filled; after `flush` it holds the last flows. */
  get batch(): RecordBatch {
    this.#drain();
    return this.#ended.batch;
  }

  /** Goes on with another empty batch, as a live capture does that hands over what it has once a second. */
  set batch(batch: RecordBatch) {
    this.#drain();
    this.#ended.batch = batch;
  }

  get counters(): MeterCounters {
    this.#drain();
    return {
      packets: this.#doubles[counting.packets / 8]!,
      octets: this.#doubles[counting.octets / 8]!,
      innerPackets: this.#innerPackets,
      innerOctets: this.#innerOctets,
      flows: this.#ended.byReason.reduce((sum, flows) => sum + flows, 0),
      flowsByReason: [...this.#ended.byReason],
      liveFlows: this.#table.live,
      peakFlows: this.#table.peak,
      fragments: this.#fragments.packets,
      fragmentsPending: this.#fragments.pending,
      outOfOrder: this.#words[counting.outOfOrder / 4]! >>> 0,
    };
  }

  /**
   * Counts one decoded packet. A packet found inside a tunnel follows the packet that carried it, if `tunnels` says both.
   * Nothing of `packet` is kept.
   */
  add(packet: Packet): void {
    if (!this.#waiting.hasRoom) this.#drain();
    this.#packer.pack(packet, this.#waiting);
  }

  /** Counts the packets of a block of up to 64 KiB that was packed for a meter of these options, and nothing of it is kept. */
  addBlock({ words, length }: PacketBlock): void {
    this.#drain();
    this.#block.words.set(length === words.length ? words : words.subarray(0, length));
    this.#countBlock(length);
  }

  /** Counts the packets that wait. */
  #drain(): void {
    this.#countBlock(this.#waiting.length);
    this.#waiting.length = 0;
  }

  /** Counts so many words of packets: nearly all by the kernel, one by one those that it leaves to this class. */
  #countBlock(length: number): void {
    const end = counting.block + length * 4;
    const words = this.#words;
    words[counting.warmed / 4] = 0;
    words[counting.tick / 4] = this.#expiry.tick;
    for (let at: number = counting.block; at < end; ) {
      // The carrier of what is inside of a tunnel is told by this class alone.
      if (!this.#hasCarriers) at = this.#kernel.count(at, end);
      this.#ended.handOverIfFull();
      if (at === end) return;
      const word = (at - counting.block) / 4;
      this.#take(this.#block, word);
      words[counting.tick / 4] = this.#expiry.tick;
      at += wordsOfLine(this.#block.words[word]!) * 4;
    }
  }

  #take(block: PacketBlock, at: number): void {
    const packet = this.#packet;
    unpack(block, at, packet);
    if (packet.tunnelDepth === 0) {
      this.#doubles[counting.packets / 8]!++;
      this.#doubles[counting.octets / 8]! += packet.octets;
    } else {
      this.#innerPackets++;
      this.#innerOctets += packet.octets;
    }
    this.#readClock(packet);
    const { words } = block;
    this.#carriers[packet.tunnelDepth & 15] =
      packet.isFragment === 0
        ? this.#countKeyed(packet, words[at + line.ports]!, words[at]! & lineMeta.key, words[at + line.place]!, words[at + line.hash]!)
        : this.#fragments.count(packet);
  }

  /** Moves the clock without a packet, to Unix time in seconds: flows whose time-out has passed by then end. */
  advance(seconds: number): void {
    this.#drain();
    if (seconds < this.#clockSeconds) return;
    const whole = Math.floor(seconds);
    if (whole > this.#clockSeconds) {
      this.#clockSeconds = whole;
      this.#clockNanos = 0;
    }
    this.#expiry.advance(seconds, this.#ended.endDue);
    this.#fragments.expire(whole);
  }

  /** Ends all flows, as at the end of a file. The last of them stay in `batch`. */
  flush(): void {
    this.#drain();
    while (this.#fragments.dropOldest());
    for (let record = 0; record < this.#table.used; record++) {
      const word = record * recordWords;
      if (this.#table.words[word + field.meta] === 0) continue;
      this.#ended.end(record, this.#isClosed(word) ? endReasons.endSeen : endReasons.forced);
    }
    this.#ended.handOver();
  }

  #readClock(packet: Packet): void {
    const { seconds, nanos } = packet;
    if (seconds > this.#clockSeconds) {
      this.#clockSeconds = seconds;
      this.#clockNanos = nanos;
      this.#expiry.advance(seconds, this.#ended.endDue);
      this.#fragments.expire(seconds);
    } else if (seconds === this.#clockSeconds && nanos >= this.#clockNanos) this.#clockNanos = nanos;
    else this.#words[counting.outOfOrder / 4]!++;
  }

  get #clockSeconds(): number {
    return this.#doubles[counting.clockSeconds / 8]!;
  }

  set #clockSeconds(seconds: number) {
    this.#doubles[counting.clockSeconds / 8] = seconds;
  }

  get #clockNanos(): number {
    return this.#words[counting.clockNanos / 4]!;
  }

  set #clockNanos(nanos: number) {
    this.#words[counting.clockNanos / 4] = nanos;
  }

  readonly #evict = (record: number): void => this.#ended.end(record, endReasons.lackOfResources);

  #isClosed(word: number): boolean {
    return (this.#table.words[word + field.state]! & state.closed) !== 0;
  }

  /** Counts a packet in the flow of a key, which is opened or restarted where need be; returns its record. */
  #count(packet: Packet, { ports, meta, place }: PacketKey): number {
    return this.#countKeyed(packet, ports, meta, place, keyHash(packet, ports, meta, place));
  }

  #countKeyed(packet: Packet, ports: number, metaWord: number, place: number, hash: number): number {
    const found = this.#table.find(packet, ports, metaWord, place, hash, this.#isBiflow);
    if (found < 0) return this.#open(packet, ports, metaWord, place, hash);
    const record = found >> 1;
    const turned = found & 1;
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    const silentNs = (packet.seconds - doubles[double + field64.last]!) * 1e9 + packet.nanos - words[word + field.lastNanos]!;
    const ageNs = (packet.seconds - doubles[double + field64.start]!) * 1e9 + packet.nanos - words[word + field.startNanos]!;
    if (silentNs < 0) this.#tally.takeLate(packet, word, double, turned);
    else {
      const mayBeOver =
        silentNs > this.#idleNs[packet.protocol]! || ageNs > this.#activeNs || (words[word + field.state]! & state.closed) !== 0;
      const reason = mayBeOver ? this.#reasonToEnd(packet, word, double, turned) : 0;
      if (reason !== 0) return this.#restart(packet, record, turned, ports, reason);
      doubles[double + field64.last] = packet.seconds;
      words[word + field.lastNanos] = packet.nanos;
    }
    this.#tally.tally(packet, record, turned);
    return record;
  }

  /**
   * Why the flow of a packet that is not late was over before it, or 0. Computes its times anew: a double that is handed
   * to a function which is not inlined is allocated.
   */
  #reasonToEnd(packet: Packet, word: number, double: number, turned: number): number {
    const { words, doubles } = this.#table;
    const silentNs = (packet.seconds - doubles[double + field64.last]!) * 1e9 + packet.nanos - words[word + field.lastNanos]!;
    const ageNs = (packet.seconds - doubles[double + field64.start]!) * 1e9 + packet.nanos - words[word + field.startNanos]!;
    const isClosed = (words[word + field.state]! & state.closed) !== 0;
    if (isClosed && this.#closeMs > 0) {
      if (ageNs > (words[word + field.closedAfterMs]! + this.#closeMs) * 1e6) return endReasons.endSeen;
      if (this.#isNewConnection(packet, word, turned)) return endReasons.endSeen;
    }
    if (silentNs > this.#idleNs[packet.protocol]!) return isClosed ? endReasons.endSeen : endReasons.idle;
    return ageNs > this.#activeNs ? endReasons.active : 0;
  }

  /** A SYN that is not the one that opened the flow: some hosts repeat theirs after a RST. */
  #isNewConnection(packet: Packet, word: number, turned: number): boolean {
    if ((packet.tcpFlags & (tcpFlag.syn | tcpFlag.ack)) !== tcpFlag.syn) return false;
    const words = this.#table.words;
    const isKnown = turned === 0 && (words[word + field.state]! & state.synForward) !== 0;
    return !isKnown || words[word + field.firstSequence] !== packet.tcpSequence;
  }

  #open(packet: Packet, ports: number, metaWord: number, place: number, hash: number): number {
    const record = this.#allocateFor(packet);
    const words = this.#table.words;
    const word = record * recordWords;
    words[word + field.meta] = metaWord;
    words[word + field.place] = place;
    words[word + field.hash] = hash;
    const turned = this.#tally.begin(packet, record, ports);
    this.#table.insert(record);
    this.#tally.tally(packet, record, turned);
    this.#expiry.track(record);
    return record;
  }

  /** Takes a record for a flow that begins with a packet, and keeps there which flow carries an inner one. */
  #allocateFor({ tunnelDepth: depth }: Packet): number {
    const { words } = this.#table;
    const carrier = depth === 0 || this.#options.tunnels !== 'both' ? -1 : this.#carriers[(depth & 15) - 1]!;
    // Read before room is made: the carrier itself may have to go.
    const high = carrier < 0 ? 0 : words[carrier * recordWords + field.sessionHigh]!;
    const low = carrier < 0 ? 0 : words[carrier * recordWords + field.sessionLow]!;
    const record = this.#allocate();
    if (depth > 0) this.#tally.keepParent(record, high, low);
    return record;
  }

  #allocate(): number {
    // Where nothing but fragments wait, the oldest of them becomes a flow that can be ended.
    while (this.#table.isFull) if (!this.#eviction.makeRoom(this.#evict)) this.#fragments.dropOldest();
    const record = this.#table.allocate();
    this.#expiry.forget(record);
    return record;
  }

  /** Ends the flow that a packet came too late for, and begins the next one in its place; index and wheel need not know. */
  #restart(packet: Packet, record: number, turned: number, ports: number, reason: number): number {
    this.#ended.write(record, reason);
    let direction = turned;
    if (reason === endReasons.active) this.#tally.beginPart(packet, record);
    else direction = this.#tally.begin(packet, record, ports);
    this.#tally.tally(packet, record, direction);
    if (reason === endReasons.endSeen) this.#expiry.track(record);
    return record;
  }
}

/** Starts a meter; options that are not given have their defaults. */
export const createMeter = (options: Partial<MeterOptions>, sink: MeterSink): Meter => new Meter({ ...meterDefaults, ...options }, sink);
