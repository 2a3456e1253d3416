/**
 * What a flow keeps of its packets: begins records, adds packets to them, merges them. Which packet belongs to which flow,
 * and when a flow is over, is the meter's to decide.
 */
import type { Packet } from '../../packets/index.ts';
import { flowFlags } from '../schema.ts';
import type { Expiry } from './expiry.ts';
import { isReply, isRequest, protocols } from './flow-key.ts';
import { annexField, annexWords, field, field64, recordDoubles, recordWords, state } from './flow-record.ts';
import type { FlowTable } from './flow-table.ts';
import { setSession } from './session.ts';

/** TCP flags by name. */
export const tcpFlag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

const ttlMost = 255;
const outOfOrder = flowFlags.outOfOrder << 24;

export class Tally {
  readonly #table: FlowTable;
  readonly #expiry: Expiry;
  readonly #isBiflow: boolean;
  readonly #keepsMacs: boolean;
  readonly #closes: boolean;

  /** `closes`: whether the end of a TCP connection ends the flow. */
  constructor(table: FlowTable, expiry: Expiry, rules: { isBiflow: boolean; keepsMacs: boolean; closes: boolean }) {
    this.#table = table;
    this.#expiry = expiry;
    this.#isBiflow = rules.isBiflow;
    this.#keepsMacs = rules.keepsMacs;
    this.#closes = rules.closes;
  }

  /** A packet earlier than the last of its flow: marks the flow, and moves a start back that it precedes. */
  takeLate(packet: Packet, word: number, double: number, turned: number): void {
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

  /** Fills a record from the first packet of a new session; returns 1 where that packet runs against the flow, else 0. */
  begin(packet: Packet, record: number, ports: number): number {
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
    if (this.#keepsMacs && packet.srcMac >= 0) this.#keepMacs(packet, record, turned);
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

  keepParent(record: number, high: number, low: number): void {
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
  beginPart(packet: Packet, record: number): void {
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
  tally(packet: Packet, record: number, turned: number): void {
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
    const length = packet.tcpPayload + ((tcpFlags & tcpFlag.syn) >> 1) + (tcpFlags & tcpFlag.fin);
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
    if ((tcpFlags & (tcpFlag.syn | tcpFlag.fin | tcpFlag.rst)) !== 0) this.#noteControl(packet, word, turned);
  }

  #noteControl(packet: Packet, word: number, turned: number): void {
    const record = word / recordWords;
    if ((packet.tcpFlags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn && turned === 0) this.#noteSyn(packet, record);
    if ((packet.tcpFlags & (tcpFlag.fin | tcpFlag.rst)) !== 0) this.#noteClose(packet, record);
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
    const areBothDone = (forward & (this.#isBiflow ? reverse : tcpFlag.fin) & tcpFlag.fin) !== 0;
    if (!areBothDone && ((forward | reverse) & tcpFlag.rst) === 0) return;
    words[word + field.state] = stateWord | state.closed;
    const startSeconds = doubles[record * recordDoubles + field64.start]!;
    words[word + field.closedAfterMs] = clampMs(
      (packet.seconds - startSeconds) * 1e3 + (packet.nanos - words[word + field.startNanos]!) / 1e6,
    );
    if (this.#closes) this.#expiry.track(record);
  }

  /** Extends the time of a provisional record to a packet. */
  stretch(packet: Packet, record: number): void {
    const { words, doubles } = this.#table;
    const word = record * recordWords;
    const double = record * recordDoubles;
    if (isBefore(packet.seconds, packet.nanos, doubles[double + field64.last]!, words[word + field.lastNanos]!)) {
      this.takeLate(packet, word, double, 0);
      return;
    }
    doubles[double + field64.last] = packet.seconds;
    words[word + field.lastNanos] = packet.nanos;
  }

  /** Adds the fragments of one record to another. `turned` is 1 where they run against its direction. */
  merge(from: number, into: number, turned: number): void {
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
}

const isBefore = (seconds: number, nanos: number, otherSeconds: number, otherNanos: number): boolean =>
  seconds < otherSeconds || (seconds === otherSeconds && nanos < otherNanos);

const clampMs = (ms: number): number => Math.min(Math.ceil(ms), 0x7fffffff);

/** A packet that can only be the answer to one before it: TCP SYN+ACK, or the reply of an ICMP pair. */
const isAnswer = (packet: Packet): boolean =>
  packet.protocol === protocols.tcp ? (packet.tcpFlags & (tcpFlag.syn | tcpFlag.ack)) === (tcpFlag.syn | tcpFlag.ack) : isReply(packet);
