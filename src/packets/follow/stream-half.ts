/**
 * One direction of a TCP connection as the octets that were sent: segments in any order, repeated or overlapping, come out
 * once and in order. What was never captured comes out as a gap as soon as it is known that nobody waits for it.
 *
 *   taken ────────┤ next            held, by sequence
 *                 │   hole   │ segment │  hole  │ segment │
 */

/** Which packet brought some octets. */
export type FrameMark = { readonly number: number; readonly seconds: number; readonly nanos: number };

/** What a stream is told. Octets are valid during the call alone. */
export type StreamSink = {
  /** `isSegmentStart` tells that these octets begin where a segment began. */
  data(octets: Uint8Array, mark: FrameMark, isSegmentStart: boolean): void;
  gap(octets: number): void;
};

type Held = { sequence: number; octets: Uint8Array; lost: number; mark: FrameMark };

/** Kept of what lies behind a hole; with more the hole is taken for lost. */
const mostHeldOctets = 1_048_576;
const mostHeld = 256;

/** The distance from one sequence number to another, -2^31 to 2^31 - 1. */
const distance = (from: number, to: number): number => (to - from) | 0;

export class StreamHalf {
  readonly #sink: StreamSink;
  #next = 0;
  #isKnown = false;
  #held: Held[] = [];
  #heldOctets = 0;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  /** True once the place in the stream is known. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Begins at the octet behind a SYN of that number. */
  begin(sequence: number): void {
    this.#isKnown = true;
    this.#next = (sequence + 1) | 0;
    this.#held = [];
    this.#heldOctets = 0;
  }

  /** Takes a segment: what was captured of it, and how many octets of it were not. */
  segment(sequence: number, octets: Uint8Array, lost: number, mark: FrameMark): void {
    if (!this.#isKnown) {
      this.#isKnown = true;
      this.#next = sequence;
    }
    const ahead = distance(this.#next, sequence);
    if (ahead > 0) {
      this.#hold(sequence, octets, lost, mark);
      return;
    }
    this.#deliver(-ahead, octets, lost, mark);
    if (this.#held.length > 0) this.#release();
  }

  /** Takes an acknowledgement of the other side: what it has got and we have not was not captured. */
  acknowledged(acknowledgement: number): void {
    const first = this.#held[0];
    if (first !== undefined && distance(first.sequence, acknowledgement) >= 0) this.#skipHole();
  }

  /** Gives up waiting for what is missing. */
  end(): void {
    while (this.#held.length > 0) this.#skipHole();
  }

  #deliver(known: number, octets: Uint8Array, lost: number, mark: FrameMark): void {
    const fresh = octets.length + lost - known;
    if (fresh <= 0) return;
    this.#next = (this.#next + fresh) | 0;
    if (known < octets.length) this.#sink.data(known === 0 ? octets : octets.subarray(known), mark, known === 0);
    if (lost > 0) this.#sink.gap(Math.min(lost, fresh));
  }

  #hold(sequence: number, octets: Uint8Array, lost: number, mark: FrameMark): void {
    if (this.#held.some((held) => held.sequence === sequence && held.octets.length >= octets.length)) return;
    let at = this.#held.length;
    while (at > 0 && distance(sequence, (this.#held[at - 1] as Held).sequence) > 0) at--;
    this.#held.splice(at, 0, { sequence, octets: octets.slice(), lost, mark });
    this.#heldOctets += octets.length;
    if (this.#heldOctets > mostHeldOctets || this.#held.length > mostHeld) this.#skipHole();
  }

  #skipHole(): void {
    const first = this.#held[0] as Held;
    const missing = distance(this.#next, first.sequence);
    if (missing > 0) {
      this.#next = first.sequence;
      this.#sink.gap(missing);
    }
    this.#release();
  }

  #release(): void {
    for (;;) {
      const first = this.#held[0];
      if (first === undefined) return;
      const ahead = distance(this.#next, first.sequence);
      if (ahead > 0) return;
      this.#held.shift();
      this.#heldOctets -= first.octets.length;
      this.#deliver(-ahead, first.octets, first.lost, first.mark);
    }
  }
}
