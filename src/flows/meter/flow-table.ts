/**
 * The live flows: records in one slab, found through an open-addressing index.
 *
 *   index:  | hash 0 | record 0 + 1 | hash 1 | record 1 + 1 | ...      0 in the second word: empty
 *
 * Slots are probed in line from hash & mask and at most half are in use; a removal moves later entries back, so there are
 * no tombstones and a long run does not slow down. The hash is the same for both directions of a flow.
 *
 * Memory: 192 octets a record and 16 to 32 of index, thus 95 MB for 450,000 live flows and 218 MB for the 1,048,576 of
 * the default limit. The slab grows sixteenfold at a time, up to the limit: it comes as zero pages that the system
 * commits when they are first touched, so only records that were in use at once count.
 */
import { Packet } from '../../packets/index.ts';
import { annexWords, field, meta, recordDoubles, recordWords } from './flow-record.ts';
import { lookaheadPackets } from './lookahead.ts';

const smallestSlab = 4096;
const slabGrowth = 16;

export class FlowTable {
  /** The slab as words and as doubles; both change when the table grows, so no caller keeps them over `allocate`. */
  words: Int32Array;
  doubles: Float64Array;
  /** The annex of the records, empty until `openAnnex`: see `annexField`. */
  annex = new Int32Array(0);
  /** Means nothing; without it the compiler would see that nobody needs what `warm` reads. */
  warmed = 0;
  /** Records in use, provisional ones included. */
  live = 0;
  /** Records that were ever in use: they lie in [0, used). */
  used = 0;
  readonly maxFlows: number;
  #capacity: number;
  #free = -1;
  #index = new Int32Array(2048);
  #mask = 1023;
  #indexed = 0;
  readonly #like = new Packet();
  readonly #entries = new Int32Array(lookaheadPackets);

  /** `maxFlows`: 1 to 4,194,304. */
  constructor(maxFlows: number) {
    this.maxFlows = maxFlows;
    this.#capacity = Math.min(smallestSlab, maxFlows);
    this.doubles = newSlab(this.#capacity);
    this.words = wordsOf(this.doubles);
  }

  get isFull(): boolean {
    return this.live === this.maxFlows;
  }

  /** Takes a record that is in no index; its words hold what was left in them. The caller made room: see `isFull`. */
  allocate(): number {
    this.live++;
    const record = this.#free;
    if (record >= 0) {
      this.#free = this.words[record * recordWords + field.next]!;
      return record;
    }
    if (this.used === this.#capacity) this.#growSlab();
    return this.used++;
  }

  /** Gives a record back that is in no index. */
  release(record: number): void {
    const word = record * recordWords;
    this.words[word + field.meta] = 0;
    this.words[word + field.next] = this.#free;
    this.#free = record;
    this.live--;
  }

  /**
   * Finds the flow of a packet in either direction, or in its own only: `record * 2`, plus 1 where the packet runs
   * against the flow's forward direction; -1 where there is none.
   */
  find(packet: Packet, ports: number, metaWord: number, place: number, hash: number, bothWays: boolean): number {
    const index = this.#index;
    const words = this.words;
    const { srcD, dstD } = packet;
    const turnedPorts = (ports << 16) | (ports >>> 16);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = index[slot * 2 + 1]!;
      if (entry === 0) return -1;
      if (index[slot * 2] !== hash) continue;
      const word = (entry - 1) * recordWords;
      if (words[word + field.meta] !== metaWord || words[word + field.place] !== place) continue;
      const from = words[word]!;
      const to = words[word + field.dstD]!;
      const has = words[word + field.ports]!;
      if (from === srcD && to === dstD && has === ports && ((metaWord & meta.ipv6) === 0 || this.#upperMatch(packet, word))) {
        return (entry - 1) * 2;
      }
      if (!bothWays || from !== dstD || to !== srcD || has !== turnedPorts) continue;
      if ((metaWord & meta.ipv6) === 0 || this.#upperMatchTurned(packet, word)) return (entry - 1) * 2 + 1;
    }
  }

  /**
   * Reads the home slots of some hashes and the records they name, so that `find` has them in the cache. No branch here
   * depends on what was read: that is what lets the processor start the next read before the last one is there.
   */
  warm(hashes: Int32Array, count: number): void {
    const index = this.#index;
    const mask = this.#mask;
    const entries = this.#entries;
    for (let i = 0; i < count; i++) entries[i] = index[(hashes[i]! & mask) * 2 + 1]!;
    const words = this.words;
    let read = 0;
    for (let i = 0; i < count; i++) {
      // An empty slot names record 0 as well: it is there to be read.
      const word = (entries[i]! - (entries[i]! > 0 ? 1 : 0)) * recordWords;
      read |= words[word]! ^ words[word + field.hash]!;
    }
    this.warmed = read;
  }

  /** Finds a flow of the same key as a record that is in no index: as `find`. */
  findLike(record: number, bothWays: boolean): number {
    const words = this.words;
    const word = record * recordWords;
    const packet = this.#like;
    packet.srcA = words[word + field.srcA]!;
    packet.srcB = words[word + field.srcB]!;
    packet.srcC = words[word + field.srcC]!;
    packet.srcD = words[word + field.srcD]!;
    packet.dstA = words[word + field.dstA]!;
    packet.dstB = words[word + field.dstB]!;
    packet.dstC = words[word + field.dstC]!;
    packet.dstD = words[word + field.dstD]!;
    const { ports, meta: metaAt, place, hash } = field;
    return this.find(packet, words[word + ports]!, words[word + metaAt]!, words[word + place]!, words[word + hash]!, bothWays);
  }

  #upperMatch(packet: Packet, word: number): boolean {
    const words = this.words;
    return (
      words[word + field.srcA] === packet.srcA &&
      words[word + field.srcB] === packet.srcB &&
      words[word + field.srcC] === packet.srcC &&
      words[word + field.dstA] === packet.dstA &&
      words[word + field.dstB] === packet.dstB &&
      words[word + field.dstC] === packet.dstC
    );
  }

  #upperMatchTurned(packet: Packet, word: number): boolean {
    const words = this.words;
    return (
      words[word + field.srcA] === packet.dstA &&
      words[word + field.srcB] === packet.dstB &&
      words[word + field.srcC] === packet.dstC &&
      words[word + field.dstA] === packet.srcA &&
      words[word + field.dstB] === packet.srcB &&
      words[word + field.dstC] === packet.srcC
    );
  }

  /** Makes a record findable under the hash in its words. */
  insert(record: number): void {
    if (this.#indexed * 2 > this.#mask) this.#growIndex();
    this.#indexed++;
    this.#place(this.words[record * recordWords + field.hash]!, record + 1);
  }

  #place(hash: number, entry: number): void {
    let slot = hash & this.#mask;
    while (this.#index[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#index[slot * 2] = hash;
    this.#index[slot * 2 + 1] = entry;
  }

  /** Takes a record out of the index. It must be there. */
  remove(record: number): void {
    const index = this.#index;
    const mask = this.#mask;
    let hole = this.words[record * recordWords + field.hash]! & mask;
    while (index[hole * 2 + 1] !== record + 1) hole = (hole + 1) & mask;
    this.#indexed--;
    // Each later entry of the run whose way from home leads over the hole moves into it.
    for (let slot = (hole + 1) & mask; index[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = index[slot * 2]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      index[hole * 2] = index[slot * 2]!;
      index[hole * 2 + 1] = index[slot * 2 + 1]!;
      hole = slot;
    }
    index[hole * 2 + 1] = 0;
  }

  #growIndex(): void {
    const old = this.#index;
    this.#index = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#place(old[i]!, old[i + 1]!);
  }

  #growSlab(): void {
    const old = this.doubles;
    this.#capacity = Math.min(this.#capacity * slabGrowth, this.maxFlows);
    this.doubles = newSlab(this.#capacity);
    this.doubles.set(old);
    this.words = wordsOf(this.doubles);
    if (this.annex.length > 0) this.openAnnex();
  }

  /** Makes sure that there is an annex. */
  openAnnex(): void {
    if (this.annex.length === this.#capacity * annexWords) return;
    const old = this.annex;
    this.annex = new Int32Array(this.#capacity * annexWords);
    this.annex.set(old);
  }
}

// The allocator puts 16 octets before a block of its own pages, so that records would straddle cache lines; 48 more align
// them. Where an allocator does otherwise, nothing but speed is lost.
const slabOffset = 48;

const newSlab = (records: number): Float64Array => {
  const doubles = records * recordDoubles;
  return new Float64Array(new ArrayBuffer(slabOffset + doubles * 8), slabOffset, doubles);
};

const wordsOf = (doubles: Float64Array): Int32Array => new Int32Array(doubles.buffer, doubles.byteOffset, doubles.length * 2);
