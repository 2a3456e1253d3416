/**
 * The meter: packets in, flows out. It finds the flow of each packet, decides whether that flow is over, counts, and
 * writes ended flows as rows. Time is packet time throughout; the clock is the greatest time seen.
 *
 *   add ─ fragment? ── look up ── none ──────────────── open ──┐
 *                          │                                   ├─ count
 *                          └──── over? ── write, restart ──────┤
 *                                  └───── no ──────────────────┘
 *
 * Sums never depend on the order of packets: each is counted once, in the flow it was found to belong to, and every flow
 * is written. `docs/80-life-of-a-flow.md` tells the rules in full.
 */
import type { Packet } from '../../packets/index.ts';
import type { FlowBatch } from '../batch.ts';
import { flowFlags } from '../schema.ts';
import { Expiry } from './expiry.ts';
import { icmpPorts, isReply, isRequest, keyHash, metaOf, placeOf, protocols } from './flow-key.ts';
import { annexField, annexWords, field, field64, meta, recordDoubles, recordWords, state } from './flow-record.ts';
import { FlowRows } from './flow-row.ts';
import { FlowTable } from './flow-table.ts';
import { FragmentTable } from './fragments.ts';
import { copyPacket, Lookahead, lookaheadPackets } from './lookahead.ts';
import { isOneFlowPerKey, type MeterOptions, meterDefaults } from './options.ts';
import { setSession } from './session.ts';

/** Where flows go. */
export type MeterSink = {
  /** The first batch to fill, of shape `addressed`. */
  readonly batch: FlowBatch;
  /** Takes a full batch and gives the next, empty one. */
  full(batch: FlowBatch): FlowBatch;
};

/** IPFIX flowEndReason (RFC 5102 section 5.11.3). */
export const endReasons = { idle: 1, active: 2, endSeen: 3, forced: 4, lackOfResources: 5 } as const;

/** What a meter has done so far. Packets and octets of inner headers are kept apart: those of outer headers add up to the file. */
export type MeterCounters = {
  readonly packets: number;
  readonly octets: number;
  readonly innerPackets: number;
  readonly innerOctets: number;
  /** Rows written, and how many of them by each end reason (index 1 to 5). */
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

const flags = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;
const ttlMost = 255;
const outOfOrder = flowFlags.outOfOrder << 24;
/** Fragments that wait for one first fragment; a datagram has no more than 8192 in any case. */
const fragmentsPerDatagram = 1000;
const datagrams = 65_536;
/** Under pressure so many records are looked at, and an eighth of them ended. */
const evictionScan = 4096;

export class Meter {
  readonly #options: MeterOptions;
  readonly #sink: MeterSink;
  readonly #table: FlowTable;
  readonly #expiry: Expiry;
  readonly #rows: FlowRows;
  readonly #isBiflow: boolean;
  readonly #activeNs: number;
  readonly #idleNs: Float64Array;
  /** 0 where TCP close ends no flow. */
  readonly #closeMs: number;
  readonly #hasPlace: boolean;
  #fragments: FragmentTable | undefined;
  /** The record of the last packet at each tunnel depth: the carrier of what comes one deeper. */
  readonly #carriers = new Int32Array(16).fill(-1);
  readonly #ages = new Float64Array(evictionScan);
  #hand = 0;
  readonly #line = new Lookahead();
  #clockSeconds = Number.NEGATIVE_INFINITY;
  #clockNanos = 0;
  #packets = 0;
  #octets = 0;
  #innerPackets = 0;
  #innerOctets = 0;
  #fragmented = 0;
  #outOfOrder = 0;
  #peak = 0;
  readonly #flowsByReason = new Float64Array(6);

  constructor(options: MeterOptions, sink: MeterSink) {
    this.#options = options;
    this.#sink = sink;
    this.#table = new FlowTable(options.maxFlows);
    this.#isBiflow = !options.uniflow;
    this.#rows = new FlowRows(sink.batch, this.#isBiflow);
    this.#activeNs = options.activeMs === 0 ? Number.POSITIVE_INFINITY : options.activeMs * 1e6;
    this.#closeMs = isOneFlowPerKey(options) ? 0 : options.tcpCloseMs;
    this.#expiry = new Expiry(this.#table, { ...options, tcpCloseMs: this.#closeMs });
    this.#idleNs = this.#expiry.idleNs;
    this.#hasPlace = options.keyVlan || options.keyInterface;
  }

  /** The batch that is being filled; after `flush` it holds the last rows. */
  get batch(): FlowBatch {
    this.#drain();
    return this.#rows.batch;
  }

  /** Goes on with another empty batch, as a live capture does that hands over what it has once a second. */
  set batch(batch: FlowBatch) {
    this.#drain();
    this.#rows.batch = batch;
  }

  get counters(): MeterCounters {
    this.#drain();
    return {
      packets: this.#packets,
      octets: this.#octets,
      innerPackets: this.#innerPackets,
      innerOctets: this.#innerOctets,
      flows: this.#flowsByReason.reduce((sum, flows) => sum + flows, 0),
      flowsByReason: [...this.#flowsByReason],
      liveFlows: this.#table.live,
      peakFlows: this.#peak,
      fragments: this.#fragmented,
      fragmentsPending: this.#fragments?.pending ?? 0,
      outOfOrder: this.#outOfOrder,
    };
  }

  /**
   * Counts one decoded packet. A packet found inside a tunnel follows the packet that carried it. Nothing of `packet` is
   * kept.
   */
  add(packet: Packet): void {
    const line = this.#line;
    const at = line.count;
    const portless = packet.srcPort < 0 && packet.icmpType < 0;
    const ports = portless ? 0 : packet.srcPort >= 0 ? (packet.srcPort << 16) | packet.dstPort : icmpPorts(packet, this.#isBiflow);
    const metaWord = metaOf(packet, portless);
    const place = this.#hasPlace ? placeOf(packet, this.#options.keyVlan, this.#options.keyInterface) : 0;
    line.ports[at] = ports;
    line.metas[at] = metaWord;
    line.places[at] = place;
    line.hashes[at] = keyHash(packet, ports, metaWord, place);
    copyPacket(packet, line.packets[at]!);
    line.count = at + 1;
    if (at + 1 === lookaheadPackets) this.#drain();
  }

  /** Counts the packets that wait in the line. */
  #drain(): void {
    const line = this.#line;
    const count = line.count;
    line.count = 0;
    this.#table.warm(line.hashes, count);
    for (let i = 0; i < count; i++) this.#take(line, i);
  }

  #take(line: Lookahead, i: number): void {
    const packet = line.packets[i]!;
    if (packet.tunnelDepth === 0) {
      this.#packets++;
      this.#octets += packet.octets;
    } else {
      this.#innerPackets++;
      this.#innerOctets += packet.octets;
    }
    this.#readClock(packet);
    this.#carriers[packet.tunnelDepth & 15] =
      packet.isFragment === 0
        ? this.#countKeyed(packet, line.ports[i]!, line.metas[i]!, line.places[i]!, line.hashes[i]!)
        : this.#countFragment(packet);
  }

  /** Ends all flows, as at the end of a file. The last rows stay in `batch`. */
  flush(): void {
    this.#drain();
    while (this.#fragments?.dropOldest());
    for (let record = 0; record < this.#table.used; record++) {
      const word = record * recordWords;
      if (this.#table.words[word + field.meta] === 0) continue;
      this.#end(record, this.#isClosed(word) ? endReasons.endSeen : endReasons.forced);
    }
  }

  #readClock(packet: Packet): void {
    const { seconds, nanos } = packet;
    if (seconds > this.#clockSeconds) {
      this.#clockSeconds = seconds;
      this.#clockNanos = nanos;
      this.#expiry.advance(seconds, this.#endExpired);
      this.#fragments?.expire(seconds);
    } else if (seconds === this.#clockSeconds && nanos >= this.#clockNanos) this.#clockNanos = nanos;
    else this.#outOfOrder++;
  }

  readonly #endExpired = (record: number): void => {
    this.#end(record, this.#isClosed(record * recordWords) ? endReasons.endSeen : endReasons.idle);
  };

  #isClosed(word: number): boolean {
    return (this.#table.words[word + field.state]! & state.closed) !== 0;
  }

  #countWhole(packet: Packet): number {
    if (packet.srcPort >= 0) return this.#count(packet, (packet.srcPort << 16) | packet.dstPort, metaOf(packet, false));
    if (packet.icmpType >= 0) return this.#count(packet, icmpPorts(packet, this.#isBiflow), metaOf(packet, false));
    return this.#count(packet, 0, metaOf(packet, true));
  }

  /** Counts a packet in the flow of that key, which is opened or restarted where need be; returns its record. */
  #count(packet: Packet, ports: number, metaWord: number): number {
    const place = this.#hasPlace ? placeOf(packet, this.#options.keyVlan, this.#options.keyInterface) : 0;
    return this.#countKeyed(packet, ports, metaWord, place, keyHash(packet, ports, metaWord, place));
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
    if (silentNs < 0) this.#takeLate(packet, word, double, turned);
    else {
      const mayBeOver =
        silentNs > this.#idleNs[packet.protocol]! || ageNs > this.#activeNs || (words[word + field.state]! & state.closed) !== 0;
      const reason = mayBeOver ? this.#reasonToEnd(packet, word, double, turned) : 0;
      if (reason !== 0) return this.#restart(packet, record, turned, ports, reason);
      doubles[double + field64.last] = packet.seconds;
      words[word + field.lastNanos] = packet.nanos;
    }
    this.#tally(packet, record, turned);
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
    if ((packet.tcpFlags & (flags.syn | flags.ack)) !== flags.syn) return false;
    const words = this.#table.words;
    const isKnown = turned === 0 && (words[word + field.state]! & state.synForward) !== 0;
    return !isKnown || words[word + field.firstSequence] !== packet.tcpSequence;
  }

  /** A packet earlier than the last of its flow: marks the flow, and moves a start back that it precedes. */
  #takeLate(packet: Packet, word: number, double: number, turned: number): void {
    const { words, doubles } = this.#table;
    words[word + field.traits]! |= outOfOrder;
    const aheadNs = (doubles[double + field64.start]! - packet.seconds) * 1e9 + words[word + field.startNanos]! - packet.nanos;
    if (aheadNs > 0) {
      doubles[double + field64.start] = packet.seconds;
      words[word + field.startNanos] = packet.nanos;
      words[word + field.closedAfterMs] = clampMs(words[word + field.closedAfterMs]! + aheadNs / 1e6);
    }
    if (turned === 0 || doubles[double + field64.reversePackets] === 0) return;
    const reverse = doubles[double + field64.reverse]!;
    if (packet.seconds > reverse || (packet.seconds === reverse && packet.nanos >= words[word + field.reverseNanos]!)) return;
    doubles[double + field64.reverse] = packet.seconds;
    words[word + field.reverseNanos] = packet.nanos;
  }

  #open(packet: Packet, ports: number, metaWord: number, place: number, hash: number): number {
    // Read before room is made: the carrier itself may have to go.
    const carrier = packet.tunnelDepth === 0 ? -1 : this.#carriers[(packet.tunnelDepth & 15) - 1]!;
    const parentHigh = carrier < 0 ? 0 : this.#table.words[carrier * recordWords + field.sessionHigh]!;
    const parentLow = carrier < 0 ? 0 : this.#table.words[carrier * recordWords + field.sessionLow]!;
    const record = this.#allocate();
    const words = this.#table.words;
    const word = record * recordWords;
    words[word + field.meta] = metaWord;
    words[word + field.place] = place;
    words[word + field.hash] = hash;
    if (packet.tunnelDepth > 0) this.#keepParent(record, parentHigh, parentLow);
    const turned = this.#begin(packet, record, ports);
    this.#table.insert(record);
    this.#tally(packet, record, turned);
    this.#expiry.track(record);
    return record;
  }

  #allocate(): number {
    while (this.#table.isFull) this.#makeRoom();
    const record = this.#table.allocate();
    if (this.#table.live > this.#peak) this.#peak = this.#table.live;
    this.#expiry.forget(record);
    return record;
  }

  /** Ends the flow that a packet came too late for, and begins the next one in its place; index and wheel need not know. */
  #restart(packet: Packet, record: number, turned: number, ports: number, reason: number): number {
    this.#write(record, reason);
    let direction = turned;
    if (reason === endReasons.active) this.#beginPart(packet, record);
    else direction = this.#begin(packet, record, ports);
    this.#tally(packet, record, direction);
    if (reason === endReasons.endSeen) this.#expiry.track(record);
    return record;
  }

  /** Fills a record from the first packet of a new session; returns 1 where that packet runs against the flow, else 0. */
  #begin(packet: Packet, record: number, ports: number): number {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const turned = this.#isBiflow && isAnswer(packet) ? 1 : 0;
    this.#setKey(packet, word, ports, turned);
    words[word + field.state] = 0;
    words[word + field.part] = 0;
    this.#blank(packet, record);
    words[word + field.flowLabel] = packet.flowLabel | ((packet.icmpCode & 255) << 20);
    words[word + field.mplsLabel] = packet.mplsLabel;
    words[word + field.vlans] = (packet.vlanId + 1) | ((packet.vlanInnerId + 1) << 16);
    if (this.#options.keepMacs && packet.srcMac >= 0) this.#keepMacs(packet, record, turned);
    setSession(words, doubles, record);
    return turned;
  }

  #setKey(packet: Packet, word: number, ports: number, turned: number): void {
    const words = this.#table.words;
    const src = turned === 0 ? field.srcA : field.dstA;
    const dst = turned === 0 ? field.dstA : field.srcA;
    words[word + src] = packet.srcA;
    words[word + src + 1] = packet.srcB;
    words[word + src + 2] = packet.srcC;
    words[word + dst] = packet.dstA;
    words[word + dst + 1] = packet.dstB;
    words[word + dst + 2] = packet.dstC;
    words[word + field.srcD] = turned === 0 ? packet.srcD : packet.dstD;
    words[word + field.dstD] = turned === 0 ? packet.dstD : packet.srcD;
    words[word + field.ports] = turned === 0 ? ports : (ports << 16) | (ports >>> 16);
  }

  #keepParent(record: number, high: number, low: number): void {
    this.#table.openAnnex();
    this.#table.annex[record * annexWords + annexField.parentHigh] = high;
    this.#table.annex[record * annexWords + annexField.parentLow] = low;
  }

  #keepMacs(packet: Packet, record: number, turned: number): void {
    this.#table.openAnnex();
    const { annex, words } = this.#table;
    const src = turned === 0 ? packet.srcMac : packet.dstMac;
    const dst = turned === 0 ? packet.dstMac : packet.srcMac;
    const at = record * annexWords;
    words[record * recordWords + field.state]! |= state.macs;
    annex[at + annexField.macsHigh] = (Math.floor(src / 4294967296) << 16) | Math.floor(dst / 4294967296);
    annex[at + annexField.srcMacLow] = src;
    annex[at + annexField.dstMacLow] = dst;
  }

  /** Goes on with the same session after a cut: key, direction and what is known of sequence numbers stay. */
  #beginPart(packet: Packet, record: number): void {
    const words = this.#table.words;
    const word = record * recordWords;
    words[word + field.state]! &= state.initiator | state.synForward | state.sequenceForward | state.sequenceReverse | state.macs;
    words[word + field.part] = Math.min(words[word + field.part]! + 1, 0xffff);
    this.#blank(packet, record);
  }

  /** Sets the counters to zero and start and end to the time of a packet. */
  #blank(packet: Packet, record: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    doubles[double + field64.start] = packet.seconds;
    doubles[double + field64.last] = packet.seconds;
    words[word + field.startNanos] = packet.nanos;
    words[word + field.lastNanos] = packet.nanos;
    doubles[double + field64.packets] = 0;
    doubles[double + field64.reversePackets] = 0;
    doubles[double + field64.octets] = 0;
    doubles[double + field64.reverseOctets] = 0;
    words[word + field.traits] = ttlMost | (packet.tos << 16);
    words[word + field.retransmits] = 0;
    words[word + field.fragments] = 0;
    words[word + field.closedAfterMs] = 0;
  }

  /** Adds a packet to the counters of its flow. `turned` is 1 where it runs against the flow's direction. */
  #tally(packet: Packet, record: number, turned: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    const packets = doubles[double + field64.packets + turned]! + 1;
    doubles[double + field64.packets + turned] = packets;
    doubles[double + field64.octets + turned]! += packet.octets;
    words[word + field.touched] = this.#expiry.tick;
    let traits = words[word + field.traits]! | (packet.flags << 24);
    const { ttl } = packet;
    if (ttl < (traits & 255)) traits = (traits & ~255) | ttl;
    if (ttl > ((traits >>> 8) & 255)) traits = (traits & ~0xff00) | (ttl << 8);
    words[word + field.traits] = traits;
    if (turned === 1 && packets === 1) this.#noteAnswer(packet, word, double);
    if (packet.protocol === protocols.tcp) this.#tallyTcp(packet, word, turned);
    else if (packet.icmpType >= 0 && isRequest(packet)) words[word + field.state]! |= state.initiator;
    if (packet.isFragment !== 0) words[word + field.fragments]!++;
  }

  /** Notes the first reverse packet, whose time takes the place of the SYN's. */
  #noteAnswer(packet: Packet, word: number, double: number): void {
    const { words, doubles } = this.#table;
    const stateWord = words[word + field.state]!;
    const isSynAck = packet.protocol === protocols.tcp && isAnswer(packet);
    if (isSynAck && (stateWord & state.synWaits) !== 0) {
      const sent = doubles[double + field64.reverse]!;
      this.#noteRoundTrip(word, (packet.seconds - sent) * 1e9 + packet.nanos - words[word + field.reverseNanos]!);
    } else if (isSynAck) words[word + field.state]! |= state.answerWaits;
    doubles[double + field64.reverse] = packet.seconds;
    words[word + field.reverseNanos] = packet.nanos;
    words[word + field.state]! &= ~state.synWaits;
  }

  #noteRoundTrip(word: number, elapsedNs: number): void {
    if (elapsedNs < 0) return;
    this.#table.words[word + field.roundTripUs] = Math.min(Math.floor(elapsedNs / 1000), 0xffffffff);
    this.#table.words[word + field.state]! |= state.roundTrip;
  }

  #tallyTcp(packet: Packet, word: number, turned: number): void {
    // A later fragment has no TCP header.
    if (packet.srcPort < 0) return;
    const words = this.#table.words;
    const { tcpFlags } = packet;
    let stateWord = words[word + field.state]! | ((tcpFlags & 511) << (turned * state.reverseFlagsShift));
    const length = packet.tcpPayload + ((tcpFlags & flags.syn) >> 1) + (tcpFlags & flags.fin);
    if (length > 0) {
      // Sequence numbers wrap, so only differences are compared (RFC 9293 section 3.4).
      const end = (packet.tcpSequence + length) | 0;
      const seen = state.sequenceForward << turned;
      const highest = word + field.forwardSequence + turned;
      if ((stateWord & seen) === 0 || ((end - words[highest]!) | 0) > 0) words[highest] = end;
      else words[word + field.retransmits]!++;
      stateWord |= seen;
    }
    words[word + field.state] = stateWord;
    if ((tcpFlags & (flags.syn | flags.fin | flags.rst)) !== 0) this.#noteControl(packet, word, turned);
  }

  #noteControl(packet: Packet, word: number, turned: number): void {
    const record = word / recordWords;
    if ((packet.tcpFlags & (flags.syn | flags.ack)) === flags.syn && turned === 0) this.#noteSyn(packet, record);
    if ((packet.tcpFlags & (flags.fin | flags.rst)) !== 0) this.#noteClose(packet, record);
  }

  #noteSyn(packet: Packet, record: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    const stateWord = words[word + field.state]!;
    if ((stateWord & state.synForward) === 0) words[word + field.firstSequence] = packet.tcpSequence;
    words[word + field.state]! |= state.synForward | state.initiator;
    if (doubles[double + field64.reversePackets] === 0) {
      doubles[double + field64.reverse] = packet.seconds;
      words[word + field.reverseNanos] = packet.nanos;
      words[word + field.state]! |= state.synWaits;
    } else if ((stateWord & state.answerWaits) !== 0) {
      // The answer came first: merged captures and several queues do that.
      const answered = doubles[double + field64.reverse]!;
      this.#noteRoundTrip(word, (answered - packet.seconds) * 1e9 + words[word + field.reverseNanos]! - packet.nanos);
      words[word + field.state]! &= ~state.answerWaits;
    }
  }

  #noteClose(packet: Packet, record: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const stateWord = words[word + field.state]!;
    if ((stateWord & state.closed) !== 0) return;
    const forward = stateWord & 511;
    const reverse = (stateWord >>> state.reverseFlagsShift) & 511;
    const areBothDone = (forward & (this.#isBiflow ? reverse : flags.fin) & flags.fin) !== 0;
    if (!areBothDone && ((forward | reverse) & flags.rst) === 0) return;
    words[word + field.state] = stateWord | state.closed;
    const startSeconds = doubles[record * recordDoubles + field64.start]!;
    words[word + field.closedAfterMs] = clampMs(
      (packet.seconds - startSeconds) * 1e3 + (packet.nanos - words[word + field.startNanos]!) / 1e6,
    );
    if (this.#closeMs > 0) this.#expiry.track(record);
  }

  #countFragment(packet: Packet): number {
    this.#fragmented++;
    const metaWord = metaOf(packet, true);
    const place = this.#hasPlace ? placeOf(packet, this.#options.keyVlan, this.#options.keyInterface) : 0;
    this.#fragments ??= new FragmentTable(Math.max(1, Math.min(datagrams, this.#options.maxFlows >> 1)), this.#settle);
    const fragments = this.#fragments;
    const entry = fragments.find(packet, metaWord, place);
    if (packet.fragmentOffset === 0) return this.#countFirst(packet, metaWord, place, entry);
    if (entry < 0) {
      const record = this.#provisional(packet, metaWord, place);
      fragments.add(packet, metaWord, place, 0, record);
      return record;
    }
    const record = fragments.pendingOf(entry);
    if (record < 0) return this.#count(packet, fragments.portsOf(entry), metaWord & ~meta.portless);
    if (this.#table.doubles[record * recordDoubles + field64.packets]! >= fragmentsPerDatagram) return this.#count(packet, 0, metaWord);
    this.#stretch(packet, record);
    this.#tally(packet, record, 0);
    return record;
  }

  /** The fragment that has the transport header: the others follow it into its flow. */
  #countFirst(packet: Packet, metaWord: number, place: number, entry: number): number {
    const record = this.#countWhole(packet);
    // A first fragment that was cut short has no ports: then all of the datagram belongs to the flow without.
    if (packet.srcPort < 0 && packet.icmpType < 0) return record;
    const ports = packet.srcPort >= 0 ? (packet.srcPort << 16) | packet.dstPort : icmpPorts(packet, this.#isBiflow);
    const fragments = this.#fragments!;
    if (entry < 0) {
      fragments.add(packet, metaWord, place, ports, -1);
      return record;
    }
    const waiting = fragments.complete(entry, packet, ports);
    if (waiting < 0) return record;
    this.#merge(waiting, record, this.#table.words[record * recordWords + field.ports] === ports ? 0 : 1);
    this.#table.release(waiting);
    return record;
  }

  /** Opens a record for a datagram whose first fragment has not come: counted, but in no index and no slot. */
  #provisional(packet: Packet, metaWord: number, place: number): number {
    const record = this.#allocate();
    const words = this.#table.words;
    const word = record * recordWords;
    words[word + field.meta] = metaWord;
    words[word + field.place] = place;
    words[word + field.hash] = keyHash(packet, 0, metaWord, place);
    if (packet.tunnelDepth > 0) this.#keepParent(record, 0, 0);
    this.#begin(packet, record, 0);
    words[word + field.state]! |= state.provisional;
    this.#tally(packet, record, 0);
    return record;
  }

  /** Extends the time of a provisional record to a packet. */
  #stretch(packet: Packet, record: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    if (isBefore(packet.seconds, packet.nanos, doubles[double + field64.last]!, words[word + field.lastNanos]!)) {
      this.#takeLate(packet, word, double, 0);
      return;
    }
    doubles[double + field64.last] = packet.seconds;
    words[word + field.lastNanos] = packet.nanos;
  }

  /** Gives up waiting for a first fragment: the provisional record joins the flow without ports, or becomes it. */
  readonly #settle = (record: number): void => {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    words[word + field.state]! &= ~state.provisional;
    const found = this.#table.findLike(record, this.#isBiflow);
    if (found >= 0) {
      const flow = found >> 1;
      const silence = doubles[record * recordDoubles + field64.start]! - doubles[flow * recordDoubles + field64.last]!;
      if (silence * 1e9 <= this.#idleNs[words[word + field.meta]! & 255]!) {
        this.#merge(record, flow, found & 1);
        this.#table.release(record);
        return;
      }
      this.#end(flow, endReasons.idle);
    }
    this.#table.insert(record);
    this.#expiry.track(record);
  };

  /** Adds the fragments of one record to another. `turned` is 1 where they run against its direction. */
  #merge(from: number, into: number, turned: number): void {
    const { words, doubles } = this.#table;
    const word = into * recordWords;
    const double = into * recordDoubles;
    const fromWord = from * recordWords;
    const fromDouble = from * recordDoubles;
    const start = doubles[fromDouble + field64.start]!;
    const startNanos = words[fromWord + field.startNanos]!;
    if (turned === 1) {
      const isFirst = doubles[double + field64.reversePackets] === 0;
      if (isFirst || isBefore(start, startNanos, doubles[double + field64.reverse]!, words[word + field.reverseNanos]!)) {
        doubles[double + field64.reverse] = start;
        words[word + field.reverseNanos] = startNanos;
        words[word + field.state]! &= ~state.synWaits;
      }
    }
    doubles[double + field64.packets + turned]! += doubles[fromDouble + field64.packets]!;
    doubles[double + field64.octets + turned]! += doubles[fromDouble + field64.octets]!;
    words[word + field.fragments]! += words[fromWord + field.fragments]!;
    const aheadNs = (doubles[double + field64.start]! - start) * 1e9 + words[word + field.startNanos]! - startNanos;
    if (aheadNs > 0) {
      doubles[double + field64.start] = start;
      words[word + field.startNanos] = startNanos;
      words[word + field.closedAfterMs] = clampMs(words[word + field.closedAfterMs]! + aheadNs / 1e6);
    }
    const last = doubles[fromDouble + field64.last]!;
    const lastNanos = words[fromWord + field.lastNanos]!;
    if (isBefore(doubles[double + field64.last]!, words[word + field.lastNanos]!, last, lastNanos)) {
      doubles[double + field64.last] = last;
      words[word + field.lastNanos] = lastNanos;
    }
    const own = words[word + field.traits]!;
    const other = words[fromWord + field.traits]!;
    const least = Math.min(own & 255, other & 255);
    const most = Math.max(own & 0xff00, other & 0xff00);
    words[word + field.traits] = (own & 0xff0000) | least | most | ((own | other) & 0x3f000000);
    words[word + field.touched] = this.#expiry.tick;
  }

  /** Ends the eighth of some thousand records that were silent longest. */
  #makeRoom(): void {
    const { words, doubles, used } = this.#table;
    const scan = Math.min(evictionScan, used);
    let count = 0;
    for (let i = 0; i < scan; i++) {
      const record = (this.#hand + i) % used;
      if (!isEvictable(words, record)) continue;
      this.#ages[count++] = doubles[record * recordDoubles + field64.last]! + words[record * recordWords + field.lastNanos]! / 1e9;
    }
    if (count === 0) {
      // Nothing but fragments that wait: the oldest of them becomes a flow that can be ended.
      this.#hand = (this.#hand + scan) % used;
      this.#fragments?.dropOldest();
      return;
    }
    let quota = ((count - 1) >> 3) + 1;
    const oldest = this.#ages.subarray(0, count).sort()[quota - 1]!;
    for (let i = 0; i < scan && quota > 0; i++) {
      const record = (this.#hand + i) % used;
      if (!isEvictable(words, record)) continue;
      if (doubles[record * recordDoubles + field64.last]! + words[record * recordWords + field.lastNanos]! / 1e9 > oldest) continue;
      this.#end(record, endReasons.lackOfResources);
      quota--;
    }
    this.#hand = (this.#hand + scan) % used;
  }

  #end(record: number, reason: number): void {
    this.#write(record, reason);
    this.#expiry.untrack(record);
    this.#table.remove(record);
    this.#table.release(record);
  }

  #write(record: number, reason: number): void {
    this.#rows.write(this.#table, record, reason);
    this.#flowsByReason[reason]!++;
    if (this.#rows.batch.isFull) this.#rows.batch = this.#sink.full(this.#rows.batch);
  }
}

const isEvictable = (words: Int32Array, record: number): boolean =>
  words[record * recordWords + field.meta] !== 0 && (words[record * recordWords + field.state]! & state.provisional) === 0;

const isBefore = (seconds: number, nanos: number, otherSeconds: number, otherNanos: number): boolean =>
  seconds < otherSeconds || (seconds === otherSeconds && nanos < otherNanos);

const clampMs = (ms: number): number => Math.min(Math.ceil(ms), 0x7fffffff);

/** A packet that can only be the answer to one before it: TCP SYN+ACK, or the reply of an ICMP pair. */
const isAnswer = (packet: Packet): boolean =>
  packet.protocol === protocols.tcp ? (packet.tcpFlags & (flags.syn | flags.ack)) === (flags.syn | flags.ack) : isReply(packet);

/** Starts a meter; options that are not given have their defaults. */
export const createMeter = (options: Partial<MeterOptions>, sink: MeterSink): Meter => new Meter({ ...meterDefaults, ...options }, sink);
