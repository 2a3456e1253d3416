/**
 * One direction of a connection as HTTP/1.x messages. It looks for a message only where one may begin: at the start of the
 * stream, behind the message before, and, where octets were not captured, at the start of a segment. So a body that holds
 * `GET / HTTP/1.1` is no request.
 *
 *   start ─ first line? ─ head ─ body (length, chunks, until the end) ─┐
 *     ▲        └ no: other, lost                                       │
 *     └────────────────────────────────────────────────────────────────┘
 */
import { isHttpStart } from '../detail/http-start.ts';
import { ChunkCounter } from './chunk-counter.ts';
import { type BodyKind, bodyOf, type HttpHead, parseHttpHead } from './http-head.ts';
import type { FrameMark, StreamSink } from './stream-half.ts';

/** What became of a message: its head is known first, its end (with the octets of its body as sent) later. */
export type HttpListener = {
  head(head: HttpHead): void;
  /** `isWhole` is false where the connection ended, or octets were missing, before the end of the body. */
  body(octets: number, last: FrameMark, isWhole: boolean): void;
  /** The request that the next response answers, where that is known. */
  request(): HttpHead | undefined;
  /** The first octets of a stream that are no HTTP/1.x: TLS or HTTP/2 may be told from them. True when they were enough. */
  other(octets: Uint8Array, mark: FrameMark): boolean;
};

/** Octets of a head at most; what is longer is no head. */
const longestHead = 65_536;
/** Octets of something else that are looked at: a ClientHello with its keys. */
const longestOther = 16_384;

type State = 'start' | 'head' | 'body' | 'other' | 'lost' | 'tunnel';

export class HttpHalf implements StreamSink {
  readonly #listener: HttpListener;
  #state: State;
  #held = Buffer.alloc(0);
  #first: FrameMark | undefined;
  #body: BodyKind = 0;
  #chunks: ChunkCounter | undefined;
  #octets = 0;
  #last: FrameMark = { number: 0, seconds: 0, nanos: 0 };
  #isFirst = true;

  /** `isFromStart` is false where the beginning of the stream was not captured. */
  constructor(listener: HttpListener, isFromStart: boolean) {
    this.#listener = listener;
    this.#state = isFromStart ? 'start' : 'lost';
  }

  data(octets: Uint8Array, mark: FrameMark, isSegmentStart: boolean): void {
    let rest = octets;
    this.#last = mark;
    if (this.#state === 'lost' && isSegmentStart && isHttpStart(viewOf(octets), 0, octets.length)) this.#state = 'start';
    while (rest.length > 0) {
      if (this.#state === 'body') rest = this.#takeBody(rest, mark);
      else if (this.#state === 'start' || this.#state === 'head') rest = this.#takeHead(rest, mark);
      else {
        if (this.#state === 'other') this.#takeOther(rest, mark);
        return;
      }
    }
  }

  gap(octets: number): void {
    if (this.#state === 'body' && typeof this.#body === 'number' && octets <= this.#body) {
      this.#body -= octets;
      this.#octets += octets;
      if (this.#body === 0) this.#endBody(true);
      return;
    }
    if (this.#state === 'body' && this.#body === 'until-end') {
      this.#octets += octets;
      return;
    }
    if (this.#state === 'tunnel') return;
    if (this.#state === 'body') this.#endBody(false);
    this.#held = Buffer.alloc(0);
    this.#state = 'lost';
  }

  /** No more octets come. */
  end(): void {
    if (this.#state === 'body') this.#endBody(this.#body === 'until-end');
    this.#state = 'tunnel';
  }

  #takeHead(octets: Uint8Array, mark: FrameMark): Uint8Array {
    let rest = octets;
    if (this.#held.length === 0) {
      // Empty lines between messages are allowed (RFC 9112 section 2.2).
      if (!this.#isFirst) while (rest.length > 0 && (rest[0] === 13 || rest[0] === 10)) rest = rest.subarray(1);
      if (rest.length === 0) return rest;
      this.#first = mark;
    }
    const before = this.#held.length;
    const held = before === 0 ? Buffer.from(rest.buffer, rest.byteOffset, rest.length) : Buffer.concat([this.#held, rest]);
    if (this.#state === 'start' && !this.#isStart(held, mark)) return rest.subarray(rest.length);
    const end = endOfHead(held, Math.max(0, before - 3));
    if (end < 0) {
      if (held.length > longestHead) this.#fail(held, mark);
      else this.#held = Buffer.from(held);
      return rest.subarray(rest.length);
    }
    const head = parseHttpHead(held.toString('latin1', 0, end), this.#first as FrameMark, mark);
    this.#held = Buffer.alloc(0);
    if (head === undefined) {
      this.#fail(held, mark);
      return rest.subarray(rest.length);
    }
    this.#beginBody(head);
    const taken = endWithBreaks(held, end) - before;
    return rest.subarray(Math.max(0, taken));
  }

  /** Decides whether a message begins here as soon as that is known; while it is not, octets are held. */
  #isStart(held: Buffer, mark: FrameMark): boolean {
    if (isHttpStart(viewOf(held), 0, held.length)) {
      this.#state = 'head';
      return true;
    }
    if (mayBecomeStart(held)) this.#held = Buffer.from(held);
    else this.#fail(held, mark);
    return false;
  }

  #fail(held: Buffer, mark: FrameMark): void {
    this.#held = Buffer.alloc(0);
    this.#state = this.#isFirst ? 'other' : 'lost';
    if (this.#state === 'other') this.#takeOther(held, mark);
  }

  #takeOther(octets: Uint8Array, mark: FrameMark): void {
    const held = Buffer.concat([this.#held, octets]).subarray(0, longestOther);
    if (this.#listener.other(held, mark) || held.length === longestOther) {
      this.#state = 'tunnel';
      this.#held = Buffer.alloc(0);
    } else this.#held = held;
  }

  #beginBody(head: HttpHead): void {
    this.#isFirst = false;
    this.#octets = 0;
    this.#body = bodyOf(head, head.isRequest ? undefined : this.#listener.request());
    this.#chunks = this.#body === 'chunked' ? new ChunkCounter() : undefined;
    this.#state = 'body';
    this.#listener.head(head);
    if (this.#body === 0) this.#endBody(true);
    else if (this.#body === 'tunnel') {
      this.#endBody(true);
      this.#state = 'tunnel';
    }
  }

  #takeBody(octets: Uint8Array, mark: FrameMark): Uint8Array {
    if (typeof this.#body === 'number') {
      const taken = Math.min(this.#body, octets.length);
      this.#body -= taken;
      this.#octets += taken;
      if (this.#body === 0) this.#endBody(true);
      return octets.subarray(taken);
    }
    if (this.#chunks === undefined) {
      this.#octets += octets.length;
      return octets.subarray(octets.length);
    }
    const taken = this.#chunks.take(octets);
    this.#octets = this.#chunks.octets;
    if (this.#chunks.state === 'end') this.#endBody(true);
    else if (this.#chunks.state === 'wrong') {
      this.#endBody(false);
      this.#state = 'lost';
    }
    this.#last = mark;
    return octets.subarray(taken);
  }

  #endBody(isWhole: boolean): void {
    this.#state = 'start';
    this.#listener.body(this.#octets, this.#last, isWhole);
  }
}

const viewOf = (octets: Uint8Array): DataView => new DataView(octets.buffer, octets.byteOffset, octets.byteLength);

/** Where the empty line of a head begins, or -1. Both CR LF and bare LF end lines. */
function endOfHead(held: Buffer, from: number): number {
  for (let at = held.indexOf(10, from); at >= 0; at = held.indexOf(10, at + 1)) {
    if (held[at + 1] === 10) return held[at - 1] === 13 ? at - 1 : at;
    if (held[at + 1] === 13 && held[at + 2] === 10) return held[at - 1] === 13 ? at - 1 : at;
  }
  return -1;
}

/** The place behind the two line ends at `end`. */
function endWithBreaks(held: Buffer, end: number): number {
  let at = end;
  for (let breaks = 0; breaks < 2; at++) if (held[at] === 10) breaks++;
  return at;
}

/** Whether more octets may make a first line of this: it has no line end yet and begins as one. */
function mayBecomeStart(held: Buffer): boolean {
  if (held.length > 8192 || held.includes(10)) return false;
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,24}(?:$|[ /][^\x00-\x1f\x7f]*\r?$)/.test(held.toString('latin1'));
}
