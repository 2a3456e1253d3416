/**
 * Datagrams that came in fragments. Only the first fragment has ports, so the table remembers them for those that follow;
 * where others come before it, they are counted on a provisional record that the meter merges into the flow once the
 * first is there, or after 30 s into the flow without ports.
 *
 * At most 65,536 datagrams are kept, the oldest leave first; the table takes 5 MB from the first fragment on.
 */
import type { Packet } from '../../packets/index.ts';
import { mixWords } from './flow-key.ts';

/** How long the fragments of a datagram may be apart: RFC 791 and RFC 8200 speak of 15 to 60 s for reassembly. */
const lifeSeconds = 30;
const entryWords = 16;

const at = {
  src: 0,
  dst: 4,
  identification: 8,
  meta: 9,
  place: 10,
  ports: 11,
  /** The provisional record, or -1 once the ports are known. */
  pending: 12,
  next: 13,
  bucket: 14,
} as const;

export class FragmentTable {
  /** Datagrams whose first fragment has not come. */
  pending = 0;
  readonly #capacity: number;
  readonly #settle: (record: number) => void;
  readonly #entries: Int32Array;
  readonly #seconds: Float64Array;
  /** First entry of each bucket; a power of two of them. */
  readonly #heads: Int32Array;
  /** Entries form a ring in order of arrival. */
  #oldest = 0;
  #count = 0;

  /** `settle` takes over a provisional record whose first fragment did not come in time. */
  constructor(capacity: number, settle: (record: number) => void) {
    this.#capacity = capacity;
    this.#settle = settle;
    this.#entries = new Int32Array(capacity * entryWords);
    this.#seconds = new Float64Array(capacity);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(capacity))).fill(-1);
  }

  /** The datagram of a fragment, or -1. `metaWord` and `place` are those of the key without ports. */
  find(packet: Packet, metaWord: number, place: number): number {
    for (let entry = this.#heads[this.#bucketOf(packet)]!; entry >= 0; entry = this.#entries[entry * entryWords + at.next]!) {
      if (!this.#isOf(packet, entry * entryWords, metaWord, place)) continue;
      if (Math.abs(packet.seconds - this.#seconds[entry]!) <= lifeSeconds) return entry;
      this.#drop(entry);
      return -1;
    }
    return -1;
  }

  /** Adds the datagram of a fragment, with its ports or with a provisional record (else -1). */
  add(packet: Packet, metaWord: number, place: number, ports: number, record: number): void {
    if (this.#count === this.#capacity) this.dropOldest();
    const entry = (this.#oldest + this.#count++) % this.#capacity;
    const word = entry * entryWords;
    const entries = this.#entries;
    const bucket = this.#bucketOf(packet);
    entries[word] = packet.srcA;
    entries[word + 1] = packet.srcB;
    entries[word + 2] = packet.srcC;
    entries[word + 3] = packet.srcD;
    entries[word + at.dst] = packet.dstA;
    entries[word + at.dst + 1] = packet.dstB;
    entries[word + at.dst + 2] = packet.dstC;
    entries[word + at.dst + 3] = packet.dstD;
    entries[word + at.identification] = packet.identification;
    entries[word + at.meta] = metaWord;
    entries[word + at.place] = place;
    entries[word + at.ports] = ports;
    entries[word + at.pending] = record;
    entries[word + at.next] = this.#heads[bucket]!;
    entries[word + at.bucket] = bucket;
    this.#heads[bucket] = entry;
    this.#seconds[entry] = packet.seconds;
    if (record >= 0) this.pending++;
  }

  /** The port words of the first fragment; only where `pendingOf` is -1. */
  portsOf(entry: number): number {
    return this.#entries[entry * entryWords + at.ports]!;
  }

  /** The provisional record of a datagram whose first fragment has not come, else -1. */
  pendingOf(entry: number): number {
    return this.#entries[entry * entryWords + at.pending]!;
  }

  /** Notes the first fragment of a datagram and gives back its provisional record, or -1. */
  complete(entry: number, packet: Packet, ports: number): number {
    const word = entry * entryWords;
    const record = this.#entries[word + at.pending]!;
    if (record >= 0) this.pending--;
    this.#entries[word + at.pending] = -1;
    this.#entries[word + at.ports] = ports;
    this.#seconds[entry] = packet.seconds;
    return record;
  }

  /** Drops what is older than 30 s. */
  expire(clockSeconds: number): void {
    while (this.#count > 0 && clockSeconds - this.#seconds[this.#oldest]! > lifeSeconds) this.dropOldest();
  }

  /** Drops the datagram that came first; false when the table is empty. */
  dropOldest(): boolean {
    if (this.#count === 0) return false;
    const entry = this.#oldest;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    this.#count--;
    this.#drop(entry);
    return true;
  }

  /** Takes an entry out of its bucket and settles it; its place in the ring is freed in turn. */
  #drop(entry: number): void {
    const word = entry * entryWords;
    const bucket = this.#entries[word + at.bucket]!;
    if (bucket < 0) return;
    const next = this.#entries[word + at.next]!;
    let before = this.#heads[bucket]!;
    if (before === entry) this.#heads[bucket] = next;
    else {
      while (this.#entries[before * entryWords + at.next] !== entry) before = this.#entries[before * entryWords + at.next]!;
      this.#entries[before * entryWords + at.next] = next;
    }
    this.#entries[word + at.bucket] = -1;
    const record = this.#entries[word + at.pending]!;
    this.#entries[word + at.pending] = -1;
    if (record < 0) return;
    this.pending--;
    this.#settle(record);
  }

  #isOf(packet: Packet, word: number, metaWord: number, place: number): boolean {
    const entries = this.#entries;
    return (
      entries[word + at.identification] === packet.identification &&
      entries[word + at.meta] === metaWord &&
      entries[word + at.place] === place &&
      entries[word + 3] === packet.srcD &&
      entries[word + at.dst + 3] === packet.dstD &&
      entries[word] === packet.srcA &&
      entries[word + 1] === packet.srcB &&
      entries[word + 2] === packet.srcC &&
      entries[word + at.dst] === packet.dstA &&
      entries[word + at.dst + 1] === packet.dstB &&
      entries[word + at.dst + 2] === packet.dstC
    );
  }

  // Every word counts: what the sender could vary without changing the bucket would make one long list.
  #bucketOf(packet: Packet): number {
    let hash = mixWords(packet.identification, packet.protocol);
    hash = mixWords(packet.srcD, mixWords(packet.dstD, hash));
    if (packet.ipVersion === 6) {
      hash = mixWords(packet.srcA, mixWords(packet.srcB, mixWords(packet.srcC, hash)));
      hash = mixWords(packet.dstA, mixWords(packet.dstB, mixWords(packet.dstC, hash)));
    }
    return hash & (this.#heads.length - 1);
  }
}
