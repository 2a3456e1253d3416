/**
 * HTTP on any port: requests with the answers that belong to them, from the packets of a capture. Connections are put
 * together as far as needed, so that requests behind the first and heads over several segments are seen. What cannot be
 * read is named: TLS with the server that was asked for, HTTP/2 by its preface.
 */
import { type ClientHello, isTlsStart, parseClientHello } from '../detail/tls.ts';
import type { Packet } from '../packet.ts';
import { protocols } from '../transport.ts';
import { ConnectionKey } from './connection-key.ts';
import { addressesOf, type Ends } from './ends.ts';
import { HttpHalf, type HttpListener } from './http-half.ts';
import type { HttpHead } from './http-head.ts';
import { type FrameMark, StreamHalf } from './stream-half.ts';

/** A message with its body: octets as sent, and the packet in which it ended; null where that is not known. */
export type HttpMessage = { head: HttpHead; octets: number; end: FrameMark | null; isWhole: boolean };

/** What a connection was used for, once. Either side may be missing where it was not captured. */
export type HttpExchange = Ends & { kind: 'http'; request: HttpMessage | undefined; response: HttpMessage | undefined };

/** A connection that cannot be read. */
export type OtherUse = Ends & { kind: 'tls' | 'http2'; mark: FrameMark; hello: ClientHello | undefined };

/** Connections followed at once; the oldest is given up for a new one. */
export const mostConnections = 50_000;
/** Requests that wait for an answer on one connection. */
const mostWaiting = 1000;

const fin = 1;
const syn = 2;
const reset = 4;
const ack = 16;

export class HttpFollower {
  /** Connections that were given up since there were too many. */
  dropped = 0;
  readonly #onUse: (use: HttpExchange | OtherUse) => void;
  readonly #most: number;
  readonly #connections = new Map<string, Connection>();
  readonly #key = new ConnectionKey();
  readonly #heads: HttpHead[] = [];

  constructor(onUse: (use: HttpExchange | OtherUse) => void, most = mostConnections) {
    this.#onUse = onUse;
    this.#most = most;
  }

  /** Takes a decoded packet; answers the heads that were complete with it, valid until the next call. */
  take(view: DataView, packet: Packet, number: number): readonly HttpHead[] {
    this.#heads.length = 0;
    if (packet.protocol !== protocols.tcp || packet.srcPort < 0 || packet.isFragment !== 0) return this.#heads;
    this.#key.read(packet);
    const { text, isTurned } = this.#key;
    let connection = this.#connections.get(text);
    const { tcpFlags: flags, tcpPayload } = packet;
    if ((flags & (syn | ack)) === syn && connection?.isOver(isTurned ? 1 : 0, packet.tcpSequence)) {
      this.#forget(text, connection);
      connection = undefined;
    }
    if (connection === undefined) {
      if ((flags & syn) === 0 && tcpPayload === 0) return this.#heads;
      connection = this.#open(text, packet, isTurned);
    }
    const octets = new Uint8Array(view.buffer, view.byteOffset + packet.payloadOffset, Math.min(packet.payloadLength, tcpPayload));
    connection.take(isTurned ? 1 : 0, packet, octets, { number, seconds: packet.seconds, nanos: packet.nanos });
    if ((flags & reset) !== 0 || connection.isEnded) this.#forget(text, connection);
    return this.#heads;
  }

  /** Tells what is still open; nothing may be taken behind that. */
  end(): void {
    for (const [text, connection] of this.#connections) this.#forget(text, connection);
  }

  #open(text: string, packet: Packet, isTurned: boolean): Connection {
    const oldest = this.#connections.entries().next();
    if (this.#connections.size >= this.#most && !oldest.done) {
      this.#forget(...oldest.value);
      this.dropped++;
    }
    const connection = new Connection(packet, isTurned, { onUse: this.#onUse, onHead: (head) => this.#heads.push(head) });
    this.#connections.set(text, connection);
    return connection;
  }

  #forget(text: string, connection: Connection): void {
    connection.end();
    this.#connections.delete(text);
  }
}

type Tell = { onUse: (use: HttpExchange | OtherUse) => void; onHead: (head: HttpHead) => void };

/** Both directions of a connection; side 0 is the lower end of its key. */
class Connection {
  readonly #tell: Tell;
  readonly #addresses: readonly [string, string];
  readonly #ports: readonly [number, number];
  readonly #https: [HttpHalf, HttpHalf];
  readonly #streams: [StreamHalf, StreamHalf];
  readonly #ends = [false, false];
  readonly #waiting: HttpMessage[] = [];
  /** Messages whose body has not ended, by side. */
  readonly #open: (HttpMessage | undefined)[] = [undefined, undefined];
  /** The side that sent the first SYN, or -1. */
  #client = -1;
  #clientSequence = 0;

  constructor(packet: Packet, isTurned: boolean, tell: Tell) {
    this.#tell = tell;
    const [source, target] = addressesOf(packet);
    this.#addresses = isTurned ? [target, source] : [source, target];
    this.#ports = isTurned ? [packet.dstPort, packet.srcPort] : [packet.srcPort, packet.dstPort];
    const isFromStart = (packet.tcpFlags & syn) !== 0;
    this.#https = [new HttpHalf(this.#listener(0), isFromStart), new HttpHalf(this.#listener(1), isFromStart)];
    this.#streams = [new StreamHalf(this.#https[0]), new StreamHalf(this.#https[1])];
  }

  /** Both sides have said that they send nothing more. */
  get isEnded(): boolean {
    return this.#ends[0] === true && this.#ends[1] === true;
  }

  /** Whether a SYN of that side and number begins another connection. */
  isOver(side: number, sequence: number): boolean {
    return this.#client !== side || this.#clientSequence !== sequence;
  }

  take(side: 0 | 1, packet: Packet, octets: Uint8Array, mark: FrameMark): void {
    const stream = this.#streams[side];
    const { tcpFlags: flags } = packet;
    if ((flags & syn) !== 0) {
      if (this.#client < 0) {
        this.#client = (flags & ack) === 0 ? side : 1 - side;
        this.#clientSequence = packet.tcpSequence;
      }
      if (!stream.isKnown) stream.begin(packet.tcpSequence);
    }
    // Data on a SYN (RFC 7413) begins behind it.
    const sequence = (flags & syn) === 0 ? packet.tcpSequence : (packet.tcpSequence + 1) | 0;
    if (packet.tcpPayload > 0) stream.segment(sequence, octets, packet.tcpPayload - octets.length, mark);
    if ((flags & ack) !== 0) this.#streams[(1 - side) as 0 | 1].acknowledged(packet.tcpAcknowledgement);
    if ((flags & (fin | reset)) !== 0) this.#ends[side] = true;
  }

  end(): void {
    for (const side of [0, 1] as const) {
      this.#streams[side].end();
      this.#https[side].end();
    }
    for (const request of this.#waiting.splice(0)) this.#tellExchange(request, undefined, this.#sideOf(request));
  }

  readonly #sides = new WeakMap<HttpMessage, number>();
  #sideOf(request: HttpMessage): number {
    return this.#sides.get(request) ?? 0;
  }

  #listener(side: 0 | 1): HttpListener {
    return {
      head: (head) => this.#begin(side, head),
      body: (octets, end, isWhole) => this.#finish(side, octets, end, isWhole),
      request: () => this.#waiting[0]?.head,
      other: (octets, mark) => this.#judge(side, octets, mark),
    };
  }

  #begin(side: 0 | 1, head: HttpHead): void {
    const message: HttpMessage = { head, octets: 0, end: null, isWhole: false };
    this.#open[side] = message;
    this.#tell.onHead(head);
    if (!head.isRequest) return;
    this.#sides.set(message, side);
    if (this.#waiting.length === mostWaiting) {
      const oldest = this.#waiting.shift() as HttpMessage;
      this.#tellExchange(oldest, undefined, this.#sideOf(oldest));
    }
    this.#waiting.push(message);
  }

  #finish(side: 0 | 1, octets: number, end: FrameMark, isWhole: boolean): void {
    const message = this.#open[side];
    if (message === undefined) return;
    this.#open[side] = undefined;
    Object.assign(message, { octets, end, isWhole });
    // 1xx are not the answer, but 101 ends the use of HTTP.
    if (message.head.isRequest || (message.head.status < 200 && message.head.status !== 101)) return;
    this.#tellExchange(this.#waiting.shift(), message, 1 - side);
  }

  #tellExchange(request: HttpMessage | undefined, response: HttpMessage | undefined, client: number): void {
    this.#tell.onUse({ kind: 'http', ...this.#endsOf(client), request, response });
  }

  #judge(side: 0 | 1, octets: Uint8Array, mark: FrameMark): boolean {
    const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    if (isTlsStart(view, 0, octets.length)) {
      if (octets.length < 5 + view.getUint16(3)) return false;
      this.#tell.onUse({ kind: 'tls', ...this.#endsOf(side), mark, hello: parseClientHello(view, 0, octets.length) });
      return true;
    }
    const isHttp2 = Buffer.from(octets.buffer, octets.byteOffset, Math.min(24, octets.length))
      .toString('latin1')
      .startsWith('PRI * HTTP/2.0');
    if (isHttp2) this.#tell.onUse({ kind: 'http2', ...this.#endsOf(side), mark, hello: undefined });
    return isHttp2 || octets.length >= 6;
  }

  #endsOf(client: number): Ends {
    const server = 1 - client;
    return {
      client: this.#addresses[client] as string,
      clientPort: this.#ports[client] as number,
      server: this.#addresses[server] as string,
      serverPort: this.#ports[server] as number,
    };
  }
}
