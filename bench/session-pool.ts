/**
 * The sessions under way while a capture is made up, as columns: a slot for each, reused when a session ends, and a
 * wheel of milliseconds that says which of them send next. Nothing is allocated for a packet or a session.
 *
 *   wheel:  heads[tick] -> slot -> next[slot] -> ... -> -1
 */
export class SessionPool {
  /** What the session is; the maker's own numbers. */
  readonly kind: Uint8Array;
  /** Packets sent so far, and how many it sends between its opening and its end. */
  readonly step: Uint32Array;
  readonly length: Uint32Array;
  /** Octets sent by each side. */
  readonly sent: Uint32Array;
  readonly replied: Uint32Array;
  readonly client: Uint32Array;
  readonly server: Uint32Array;
  readonly clientPort: Uint16Array;
  readonly serverPort: Uint16Array;
  /** Sessions under way. */
  open = 0;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  #free = 0;

  /** Room for `capacity` sessions at once and for pauses of less than `ticks`. */
  constructor(capacity: number, ticks: number) {
    this.kind = new Uint8Array(capacity);
    this.clientPort = new Uint16Array(capacity);
    this.serverPort = new Uint16Array(capacity);
    const column = () => new Uint32Array(capacity);
    this.step = column();
    this.length = column();
    this.sent = column();
    this.replied = column();
    this.client = column();
    this.server = column();
    this.#heads = new Int32Array(ticks).fill(-1);
    this.#next = Int32Array.from({ length: capacity }, (_, slot) => (slot + 1 < capacity ? slot + 1 : -1));
  }

  /** A free slot with nothing sent, or -1 when all are taken. */
  take(): number {
    const slot = this.#free;
    if (slot === -1) return -1;
    this.#free = this.#next[slot] as number;
    this.step[slot] = 0;
    this.sent[slot] = 0;
    this.replied[slot] = 0;
    this.open++;
    return slot;
  }

  /** Gives a slot back; it must not be waiting. */
  end(slot: number): void {
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.open--;
  }

  /** Lets a session send again at `tick`. */
  wait(slot: number, tick: number): void {
    const at = tick % this.#heads.length;
    this.#next[slot] = this.#heads[at] as number;
    this.#heads[at] = slot;
  }

  /** Takes the next session that waits for `tick`, or -1. */
  due(tick: number): number {
    const at = tick % this.#heads.length;
    const slot = this.#heads[at] as number;
    if (slot !== -1) this.#heads[at] = this.#next[slot] as number;
    return slot;
  }
}
