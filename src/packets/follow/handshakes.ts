/**
 * TCP handshakes in a capture: who asked whom, what came of it, and how long each side took.
 *
 *   SYN ── SYN-ACK ── ACK          established; rttServer is the first gap, rttClient the second
 *     │        │
 *     │        ├── silence          half-open
 *     │        └── RST of client    reset-by-client: what a SYN scan leaves
 *     ├── RST                       refused
 *     ├── ICMP error                unreachable
 *     └── silence                   no-answer
 *
 * Memory is bounded: beyond `most` handshakes at once the oldest is told as it is.
 */
import { networkEnd, tcpOffset } from '../detail/layers.ts';
import type { Packet } from '../packet.ts';
import { protocols } from '../transport.ts';
import { ConnectionKey } from './connection-key.ts';
import { addressesOf, type Ends } from './ends.ts';
import { quotedTcp } from './quoted-tcp.ts';
import type { FrameMark } from './stream-half.ts';

export const handshakeOutcomes = [
  'established',
  'refused',
  'no-answer',
  'half-open',
  'reset-by-client',
  'reset-after-accept',
  'unreachable',
  'midstream',
  'simultaneous',
] as const;
export type HandshakeOutcome = (typeof handshakeOutcomes)[number];

/** One handshake. Round trips are nanoseconds, null where they were not seen. */
export type Handshake = Ends & {
  outcome: HandshakeOutcome;
  /** The packet of the first SYN; of a connection met midstream the first packet. */
  start: FrameMark;
  rttServer: number | null;
  rttClient: number | null;
  /** SYNs and SYN-ACKs that were sent again. */
  synRetries: number;
  synAckRetries: number;
  /** Which of several SYNs was answered cannot be told (Karn's problem): `rttServer` is then null. */
  isAmbiguous: boolean;
  /** Type and code of the ICMP error. */
  icmp: { type: number; code: number } | null;
};

export const mostHandshakes = 50_000;
/** A SYN of the same ends with another number after this many seconds is another connection (spec of TIME-WAIT: 60 s on Linux). */
const anewAfterSeconds = 60;
/** Without the last ACK for so long a handshake is half-open. */
const halfOpenSeconds = 5;

const fin = 1;
const syn = 2;
const reset = 4;
const ack = 16;

type State = {
  handshake: Handshake;
  /** Which end of the key is the client. */
  client: boolean;
  sequence: number;
  syns: { mark: FrameMark; stamp: number }[];
  synAck: FrameMark | undefined;
  synAckSequence: number;
  /** Told already; kept so that a reset before data can still be seen. */
  isSettled: boolean;
  hasData: boolean;
  isClosed: boolean;
};

export class Handshakes {
  /** Handshakes that were told early since there were too many. */
  dropped = 0;
  readonly #onEnd: (handshake: Handshake) => void;
  readonly #most: number;
  readonly #states = new Map<string, State>();
  readonly #key = new ConnectionKey();
  #clock = 0;

  /** `onEnd` hears each handshake once, when its outcome is certain, or at `end`. */
  constructor(onEnd: (handshake: Handshake) => void, most = mostHandshakes) {
    this.#onEnd = onEnd;
    this.#most = most;
  }

  /** Takes a decoded packet. `offset` is where its frame starts in `view`. */
  take(view: DataView, offset: number, packet: Packet, number: number): void {
    if (packet.seconds > this.#clock) this.#clock = packet.seconds;
    if (packet.isFragment !== 0) return;
    if (packet.protocol === protocols.icmp || packet.protocol === protocols.icmpv6) {
      this.#takeIcmp(view, offset, packet);
      return;
    }
    if (packet.protocol !== protocols.tcp || packet.srcPort < 0) return;
    this.#key.read(packet);
    const { text, isTurned } = this.#key;
    const mark = { number, seconds: packet.seconds, nanos: packet.nanos };
    const state = this.#states.get(text);
    const flags = packet.tcpFlags;
    if ((flags & (syn | ack | reset)) === syn) this.#takeSyn(view, packet, mark, state);
    else if (state === undefined) this.#openMidstream(text, packet, mark, isTurned);
    else if (state.handshake.outcome !== 'midstream') this.#advance(view, text, state, packet, mark);
  }

  /** Tells those whose time has passed, as far as `seconds`: for a capture that goes on without them. */
  settle(seconds: number): void {
    this.#clock = Math.max(this.#clock, seconds);
    for (const [text, state] of this.#states) {
      const isOld =
        this.#clock - (state.synAck ?? state.handshake.start).seconds > (state.synAck === undefined ? anewAfterSeconds : halfOpenSeconds);
      if (isOld) {
        this.#finish(state);
        if (state.handshake.outcome !== 'midstream') this.#states.delete(text);
      }
    }
  }

  /** Tells all that are left. */
  end(): void {
    for (const state of this.#states.values()) this.#finish(state);
    this.#states.clear();
  }

  #takeSyn(view: DataView, packet: Packet, mark: FrameMark, state: State | undefined): void {
    const { text, isTurned } = this.#key;
    const stamp = stampOf(view, packet)?.value ?? 0;
    if (state === undefined || state.handshake.outcome === 'midstream') {
      this.#open(text, packet, mark, isTurned, stamp);
      return;
    }
    const isClient = state.client === isTurned;
    if (isClient && packet.tcpSequence === state.sequence) {
      if (state.syns.length < 16) state.syns.push({ mark, stamp });
      state.handshake.synRetries++;
      return;
    }
    const isAnew = state.isSettled || state.isClosed || isClient || mark.seconds - state.handshake.start.seconds > anewAfterSeconds;
    if (!isAnew) {
      state.handshake.outcome = 'simultaneous';
      this.#settleAs(state, 'simultaneous');
      return;
    }
    this.#finish(state);
    this.#states.delete(text);
    this.#open(text, packet, mark, isTurned, stamp);
  }

  #advance(view: DataView, text: string, state: State, packet: Packet, mark: FrameMark): void {
    const isClient = this.#key.isTurned === state.client;
    const flags = packet.tcpFlags;
    if ((flags & (syn | ack)) === (syn | ack)) {
      if (!isClient) this.#takeSynAck(view, state, packet, mark);
      return;
    }
    if ((flags & reset) !== 0) {
      this.#takeReset(state, isClient);
      state.isClosed = true;
      this.#states.delete(text);
      return;
    }
    if (isClient && state.synAck !== undefined && state.handshake.rttClient === null && (flags & ack) !== 0) {
      if (((packet.tcpAcknowledgement - state.synAckSequence) | 0) >= 1) {
        state.handshake.rttClient = between(state.synAck, mark);
        state.handshake.outcome = 'established';
      }
    }
    if (packet.tcpPayload > 0) state.hasData = true;
    // A reset before data tells something else, so the end waits for data or for the end of the connection.
    if (state.handshake.outcome === 'established' && (state.hasData || (flags & fin) !== 0)) this.#settleAs(state, 'established');
    if ((flags & fin) !== 0) state.isClosed = true;
  }

  #takeSynAck(view: DataView, state: State, packet: Packet, mark: FrameMark): void {
    if (((packet.tcpAcknowledgement - state.sequence) | 0) < 1) return;
    if (state.synAck !== undefined) {
      state.handshake.synAckRetries++;
      return;
    }
    state.synAck = mark;
    state.synAckSequence = packet.tcpSequence;
    state.handshake.outcome = state.handshake.outcome === 'simultaneous' ? 'simultaneous' : 'half-open';
    const asked = this.#answered(view, state, packet);
    if (asked === undefined) state.handshake.isAmbiguous = true;
    else state.handshake.rttServer = between(asked.mark, mark);
  }

  /** The SYN that a SYN-ACK answers: the only one, or the one whose time stamp it echoes. */
  #answered(view: DataView, state: State, packet: Packet): { mark: FrameMark } | undefined {
    if (state.syns.length === 1 && state.handshake.synRetries === 0) return state.syns[0];
    const echo = stampOf(view, packet)?.echo;
    const same = echo === undefined || echo === 0 ? [] : state.syns.filter(({ stamp }) => stamp === echo);
    return same.length === 1 ? same[0] : undefined;
  }

  #takeReset(state: State, isClient: boolean): void {
    const { outcome } = state.handshake;
    if (state.isSettled) return;
    if (outcome === 'established' && !state.hasData) this.#settleAs(state, 'reset-after-accept');
    else if (outcome === 'half-open') this.#settleAs(state, isClient ? 'reset-by-client' : 'reset-after-accept');
    else if (outcome === 'no-answer' && !isClient) this.#settleAs(state, 'refused');
    else this.#settleAs(state, outcome);
  }

  #takeIcmp(view: DataView, offset: number, packet: Packet): void {
    const quoted = quotedTcp(view, networkEnd(offset, packet), packet);
    if (quoted === undefined) return;
    this.#key.read(quoted);
    const state = this.#states.get(this.#key.text);
    if (state === undefined || state.isSettled || state.handshake.outcome !== 'no-answer') return;
    if (state.client !== this.#key.isTurned || quoted.tcpSequence !== state.sequence) return;
    state.handshake.icmp = { type: packet.icmpType, code: packet.icmpCode };
    this.#settleAs(state, 'unreachable');
  }

  #open(text: string, packet: Packet, start: FrameMark, isTurned: boolean, stamp: number): void {
    this.#makeRoom();
    this.#states.set(text, {
      handshake: newHandshake(packet, 'no-answer', start),
      client: isTurned,
      sequence: packet.tcpSequence,
      syns: [{ mark: start, stamp }],
      synAck: undefined,
      synAckSequence: 0,
      isSettled: false,
      hasData: false,
      isClosed: false,
    });
  }

  /** A connection whose beginning was not captured: nobody is called client, and its first packet's sender stands first. */
  #openMidstream(text: string, packet: Packet, start: FrameMark, isTurned: boolean): void {
    if ((packet.tcpFlags & (syn | reset)) !== 0 && packet.tcpPayload === 0) return;
    this.#makeRoom();
    const handshake = newHandshake(packet, 'midstream', start);
    const state = { handshake, client: isTurned, sequence: 0, syns: [], synAck: undefined, synAckSequence: 0 };
    this.#states.set(text, { ...state, isSettled: false, hasData: true, isClosed: false });
  }

  #makeRoom(): void {
    if (this.#states.size < this.#most) return;
    const oldest = this.#states.entries().next();
    if (oldest.done) return;
    const [text, state] = oldest.value;
    if (!state.isSettled) this.dropped++;
    this.#finish(state);
    this.#states.delete(text);
  }

  #settleAs(state: State, outcome: HandshakeOutcome): void {
    if (state.isSettled) return;
    state.isSettled = true;
    state.handshake.outcome = outcome;
    this.#onEnd(state.handshake);
  }

  #finish(state: State): void {
    this.#settleAs(state, state.handshake.outcome);
  }
}

function newHandshake(packet: Packet, outcome: HandshakeOutcome, start: FrameMark): Handshake {
  const [client, server] = addressesOf(packet);
  const ends = { client, clientPort: packet.srcPort, server, serverPort: packet.dstPort };
  return { ...ends, outcome, start, rttServer: null, rttClient: null, synRetries: 0, synAckRetries: 0, isAmbiguous: false, icmp: null };
}

const between = (from: FrameMark, to: FrameMark): number => (to.seconds - from.seconds) * 1e9 + to.nanos - from.nanos;

/** The TCP time stamps option (RFC 7323 section 3.2). */
function stampOf(view: DataView, packet: Packet): { value: number; echo: number } | undefined {
  const start = tcpOffset(view, packet);
  if (start < 0) return undefined;
  const end = Math.min(packet.payloadOffset, view.byteLength);
  for (let at = start + 20; at < end; ) {
    const kind = view.getUint8(at);
    if (kind === 0) return undefined;
    if (kind === 1) at++;
    else {
      const length = end - at < 2 ? 0 : view.getUint8(at + 1);
      if (length < 2 || at + length > end) return undefined;
      if (kind === 8 && length === 10) return { value: view.getUint32(at + 2), echo: view.getUint32(at + 6) };
      at += length;
    }
  }
  return undefined;
}
